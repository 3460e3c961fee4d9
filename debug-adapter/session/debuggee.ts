import { EventEmitter } from 'node:events';
import { deferred } from '../deferred.ts';
import type { Gdb } from '../gdb/gdb.ts';
import { type MiRecord, numberOf, recordsOf, textOf } from '../gdb/records.ts';
import type { Machine } from '../machine/machine.ts';
import { sentence } from '../sentence.ts';
import type { Stub } from '../stub/stub.ts';
import { Mutex } from './mutex.ts';
import { continuationOf, type Step } from './step.ts';
import { type Stop, stopFrom } from './stop.ts';

export interface DebuggeeEvents {
  stopped: [stop: Stop];
  /** The guest runs on, whoever let it. */
  resumed: [];
  /** The guest is no more. `message` is one sentence for the user; undefined for an orderly power-off. */
  ended: [end: { exitCode: number; message: string | undefined }];
}

/** How long gdb's stop and QEMU's event of one and the same reset may lie apart. */
const EVENT_TIME_LIMIT = 1000;

/** How long QEMU's end may come after the end of its stub, in milliseconds. */
const EXIT_TIME_LIMIT = 1000;

/** How long a function that the user calls may run, in milliseconds. */
const CALL_TIME_LIMIT = 5000;

const RESET = 'The guest has reset itself or triple-faulted: it cannot go on. Inspect it, or restart to boot it again.';
const PANICKED = 'The guest has panicked: it cannot go on. Inspect it, or restart to boot it again.';

/**
 * One boot under debug: who runs, who stopped, and why. Control goes through gdb alone; only the stub interrupts.
 * Stops that the adapter makes for itself (to set a breakpoint while the guest runs) are not told.
 */
export class Debuggee extends EventEmitter<DebuggeeEvents> {
  readonly gdb: Gdb;
  readonly machine: Machine;
  readonly stub: Stub;
  readonly #control = new Mutex();
  readonly #gdbThreads = new Map<number, number>();
  #running = false;
  /** What the client believes: a stop that is not told changes nothing. */
  #toldRunning = false;
  #ended: 'reset' | 'panic' | 'shutdown' | 'gone' | undefined;
  #onEnded: (() => void) | undefined;
  /** Takes the next stop instead of the client. */
  #takeStop: ((record: MiRecord) => void) | undefined;
  #pausing = false;
  /** The step under way. */
  #step: Step | undefined;
  /** What gdb does is a part of the step under way, which goes on after it. */
  #isPartial = false;
  #lastStop: Stop | undefined;
  /** What is done at breakpoints that are not the client's, by gdb's number. */
  readonly #quietStops = new Map<string, () => Promise<void>>();

  /** gdb is connected and the guest stopped. */
  constructor(gdb: Gdb, machine: Machine, stub: Stub) {
    super();
    this.gdb = gdb;
    this.machine = machine;
    this.stub = stub;
    gdb.on('running', () => this.#setRunning());
    gdb.on('stopped', (record) => this.#receiveStop(record));
    gdb.on('threadExited', (number) => this.#forgetThread(number));
    gdb.once('exited', (message) => message !== undefined && this.#end(message));
    machine.events.on('ended', (reason) => {
      this.#ended ??= reason;
      this.#onEnded?.();
    });
    machine.events.on('exited', ({ code, expected, message }) => !expected && this.#end(message, code ?? 1));
    void stub.closed.then(({ side, message }) => {
      if (side === 'upstream') {
        this.#endSoon(message);
      } else if (side === 'gdb' && gdb.isAlive) {
        this.#endSoon('gdb has let go of the guest.');
      }
    });
  }

  get isRunning(): boolean {
    return this.#running;
  }

  /** The last stop that was told. */
  get lastStop(): Stop | undefined {
    return this.#lastStop;
  }

  /** The DAP thread that gdb stopped in. */
  get stoppedThread(): number | undefined {
    return this.#lastStop?.thread ?? this.stub.stopFacts?.thread;
  }

  /** @throws Error with one sentence while the guest runs. */
  requireStopped(): void {
    if (this.#running) {
      throw new Error('The guest is running: pause it first.');
    }
  }

  /**
   * Lets the guest run by an MI command such as `-exec-next --thread 2`. Resolves when it runs; rejects with one sentence when it
   * cannot: after a reset no resume may reach QEMU, which would never answer.
   * @param step what the command is, when it is a step: a quiet stop interrupts it, and it is taken up again
   */
  resume(command: string, step?: Step): Promise<void> {
    return this.#control.run(async () => {
      this.requireStopped();
      if (!this.machine.canRun) {
        throw new Error('This is a snapshot of a guest: it cannot run.');
      }
      if (this.#ended !== undefined) {
        throw new Error(endSentence(this.#ended));
      }
      this.#step = step;
      this.#isPartial = false;
      await this.#resume(command);
    });
  }

  /** Stops the guest for the user: a `stopped` event with the reason `pause` follows, unless it stopped by itself meanwhile. */
  pause(): Promise<void> {
    return this.#control.run(async () => {
      if (this.#running) {
        this.#pausing = true;
        this.stub.pause();
      }
    });
  }

  /** Runs `task` with the guest stopped, and lets it go on as if nothing was. What else stopped it meanwhile is told. */
  whileStopped<T>(task: () => Promise<T>): Promise<T> {
    return this.#control.run(async () => {
      if (!this.#running) {
        return task();
      }
      const record = await this.#stopQuietly();
      try {
        return await task();
      } finally {
        await this.#goOn(record);
      }
    });
  }

  /** At the breakpoint that gdb knows as `number`, runs `task` and lets the guest go on as if nothing was. */
  stopQuietlyAt(number: string, task: () => Promise<void>): void {
    this.#quietStops.set(number, task);
  }

  /** Runs a gdb command that may call the guest's code: when that does not come back, it is stopped, and gdb tells so. */
  async withoutHang<T>(task: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.stub.pause(), CALL_TIME_LIMIT);
    try {
      return await task();
    } finally {
      clearTimeout(timer);
      this.stub.commandEnded();
    }
  }

  /** gdb's number of a DAP thread, listing a parked one to gdb first. Rejects with one sentence when there is none such. */
  async gdbThread(id: number): Promise<number> {
    this.requireStopped();
    if (!Number.isSafeInteger(id)) {
      throw new TypeError('a thread is named by its number');
    }
    if (!this.#isOnCpu(id)) {
      await this.stub.materialise(id);
    }
    if (!this.#gdbThreads.has(id)) {
      await this.#readGdbThreads();
    }
    const number = this.#gdbThreads.get(id);
    if (number === undefined) {
      throw new Error(`Thread ${id} is gone.`);
    }
    return number;
  }

  /** Waits until gdb has told the stop that connecting to the target makes. */
  async begin(): Promise<void> {
    await this.#readGdbThreads();
  }

  #isOnCpu(id: number): boolean {
    const facts = this.stub.stopFacts;
    return facts === undefined || facts.thread === id || facts.cpuThreads.includes(id);
  }

  async #readGdbThreads(): Promise<void> {
    const threads = recordsOf(await this.gdb.execute('-unikernel-threads'), 'threads');
    for (const thread of threads) {
      this.#gdbThreads.set(numberOf(thread, 'id') ?? 0, numberOf(thread, 'number') ?? 0);
    }
  }

  #forgetThread(number: number): void {
    for (const [id, known] of this.#gdbThreads) {
      if (known === number) {
        this.#gdbThreads.delete(id);
      }
    }
  }

  /** After a quiet stop; what else stopped the guest, or keeps it from running, is told. */
  async #goOn(stop: MiRecord): Promise<void> {
    const task = this.#quietTask(stop);
    await task?.();
    const isQuiet = isInterrupt(stop) || this.#isPart(stop) || task !== undefined;
    if (isQuiet && !this.#pausing && this.#ended === undefined) {
      try {
        await this.#continue();
        return;
      } catch {
        // The client hears of the stop, and can ask why.
      }
    }
    this.#tellStop(stop);
  }

  /** Takes up what a quiet stop interrupted. */
  async #continue(): Promise<void> {
    const step = this.#step;
    const number = step && (await this.gdbThread(step.thread).catch(() => undefined));
    const way =
      step === undefined || number === undefined // no step, or its thread has ended
        ? { command: '-exec-continue', again: false }
        : await continuationOf(step, number, this.gdb);
    if (way === 'ended') {
      this.#tellStop({ reason: 'end-stepping-range' }, step?.thread);
    } else {
      this.#isPartial = way.again;
      await this.#resume(way.command);
    }
  }

  #quietTask(stop: MiRecord): (() => Promise<void>) | undefined {
    return this.#quietStops.get(textOf(stop, 'bkptno') ?? '');
  }

  /** Whether gdb tells the end of a part of a step. */
  #isPart(stop: MiRecord): boolean {
    return this.#isPartial && ['function-finished', 'end-stepping-range'].includes(textOf(stop, 'reason') ?? '');
  }

  /**
   * It runs from the moment it is asked to: gdb may tell that it runs, and that it stopped, before we hear its answer. Or after
   * it: whoever asks the views right then must not be shown a guest that stands.
   */
  async #resume(command: string): Promise<void> {
    this.#running = true;
    try {
      await this.gdb.execute(command);
    } catch (error) {
      this.#running = false;
      throw error;
    }
    if (this.#running) {
      this.#setRunning();
    }
  }

  #setRunning(): void {
    this.#running = true;
    if (!this.#toldRunning) {
      this.#toldRunning = true;
      this.emit('resumed');
    }
  }

  async #stopQuietly(): Promise<MiRecord> {
    const stopped = deferred<MiRecord>();
    const ended = ({ message }: { message: string | undefined }): void =>
      stopped.reject(new Error(message ?? 'The guest has ended.'));
    stopped.promise.catch(() => undefined);
    this.#takeStop = stopped.resolve;
    this.once('ended', ended);
    try {
      // Not by QMP: a `stop` that reaches QEMU before gdb's resume does is lost.
      this.stub.pause();
      return await stopped.promise;
    } finally {
      this.#takeStop = undefined;
      this.off('ended', ended);
    }
  }

  #receiveStop(record: MiRecord): void {
    this.#running = false;
    this.stub.commandEnded();
    const thread = numberOf(record, 'thread-id');
    const id = this.stub.stopFacts?.thread;
    if (thread !== undefined && id !== undefined) {
      this.#gdbThreads.set(id, thread);
    }
    if (this.#takeStop) {
      this.#takeStop(record);
    } else if (this.#isPart(record) || this.#quietTask(record)) {
      void this.#control.run(() => this.#goOn(record));
    } else {
      this.#tellStop(record);
    }
  }

  /** @param thread the DAP thread that the stop is about; default: the one that gdb stopped in */
  #tellStop(record: MiRecord, thread?: number): void {
    this.#step = undefined;
    void this.#classify(record, thread).then(
      (stop) => {
        this.#pausing = false;
        if (stop !== undefined) {
          this.#toldRunning = false;
          this.#lastStop = stop;
          this.emit('stopped', stop);
        }
      },
      (error) => this.#end(sentence(error)),
    );
  }

  async #classify(record: MiRecord, known: number | undefined): Promise<Stop | undefined> {
    if (textOf(record, 'reason')?.startsWith('exited')) {
      // "signalled": the stub is gone.
      const exitCode = textOf(record, 'exit-code');
      if (exitCode === undefined && textOf(record, 'reason') === 'exited-signalled') {
        this.#endSoon('The guest has ended.');
      } else {
        this.#end('The guest has ended.', Number.parseInt(exitCode ?? '0', 8));
      }
      return undefined;
    }
    if (textOf(record, 'signal-name') === 'SIGQUIT' || this.#ended !== undefined) {
      await this.#untilEndIsKnown();
    }
    if (this.#ended === 'shutdown') {
      this.#end(undefined, 0);
      return undefined;
    }
    const thread = known ?? this.stub.stopFacts?.thread ?? (await this.#dapThread(numberOf(record, 'thread-id') ?? 0));
    const stop = stopFrom(record, thread, this.#pausing);
    return this.#ended === undefined ? stop : { ...stop, ...endOf(this.#ended), reason: 'exception', isFatal: true };
  }

  /** QEMU's event comes by another road than gdb's stop. */
  #untilEndIsKnown(): Promise<void> {
    if (this.#ended !== undefined) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, EVENT_TIME_LIMIT);
      this.#onEnded = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #dapThread(number: number): Promise<number> {
    await this.#readGdbThreads();
    return [...this.#gdbThreads].find(([, known]) => known === number)?.[0] ?? number;
  }

  /** A connection is gone: the process behind it tells more by its exit, which follows where we can know of it. */
  #endSoon(message: string): void {
    setTimeout(() => this.#end(message), EXIT_TIME_LIMIT).unref();
  }

  #end(message: string | undefined, exitCode = message === undefined ? 0 : 1): void {
    if (this.#ended !== 'gone') {
      this.#ended = 'gone';
      this.#running = false;
      this.emit('ended', { exitCode, message });
    }
  }
}

/** A stop with another reason is the guest's own. */
function isInterrupt(record: MiRecord): boolean {
  return (
    textOf(record, 'reason') === 'signal-received' && ['SIGINT', '0'].includes(textOf(record, 'signal-name') ?? '')
  );
}

function endOf(end: string): Pick<Stop, 'description' | 'text'> {
  return { description: end === 'panic' ? 'Guest panic' : 'Reset or triple fault', text: endSentence(end) };
}

function endSentence(end: string): string {
  switch (end) {
    case 'reset':
      return RESET;
    case 'panic':
      return PANICKED;
    case 'shutdown':
      return 'The guest has powered off.';
    default:
      return 'The guest has ended.';
  }
}
