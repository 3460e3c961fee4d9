/** gdb, our stub and a guest, without a session: what the stub's own tests stand on. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { Gdb } from '../../debug-adapter/gdb/gdb.ts';
import { type MiRecord, numberOf, quote, recordsOf, textOf } from '../../debug-adapter/gdb/records.ts';
import type { BootOptions } from '../../debug-adapter/machine/command-line.ts';
import { LaunchedQemu } from '../../debug-adapter/machine/launched-qemu.ts';
import { findProgram } from '../../debug-adapter/machine/programs.ts';
import { RuntimeFolder } from '../../debug-adapter/machine/runtime-folder.ts';
import { Stub, type StubOptions } from '../../debug-adapter/stub/stub.ts';

export const QEMU = findProgram('qemu-system-x86_64');
const GDB = findProgram('gdb');

/** How long a stop may take, in milliseconds: far more than it should on a busy machine. */
const STOP_LIMIT = 20_000;

export function bootOptions(kernel: string, changes: Partial<BootOptions> = {}): BootOptions {
  return {
    kernel,
    commandLine: '',
    memory: '128M',
    cpus: 1,
    machine: 'q35',
    accelerator: 'tcg',
    disks: [],
    networks: [],
    extraArguments: [],
    ...changes,
  };
}

/** Starts `kernel` in a QEMU that ends with the bench. */
export async function launchBench(kernel: string, changes: Partial<BootOptions> = {}): Promise<Bench<LaunchedQemu>> {
  const folder = new RuntimeFolder();
  const machine = await LaunchedQemu.start(QEMU, bootOptions(kernel, changes), folder, () => undefined);
  return Bench.connect(machine, kernel, folder);
}

/** What a bench debugs: QEMU of ours or of another. */
export interface Debugged {
  readonly gdbServer: string;
  dispose(): Promise<void>;
}

export class Bench<Machine extends Debugged = Debugged> {
  readonly machine: Machine;
  readonly stub: Stub;
  readonly gdb: Gdb;
  /** Every packet, see StubOptions.log. */
  readonly packets: string[];
  readonly #folder: RuntimeFolder;
  #onStop: ((record: MiRecord) => void) | undefined;
  #isRunning = false;

  static async connect<Machine extends Debugged>(
    machine: Machine,
    elf: string,
    folder: RuntimeFolder,
    options: Partial<StubOptions> = {},
  ): Promise<Bench<Machine>> {
    const packets: string[] = [];
    const stub = await Stub.listen({
      upstream: machine.gdbServer,
      socketPath: folder.file('stub'),
      log: (line) => packets.push(line),
      ...options,
    });
    const indexCache = join(inject('folder'), 'index');
    mkdirSync(indexCache, { recursive: true });
    const gdb = new Gdb({ program: GDB, indexCache });
    await gdb.execute('-gdb-set mi-async on');
    await gdb.execute(`-file-exec-and-symbols ${quote(elf)}`);
    await gdb.execute('-gdb-set architecture i386:x86-64');
    await gdb.execute(`-target-select remote ${stub.address}`);
    return new Bench(machine, stub, gdb, packets, folder);
  }

  private constructor(machine: Machine, stub: Stub, gdb: Gdb, packets: string[], folder: RuntimeFolder) {
    this.machine = machine;
    this.stub = stub;
    this.gdb = gdb;
    this.packets = packets;
    this.#folder = folder;
    gdb.on('running', () => {
      this.#isRunning = true;
    });
    gdb.on('stopped', (record) => {
      this.#isRunning = false;
      stub.commandEnded();
      this.#onStop?.(record);
    });
  }

  /** The DAP id of the thread that gdb stopped in. */
  get stoppedThread(): number | undefined {
    return this.stub.stopFacts?.thread;
  }

  /** Lets the guest run by an MI command; resolves with the next stop. */
  async run(command: string): Promise<MiRecord> {
    const stop = this.nextStop();
    await this.gdb.execute(command);
    return stop;
  }

  /** `command` for a thread by its DAP id. */
  async runThread(command: string, thread: number): Promise<MiRecord> {
    return this.run(`${command} --thread ${await this.gdbThread(thread)}`);
  }

  nextStop(): Promise<MiRecord> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`No stop in ${STOP_LIMIT} ms; last packets:\n${this.packets.slice(-20).join('\n')}`));
      }, STOP_LIMIT);
      this.#onStop = (record) => {
        clearTimeout(timer);
        resolve(record);
      };
    });
  }

  async pause(): Promise<MiRecord> {
    const stop = this.nextStop();
    this.stub.pause();
    return stop;
  }

  /** gdb's list: its number of each DAP thread. */
  async gdbThreads(): Promise<Map<number, number>> {
    const threads = recordsOf(await this.gdb.execute('-unikernel-threads'), 'threads');
    return new Map(threads.map((thread) => [numberOf(thread, 'id') ?? 0, numberOf(thread, 'number') ?? 0]));
  }

  /** gdb's number of a thread, materialised where it must be. */
  async gdbThread(id: number): Promise<number> {
    await this.stub.materialise(id);
    const number = (await this.gdbThreads()).get(id);
    if (number === undefined) {
      throw new Error(`gdb lists no thread ${id}.`);
    }
    return number;
  }

  /** The functions on a thread's stack, innermost first. */
  async stack(thread: number): Promise<string[]> {
    const result = await this.gdb.execute(`-stack-list-frames --thread ${await this.gdbThread(thread)}`);
    return recordsOf(result, 'stack').map((frame) => textOf(frame, 'func') ?? '??');
  }

  /** An expression in a thread's frame; of the stopped thread when none is given. */
  async value(expression: string, thread = this.stoppedThread ?? 0, frame = 0): Promise<string> {
    const context = `--thread ${await this.gdbThread(thread)} --frame ${frame}`;
    const result = await this.gdb.execute(`-data-evaluate-expression ${context} ${quote(expression)}`);
    return textOf(result, 'value') ?? '';
  }

  /** gdb says so as soon as its packet is on its way to the stub. */
  async untilItRuns(): Promise<void> {
    while (this.stub.stopFacts !== undefined) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Stops a guest that a test left running. */
  async settle(): Promise<void> {
    if (this.#isRunning) {
      await this.pause();
    }
  }

  async breakAt(location: string, options = ''): Promise<void> {
    await this.gdb.execute(`-break-insert ${options} ${location}`);
  }

  async deleteBreakpoints(): Promise<void> {
    await this.gdb.execute('-break-delete');
  }

  async dispose(): Promise<void> {
    await this.gdb.kill();
    await this.stub.dispose();
    await this.machine.dispose();
    this.#folder.dispose();
  }
}
