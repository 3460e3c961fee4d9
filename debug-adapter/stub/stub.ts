import type { KernelThreads } from './kernel-threads.ts';

/** What `Stub.listen` needs. */
export interface StubOptions {
  /** QEMU's gdbstub (or any other): the path of a unix socket, or `host:port`. */
  upstream: string;
  /** The unix socket that gdb connects to, in a folder that only the user may enter. Must not exist yet. */
  socketPath: string;
  /** Kernel threads, when the kernel is known already. Without it the CPUs are the threads. */
  threads?: KernelThreads;
  /** Each packet, in readable form: `gdb→`, `→gdb`, `qemu→`, `→qemu`. */
  log?: (line: string) => void;
  /**
   * What gdb's kill does. `forward`: it reaches QEMU, which ends (a guest that we launched). `detach`: breakpoints are taken
   * out and the guest runs on (a guest that was there before us). Default `forward`.
   */
  onKill?: 'forward' | 'detach';
}

/** The last stop, as gdb was told of it. */
export interface StopFacts {
  /** The DAP thread id in the stop reply. */
  thread: number;
  /** The CPU that it is on; undefined for a parked thread (a step that was left waiting). */
  cpu: number | undefined;
  /** For each CPU, the DAP thread id on it. */
  cpuThreads: readonly number[];
  /** gdb's signal number: 5 trap (breakpoint, step), 2 interrupt, 3 the guest ended (triple fault, power-off). */
  signal: number;
}

/**
 * Our gdbserver between one gdb and one upstream stub.
 *
 * gdb sees kernel threads as threads: their ids are the DAP thread ids (hexadecimal in RSP; `Thread <decimal>` in gdb, whose own
 * thread numbers differ: map them by `gdb.selected_inferior().threads()`, which unwinds nothing). It is told only of threads on
 * a CPU, of those being stepped and of those materialised.
 */
export class Stub {
  /** Where gdb connects: `target remote <address>`. */
  readonly address: string;
  /**
   * Resolves once, with one sentence, when upstream is gone or gdb has closed its side; never rejects.
   * `side` tells which.
   */
  readonly closed: Promise<{ side: 'upstream' | 'gdb' | 'disposed'; message: string }>;

  private constructor(options: StubOptions) {
    this.address = options.socketPath;
    this.closed = new Promise(() => {});
  }

  /**
   * Connects to upstream (which stops the guest, as every connection to QEMU's stub does) and listens for gdb.
   * Rejects with one sentence when upstream refuses, is no gdbserver, or does not answer in 10 s.
   */
  static async listen(options: StubOptions): Promise<Stub> {
    return new Stub(options);
  }

  /** The last stop that gdb was told of; undefined while the guest runs, and before gdb asked. */
  get stopFacts(): StopFacts | undefined {
    return undefined;
  }

  /**
   * Gives or takes away kernel threads: once the kernel is recognised, or when the session ends. At a stop, the threads on the
   * CPUs are named anew at once, but gdb keeps the ids that it was told until the next stop.
   */
  setKernelThreads(_threads: KernelThreads | undefined): void {}

  /**
   * Lists a parked thread to gdb from now until the next resume, because its stack was asked for. Call it at a stop, before gdb
   * updates its threads. No-op for a thread on a CPU. Rejects with one sentence when there is no such thread.
   */
  async materialise(_thread: number): Promise<void> {}

  /**
   * Leaves the guest as it would be without us: takes our breakpoints out, lets it run, closes upstream. For a foreign guest,
   * before dispose(). No-op when upstream is gone.
   */
  async detach(): Promise<void> {}

  /** Closes both sides and removes the socket. The guest stays as it is (stopped, when it is stopped). Idempotent. */
  async dispose(): Promise<void> {}
}
