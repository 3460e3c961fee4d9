import type { SymbolTable } from '../elf/symbols.ts';
import type { Address } from '../guest/address.ts';
import type { AddressSpace } from '../guest/address-space.ts';
import type { Layouts } from '../guest/layouts.ts';
import type { Aliases } from '../guest/needs.ts';
import type { PhysicalCache } from '../guest/physical-cache.ts';
import type { Snapshot } from '../guest/snapshot.ts';
import type {
  AllocationGroup,
  BootPhase,
  Identification,
  PoolPageRow,
  ProfilePlace,
  ProfileReading,
  SlabRow,
  Tracepoint,
  TraceReading,
  ViewName,
  ViewRows,
} from './model.ts';

/** Every page frame of RAM, and what it is. */
export interface PageMap {
  /** Names of kinds, by their number. */
  kinds: string[];
  /** Object sizes of the malloc pools, by their number. */
  classes: number[];
  /**
   * One number a page: kind in bits 0 to 7. Of a pool's page: the class in bits 8 to 12, and in bits 13 to 15 how full its slab is,
   * 0 (empty) to 7. Of a cached page: the CPU in bits 8 to 15.
   */
  pages: Uint16Array;
  /** Where the kernel maps frame 0, and all others behind it. */
  base: Address;
}

/** The views that each kernel reads by itself. */
export type KernelViewName = Exclude<ViewName, 'waitsFor'>;

/** What one reading of a view gives. */
export interface Reading<V extends ViewName = ViewName> {
  rows: ViewRows[V][];
  /** One sentence for each thing that could not be told. */
  notes: string[];
  /** Whether the structures' invariants hold: no list in the middle of a change, counts that agree. */
  consistent: boolean;
  /** The guest's clock: a lower bound for "now". */
  guestTime: number;
}

/**
 * What we know of one kernel: all of it by name, from its symbols and debug information. Readers are plain loops over a
 * snapshot: bounded, cycle-safe, and they throw nothing but UnreadableMemory (a root that cannot be read) and MissingLayout.
 */
export interface Kernel {
  readonly name: KernelName;
  /** How its virtual addresses are made. May read page-table roots from RAM. */
  addressSpace(cache: PhysicalCache): AddressSpace;
  view<V extends KernelViewName>(view: V, snapshot: Snapshot): Reading<V>;
  /** Pages of one pool. @throws Error with one sentence when there is no such pool. */
  poolPages(
    snapshot: Snapshot,
    pool: string,
    start: number,
    count: number,
  ): { total: number; pages: PoolPageRow[]; consistent: boolean };
  /** The slab around an address; undefined where there is none, or the kernel has no such thing. */
  slab?(snapshot: Snapshot, address: Address): SlabRow | undefined;
  /** Live allocations by who made them, the most bytes first; undefined when the kernel does not keep track. */
  allocations(snapshot: Snapshot): AllocationGroup[] | undefined;
  /**
   * What happened lately: of each CPU at most `limit` events after the first `after[cpu]`, the newest ones; undefined when the kernel
   * keeps no trace.
   */
  trace(snapshot: Snapshot, after: readonly number[], limit: number): TraceReading | undefined;
  /** What ran lately: of each CPU the samples after the first `after[cpu]`; undefined when the kernel takes none. */
  profile(snapshot: Snapshot, after: readonly number[]): ProfileReading | undefined;
  /** The way from power-on to the first program; undefined when the kernel keeps none, or has not come that far. */
  bootPhases(snapshot: Snapshot): BootPhase[] | undefined;
  /** What every page is; undefined before the kernel knows. A page on its way is told as either. */
  pageMap(snapshot: Snapshot): PageMap | undefined;
  guestTime(snapshot: Snapshot): number;
  /** What lies at an address; `nothing` where nothing is mapped. */
  identify(snapshot: Snapshot, address: Address): Identification;
  /** Every tracepoint, recorded or not; absent where the kernel has none that it could list. */
  tracepoints?(snapshot: Snapshot): Tracepoint[];
  /**
   * What turns the tracepoints of a name on or off; nothing where they are so. Undefined while the guest is about to change what would be
   * written. Only of a guest that stands. @throws Error with one sentence when there is none of that name.
   */
  tracepointWrites?(snapshot: Snapshot, name: string, isEnabled: boolean): MemoryWrite[] | undefined;
  /** Programs that the guest loaded from files of its own, as far as it tells; absent where all code is the kernel's. */
  programs?(snapshot: Snapshot): LoadedProgram[];
  /** See Observation.threadsAtStop. */
  threadsAtStop(snapshot: Snapshot, stackPointers: readonly bigint[]): StoppedThread[];
  /** See Observation.parkedRegisters. */
  parkedRegisters(snapshot: Snapshot, thread: number): KnownRegisters | undefined;
}

/** Bytes that the control road is to write into the guest's memory while it stands. */
export interface MemoryWrite {
  address: Address;
  /** Hexadecimal. */
  bytes: string;
  /** How often they are written, one after the other. Default: once. */
  repeat?: number;
}

/** A program or library in the guest's memory. */
export interface LoadedProgram {
  /** Its file's path in the guest. */
  path: string;
  /** What was added to the file's addresses. */
  base: Address;
  /** Its program headers, as the file has them: base64. */
  headers: string;
  /** In hexadecimal; undefined where it has none, or where the page that it stands in was not read yet. */
  buildId?: string;
}

export type KernelName = 'sprout' | 'osv';

/** Facts of one build that a kernel's awareness stands on. */
export interface KernelFacts {
  symbols: SymbolTable;
  layouts: Layouts;
  /** `function (file:line)` for people, of a code address, by a line of that function; the address itself when nobody knows. */
  describe(address: number): string;
  /** The C++ name, without arguments, of the function that a code address lies in; undefined when nobody knows. */
  functionAt(address: number): string | undefined;
  /** The function, without arguments, and line of a code address. */
  place(address: number): ProfilePlace;
  /**
   * How far above the stack pointer the return address stands when the instruction at `address` is the next; undefined where
   * only the frame pointer tells.
   */
  returnAddressOffset(address: number): number | undefined;
}

/** A kernel that we know, before its build is read. */
export interface KernelDefinition {
  name: KernelName;
  /** Whether the ELF with these symbols is this kernel. */
  recognises(symbols: SymbolTable): boolean;
  /** Where it goes when it cannot go on: a function that is called with the reason, a C string, as its first argument. */
  panicFunction: string;
  /** Functions that park, switch, take a lock or tell of a panic, by C++ name without arguments: the caller is what matters. */
  plumbing: RegExp;
  /** What its awareness asks of the debug information. */
  types: readonly string[];
  variables: readonly string[];
  /** Other names of those, and of fields, in other versions of the kernel. */
  aliases?: Aliases;
  /** @throws MissingLayout when this build lacks something that nothing can be told without. */
  create(facts: KernelFacts): Kernel;
}

/** Registers of a parked thread; absent ones are unknown. Values are unsigned 64-bit. */
export type KnownRegisters = Partial<Record<RegisterName, bigint>>;
export type RegisterName =
  | 'rax'
  | 'rbx'
  | 'rcx'
  | 'rdx'
  | 'rsi'
  | 'rdi'
  | 'rbp'
  | 'rsp'
  | 'r8'
  | 'r9'
  | 'r10'
  | 'r11'
  | 'r12'
  | 'r13'
  | 'r14'
  | 'r15'
  | 'rip'
  | 'eflags';

/** A kernel thread as the control road needs it, at a stop. */
export interface StoppedThread {
  id: number;
  name: string;
  /** For the list of threads: `waiting for vnode /data/log (12 ms)`, `running on CPU 1`. */
  summary: string;
  state: 'created' | 'ready' | 'running' | 'waiting' | 'finished';
  /** Of a parked thread, the innermost function that is no plumbing, with `file:line` where it is known. */
  frame?: string;
  /** The CPU whose stack pointer lies in this thread's stack; undefined when it is parked. */
  onCpu?: number;
}
