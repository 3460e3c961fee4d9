import type { EventEmitter } from 'node:events';

/**
 * A machine under debug: a QEMU that we launched, a foreign stub or QEMU (attach), or an ELF core.
 * Everything above this interface is one code path, so a dead guest has the same threads, stacks and views.
 */
export interface Machine {
  readonly kind: 'launched' | 'attached' | 'core';
  /** Where our stub talks to the target (unix path or host:port): QEMU's gdbstub, or for a core our own server over the file. */
  readonly gdbServer: string;
  /** How the worker can read RAM without gdb; undefined for a bare stub. */
  readonly ram: RamSource | undefined;
  /** False for a core: it cannot run. */
  readonly canRun: boolean;
  readonly events: EventEmitter<MachineEvents>;
  /** Stops the guest at once, from outside gdb (gdb sees SIGINT). No-op when it is stopped. */
  interrupt(): Promise<void>;
  /** CR3 of `cpu` without a stop, or undefined where it cannot be told. */
  pageTableRoot(cpu: number): Promise<number | undefined>;
  /**
   * Writes RAM and CPUs to `file` as an ELF core, as QEMU's `dump-guest-memory` does; the guest stands still meanwhile, gdb does
   * not notice. Undefined where QEMU cannot be asked. Rejects with one sentence.
   */
  saveCore?(file: string): Promise<void>;
  /** Ends a launched QEMU, leaves a foreign one as it was found; removes every file of ours. Idempotent. */
  dispose(): Promise<void>;
}

export interface MachineEvents {
  /** The guest powered off (`shutdown`), reset itself or triple-faulted (`reset`), or panicked by pvpanic (`panic`). */
  ended: [reason: 'shutdown' | 'reset' | 'panic'];
  /** QEMU's process is gone; `expected` after dispose(). The message is one sentence for the user. */
  exited: [exit: { code: number | null; signal: string | null; expected: boolean; message: string }];
  /** QMP STOP and RESUME, whoever caused them. */
  stopped: [];
  resumed: [];
  /** Bytes of the guest's console. */
  console: [text: string];
}

/** How the worker thread opens the guest's RAM. */
export type RamSource =
  /** The shared memfd of a QEMU: `/proc/PID/fd/N`. Offset = physical address below `lowSize`; above 4 GiB: minus 4 GiB plus `lowSize`. */
  | { kind: 'file'; path: string; size: number; lowSize: number }
  /** `/proc/PID/mem` at a host address (gpa2hva). */
  | { kind: 'process'; pid: number; regions: RamRegion[] }
  /** QMP `pmemsave` through this socket. */
  | { kind: 'qmp'; socket: string; size: number }
  /** An ELF core's PT_LOAD segments. */
  | { kind: 'core'; path: string; regions: RamRegion[] };

export interface RamRegion {
  physical: number;
  size: number;
  /** Host virtual address (process) or file offset (core). */
  at: number;
}
