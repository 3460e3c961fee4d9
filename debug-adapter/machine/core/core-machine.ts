import { EventEmitter } from 'node:events';
import type { BuildId } from '../../elf/build-id.ts';
import type { Machine, MachineEvents, RamSource } from '../machine.ts';
import { MemoryServer } from '../memory-server.ts';
import type { RuntimeFolder } from '../runtime-folder.ts';
import { checkBuild } from './core-build.ts';
import { type ElfCore, readElfCore } from './elf-core.ts';

/** The kernel that a dump is to be seen with. */
export interface KernelBuild {
  path: string;
  buildId: BuildId | undefined;
}

/** A memory dump: a machine that was, with the same threads, stacks and views as a live one. */
export class CoreMachine implements Machine {
  readonly kind = 'core';
  readonly canRun = false;
  readonly gdbServer: string;
  readonly ram: RamSource;
  readonly events = new EventEmitter<MachineEvents>();
  readonly #core: ElfCore;
  readonly #server: MemoryServer;

  /** Rejects with one sentence when the file is no dump, or one of another build than `kernel`. */
  static async open(path: string, kernel: KernelBuild, folder: RuntimeFolder): Promise<CoreMachine> {
    const core = readElfCore(path);
    checkBuild(core, kernel.buildId, kernel.path);
    const socket = folder.file('core');
    const ram: RamSource = { kind: 'core', path: core.path, regions: core.regions };
    const server = await MemoryServer.listen({ ram, cpus: core.cpus, isWritable: false, socketPath: socket });
    return new CoreMachine(core, server, socket);
  }

  private constructor(core: ElfCore, server: MemoryServer, socket: string) {
    this.#core = core;
    this.#server = server;
    this.gdbServer = socket;
    this.ram = { kind: 'core', path: core.path, regions: core.regions };
  }

  /** It never runs. */
  async interrupt(): Promise<void> {}

  async pageTableRoot(cpu: number): Promise<number | undefined> {
    const root = this.#core.cpus[cpu]?.get('cr3');
    return root === undefined ? undefined : Number(root);
  }

  dispose(): Promise<void> {
    return this.#server.close();
  }
}
