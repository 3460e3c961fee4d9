import type { KnownRegisters } from '../worker/observation.ts';

/** What the stub asks about kernel threads. The session implements it over the observation worker. Ids are DAP thread ids. */
export interface KernelThreads {
  /**
   * Called by the stub after each stop, with every CPU's rsp, before gdb hears of the stop.
   * Returns, for each CPU, the id of the thread on it, or CPU_THREAD_BASE + cpu when no thread is known there.
   */
  atStop(stackPointers: bigint[]): Promise<number[]>;
  /** The saved registers of a parked thread; undefined when there is none such. */
  parkedRegisters(id: number): Promise<KnownRegisters | undefined>;
  /** For gdb's own thread list. */
  name(id: number): string;
}
