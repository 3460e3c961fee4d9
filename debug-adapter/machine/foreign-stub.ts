import { EventEmitter } from 'node:events';
import type { Machine, MachineEvents, RamSource } from './machine.ts';

/** Any gdbstub, known by its address alone. What needs QEMU is asked through gdb, see `useRam`. */
export class ForeignStub implements Machine {
  readonly kind = 'attached';
  readonly canRun = true;
  readonly gdbServer: string;
  readonly events = new EventEmitter<MachineEvents>();
  #ram: RamSource | undefined;

  constructor(gdbServer: string) {
    this.gdbServer = gdbServer;
  }

  get ram(): RamSource | undefined {
    return this.#ram;
  }

  /** gdb's `monitor` reached a QEMU on this host, and this is its RAM. */
  useRam(ram: RamSource | undefined): void {
    this.#ram = ram;
  }

  /** Only gdb can stop it. */
  interrupt(): Promise<void> {
    return Promise.reject(new Error('This stub can only be stopped by gdb.'));
  }

  async pageTableRoot(): Promise<number | undefined> {
    return undefined;
  }

  async dispose(): Promise<void> {}
}
