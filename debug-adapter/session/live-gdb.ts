/** A gdb of its own that reads the RAM of a guest that runs: all of gdb's expressions, and no stop. */
import { Gdb } from '../gdb/gdb.ts';
import { quote } from '../gdb/records.ts';
import type { Machine, RamSource } from '../machine/machine.ts';
import { MemoryServer } from '../machine/memory-server.ts';
import type { RuntimeFolder } from '../machine/runtime-folder.ts';

export interface LiveGdbOptions {
  /** An absolute path. */
  program: string;
  indexCache: string;
  elf: string;
  sourceMap: Record<string, string>;
  machine: Machine;
  folder: RuntimeFolder;
  log: ((line: string) => void) | undefined;
}

/** Paging is on: kernels that run in the lower 4 GiB without it are not asked while they run. */
const PAGING = 1n << 31n;

/** For how long what is known of a CPU's page tables is believed, in milliseconds: a kernel that boots changes them. */
const VIEW_LIFETIME = 500;

export class LiveGdb {
  readonly #gdb: Gdb;
  readonly #server: MemoryServer;
  readonly #view: KernelView;

  private constructor(gdb: Gdb, server: MemoryServer, view: KernelView) {
    this.#gdb = gdb;
    this.#server = server;
    this.#view = view;
  }

  /** Rejects with one sentence where the RAM cannot be read from outside, or the kernel has no page tables yet. */
  static async start(options: LiveGdbOptions): Promise<LiveGdb> {
    const { machine, folder } = options;
    const ram = windowOf(machine.ram);
    const view = new KernelView(machine);
    await view.refresh();
    const server = await MemoryServer.listen({
      ram,
      cpus: [view.registers],
      isWritable: machine.kind !== 'core',
      socketPath: folder.file('live'),
    });
    const gdb = new Gdb({ program: options.program, indexCache: options.indexCache, log: options.log });
    try {
      await connect(gdb, options);
      return new LiveGdb(gdb, server, view);
    } catch (error) {
      await gdb.kill();
      await server.close();
      throw error;
    }
  }

  get isAlive(): boolean {
    return this.#gdb.isAlive;
  }

  /** The gdb, with page tables that are not old. Rejects with one sentence while the kernel has none. */
  async ready(): Promise<Gdb> {
    await this.#view.refresh();
    return this.#gdb;
  }

  async dispose(): Promise<void> {
    await this.#gdb.kill();
    await this.#server.close();
  }
}

async function connect(gdb: Gdb, { elf, sourceMap, folder }: LiveGdbOptions): Promise<void> {
  await gdb.execute(`-file-exec-and-symbols ${quote(elf)}`);
  await gdb.execute('-gdb-set architecture i386:x86-64');
  // There is no frame that would tell it; what C has, C++ has.
  await gdb.execute('-gdb-set language c++');
  for (const [from, to] of Object.entries(sourceMap)) {
    await gdb.execute(`-gdb-set substitute-path ${quote(from)} ${quote(to)}`);
  }
  // What was read a moment ago is old.
  await gdb.execute('-gdb-set stack-cache off');
  await gdb.execute('-gdb-set code-cache off');
  await gdb.execute(`-target-select remote ${folder.file('live')}`);
}

function windowOf(ram: RamSource | undefined): Exclude<RamSource, { kind: 'qmp' }> {
  if (ram === undefined || ram.kind === 'qmp') {
    throw new Error('The RAM of this guest cannot be read from outside: pause it to see values.');
  }
  return ram;
}

/** No registers but those that translate addresses: the kernel's half is the same on each CPU. */
class KernelView {
  readonly registers = new Map([
    ['cr0', PAGING],
    ['cr3', 0n],
    ['rip', 0n],
    ['rsp', 0n],
  ]);
  readonly #machine: Machine;
  #known = Number.NEGATIVE_INFINITY;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Rejects with one sentence where there are no page tables. */
  async refresh(): Promise<void> {
    if (performance.now() - this.#known < VIEW_LIFETIME) {
      return;
    }
    const root = await this.#machine.pageTableRoot(0);
    if (root === undefined) {
      throw new Error('Where the page tables of this guest are cannot be told: pause it to see values.');
    }
    if (root === 0) {
      throw new Error('The kernel has no page tables yet: values come once it has booted.');
    }
    this.registers.set('cr3', BigInt(root));
    this.#known = performance.now();
  }
}
