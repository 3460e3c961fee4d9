import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { patience } from '../patience.ts';
import { closeOf, exitOf, spawnTied } from './children.ts';
import { type BootOptions, qemuArguments } from './command-line.ts';
import type { Machine, MachineEvents, RamSource } from './machine.ts';
import { Qmp } from './qmp.ts';
import { QmpMachine } from './qmp-machine.ts';
import { findMemfd } from './ram.ts';
import type { RuntimeFolder } from './runtime-folder.ts';

const QMP_DESCRIPTOR = 3;
const CONSOLE_DESCRIPTOR = 4;
/** How long a QEMU that refuses to start may take to end, in milliseconds. */
const END_TIME_LIMIT = 2000;
/** How long what it said may come after its end, in milliseconds. */
const WORDS_TIME_LIMIT = 500;

/** A QEMU of ours, paused at reset when `start` resolves. It dies with this process. */
export class LaunchedQemu implements Machine {
  readonly kind = 'launched';
  readonly canRun = true;
  readonly gdbServer: string;
  readonly events = new EventEmitter<MachineEvents>();
  readonly #process: ChildProcess;
  #monitor: QmpMachine | undefined;
  #ram: RamSource | undefined;
  #disposing = false;
  #stderr = '';

  /**
   * Starts QEMU. Rejects with one sentence when it refuses its arguments or the kernel.
   * @param program an absolute path
   */
  static async start(
    program: string,
    boot: BootOptions,
    folder: RuntimeFolder,
    console: (text: string) => void,
    log?: (line: string) => void,
  ): Promise<LaunchedQemu> {
    const machine = new LaunchedQemu(program, boot, folder.file('qemu.gdb'));
    machine.events.on('console', console);
    try {
      await machine.#connect(log);
      return machine;
    } catch (error) {
      await machine.dispose();
      throw error;
    }
  }

  private constructor(program: string, boot: BootOptions, gdbSocket: string) {
    this.gdbServer = gdbSocket;
    const meeting = { qmpDescriptor: QMP_DESCRIPTOR, consoleDescriptor: CONSOLE_DESCRIPTOR, gdbSocket };
    // A `pipe` of Node is a socket pair: QEMU takes its end as a connected socket, and nothing has a name.
    this.#process = spawnTied(program, qemuArguments(boot, meeting), {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    });
    this.#process.stderr?.on('data', (text: Buffer) => {
      this.#stderr = (this.#stderr + text).slice(-16384);
    });
    this.#readConsole();
    this.#process.once('error', (error) => {
      this.#stderr += error.message;
    });
    void exitOf(this.#process).then(async ({ code, signal }) => {
      // Its last words are still on their way.
      await Promise.race([closeOf(this.#process), patience(WORDS_TIME_LIMIT)]);
      this.#exited(code, signal);
    });
  }

  get ram(): RamSource | undefined {
    return this.#ram;
  }

  async interrupt(): Promise<void> {
    await this.#monitor?.interrupt();
  }

  async pageTableRoot(cpu: number): Promise<number | undefined> {
    return this.#monitor?.pageTableRoot(cpu);
  }

  saveCore(file: string): Promise<void> {
    return this.#monitor?.saveCore(file) ?? Promise.reject(new Error('QEMU has not started.'));
  }

  monitor(command: string): Promise<string> {
    return this.#monitor?.monitor(command) ?? Promise.reject(new Error('QEMU has not started.'));
  }

  /** Types `text` on the guest's console. */
  writeConsole(text: string): void {
    this.#console.write(text);
  }

  async dispose(): Promise<void> {
    this.#disposing = true;
    this.#monitor?.close();
    this.#process.kill('SIGKILL');
    await exitOf(this.#process);
  }

  get #console(): Duplex {
    return this.#process.stdio[CONSOLE_DESCRIPTOR] as Duplex;
  }

  async #connect(log?: (line: string) => void): Promise<void> {
    const stream = this.#process.stdio[QMP_DESCRIPTOR] as Duplex;
    try {
      const qmp = await Qmp.over(stream, log);
      this.#monitor = new QmpMachine(qmp, this.events);
      const pid = this.#process.pid;
      this.#ram = pid === undefined ? undefined : await findMemfd(pid, (command) => qmp.monitor(command));
    } catch (error) {
      // The process's own words say more than a closed socket does; it closes that before it is gone.
      const timer = setTimeout(() => this.#process.kill('SIGKILL'), END_TIME_LIMIT);
      const { code, signal } = await closeOf(this.#process);
      clearTimeout(timer);
      const words = this.#lastWords();
      if (words === '' && code === null && signal === 'SIGKILL') {
        throw error;
      }
      throw new Error(`QEMU did not start: ${words || `it ended (${signal ?? `code ${code}`}).`}`);
    }
  }

  /** QEMU's last line, without its own name. */
  #lastWords(): string {
    const line = this.#stderr.trim().split('\n').at(-1) ?? '';
    const words = line.replace(/^\S*qemu-system-\S+: /, '').trim();
    return words === '' ? '' : /[.!?]$/.test(words) ? words : `${words}.`;
  }

  #readConsole(): void {
    const decoder = new StringDecoder('utf8');
    this.#console.on('data', (bytes: Buffer) => this.events.emit('console', decoder.write(bytes)));
    this.#console.on('error', () => undefined);
    (this.#process.stdio[QMP_DESCRIPTOR] as Duplex).on('error', () => undefined);
  }

  #exited(code: number | null, signal: string | null): void {
    const how = signal ? `was killed (${signal})` : `ended by itself (code ${code})`;
    const words = this.#lastWords();
    const message = `QEMU ${how}${words ? `: ${words}` : '.'}`;
    this.events.emit('exited', { code, signal, expected: this.#disposing, message });
  }
}
