import type { SymbolPlace } from '../elf/symbol-place.ts';
import type { KnownRegisters, LoadedProgram, MemoryWrite, StoppedThread } from '../kernels/kernel.ts';
import type { RamSource } from '../machine/machine.ts';
import type {
  Address,
  AllocationsResponse,
  AwarenessReport,
  BootPhasesResponse,
  CyclesResponse,
  Identification,
  PagesChangedEvent,
  PoolPagesRequest,
  PoolPagesResponse,
  ProfileReading,
  ProfileRequest,
  SlabResponse,
  SymbolsRequest,
  SymbolsResponse,
  TracepointsResponse,
  TraceReading,
  TraceRequest,
  ViewChangedEvent,
  ViewName,
  ViewSnapshot,
  WaitCycle,
} from '../protocol.ts';

export type { KnownRegisters, LoadedProgram, MemoryWrite, RegisterName, StoppedThread } from '../kernels/kernel.ts';

/** What the observation worker needs to begin; it starts reading layouts at once, beside the build-up of the session. */
export interface ObservationOptions {
  /** The ELF with debug information. */
  elf: string;
  /** The gdb program, for type layouts in a gdb of its own without a target. */
  gdb: string;
  /** Layouts and indexes are cached here by build id; created when missing. */
  cacheDirectory: string;
  /** Replaces path prefixes of the debug information: from → to. */
  sourceMap?: Record<string, string>;
}

/**
 * The observation road as the session sees it: the four views and the threads, from RAM, in a worker thread.
 * Every promise rejects with an Error whose message is one sentence for the user when the kernel is unknown, a type is missing
 * or the window is gone. Nothing here stops the guest.
 */
export interface Observation {
  /** Resolves when layouts are read and the kernel is recognised (or known to be unknown: `undefined`). */
  readonly ready: Promise<'sprout' | 'osv' | undefined>;
  /** Gives the worker its window. Views before that reject with a sentence. */
  open(ram: RamSource): Promise<void>;
  /** Tells whether the guest runs: marks snapshots, and lets the worker read once instead of twice at a stop. */
  setRunning(running: boolean): void;
  view<V extends ViewName>(view: V): Promise<ViewSnapshot<V>>;
  /** Calls `listener` with deltas at `rate` Hz until unsubscribed. */
  subscribe(views: ViewName[], rate: number, listener: (event: ViewChangedEvent) => void): Promise<number>;
  /** The map of all pages, as deltas at `rate` Hz until unsubscribed. */
  subscribePages(rate: number, listener: (event: PagesChangedEvent) => void): Promise<number>;
  unsubscribe(subscription: number): void;
  poolPages(request: PoolPagesRequest): Promise<PoolPagesResponse>;
  /** The slab around an address. */
  slab(address: Address): Promise<SlabResponse>;
  cycles(): Promise<CyclesResponse>;
  /** Live allocations by who made them. Rejects when the kernel does not keep track. */
  allocations(): Promise<AllocationsResponse>;
  /** What happened lately. Rejects when the kernel keeps no trace. */
  trace(request: TraceRequest): Promise<TraceReading>;
  /** What ran lately, as the kernel sampled it. Rejects when it takes no samples. */
  profile(request: ProfileRequest): Promise<ProfileReading>;
  /** The way from power-on to the first program. Rejects when the kernel tells nothing of it. */
  bootPhases(): Promise<BootPhasesResponse>;
  /** What lies at an address. */
  identify(address: Address): Promise<Identification>;
  /**
   * While the guest runs, looks for cycles of waiting and tells each new one once, as soon as it was seen twice. Undefined:
   * no more. Costs the guest nothing.
   */
  watchDeadlocks(listener: ((cycle: WaitCycle) => void) | undefined): void;
  symbols(request: SymbolsRequest): Promise<SymbolsResponse>;
  /**
   * All kernel threads at a stop. `stackPointers[cpu]` is that CPU's rsp: a thread is on a CPU when the rsp lies in its stack
   * (or in that CPU's interrupt stack while it is current), not when a `current` pointer says so.
   */
  threadsAtStop(stackPointers: bigint[]): Promise<StoppedThread[]>;
  /** The saved registers of a parked thread; undefined when it is on a CPU or gone. */
  parkedRegisters(thread: number): Promise<KnownRegisters | undefined>;
  /** Everything that the kernel's awareness asks of this build. Rejects for a kernel that is not known. */
  awarenessReport(): Promise<AwarenessReport>;
  /** What the kernel could record. Rejects for a kernel without tracepoints. */
  tracepoints(): Promise<TracepointsResponse>;
  /** What turns tracepoints of a name on or off; see `Kernel`. Only while the guest stands, quietly or not. */
  tracepointWrites(name: string, isEnabled: boolean): Promise<MemoryWrite[] | undefined>;
  /** Programs that the guest loaded beside its kernel. */
  programs(): Promise<LoadedProgram[]>;
  /** The place of `address` in the program, undefined when it is none. Needs no guest. */
  symbolise(address: bigint): Promise<SymbolPlace | undefined>;
  /** Ends the worker thread and its gdb. Idempotent. */
  dispose(): Promise<void>;
}
