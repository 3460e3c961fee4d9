/**
 * The neutral model: what every kernel's awareness returns and every client shows. No kernel is known here by name.
 *
 * Wire format: plain JSON. Addresses are numbers (see guest/address.ts: signed canonical, exact); times are nanoseconds of the
 * guest's clock as numbers; `undefined` fields mean that this kernel or build cannot tell (a column disabled, said in `notes`).
 */
import type { Address } from '../guest/address.ts';

/** The four views that a kernel's awareness reads, and the waits-for graph, which follows from the threads. */
export type ViewName = 'threads' | 'vnodeLocks' | 'mallocPools' | 'timerSets' | 'waitsFor';

export interface ViewRows {
  threads: ThreadRow;
  vnodeLocks: VnodeLockRow;
  mallocPools: MallocPoolsRow;
  timerSets: TimerSetRow;
  waitsFor: WaitsForRow;
}

/**
 * One view at one moment.
 * *Whole*: read twice, byte-identical, and the structure's invariants hold. Everything else is *torn*.
 */
export interface ViewSnapshot<V extends ViewName = ViewName> {
  view: V;
  /** Counts up by one for each snapshot of this view. */
  sequence: number;
  /** Whether the guest ran while it was read. */
  running: boolean;
  quality: 'whole' | 'torn';
  /** The guest's clock when it was read: a lower bound for "now". */
  guestTime: number;
  rows: ViewRows[V][];
  /** One sentence for each thing that could not be told: a missing field, a list cut at its bound, what was just changing. */
  notes: string[];
}

export type ThreadStateName = 'created' | 'ready' | 'running' | 'waiting' | 'finished';
export type LockKind = 'mutex' | 'readerWriterLock' | 'condition' | 'join' | 'sleep' | 'event';
export type LockMode = 'shared' | 'exclusive';

/** What a thread waits for. */
export interface WaitInfo {
  kind: LockKind;
  mode: LockMode;
  /** The lock, condition, thread or timer waited for. */
  object: Address;
  /** For people: `vnode /data/log`, `mutex "mounts"`, `thread worker-3`. */
  description: string;
  /** Guest time since when; undefined where the kernel does not keep it. */
  since?: number;
}

/** A lock that a thread holds. */
export interface HeldLockInfo {
  lock: Address;
  kind: LockKind;
  mode: LockMode;
  description: string;
  since?: number;
}

export interface ThreadRow {
  /** The structure's address: the row's identity. */
  key: Address;
  /** The kernel's own thread id: also the DAP thread id. */
  id: number;
  name: string;
  state: ThreadStateName;
  /** The CPU that it runs on, is queued on, or ran on last. */
  cpu: number;
  priority: number;
  /** Nanoseconds of CPU time, the running slice included. */
  cpuTime: number;
  switches: number;
  preemptions: number;
  migrations: number;
  waitsFor?: WaitInfo;
  holds: HeldLockInfo[];
  stack?: { base: Address; size: number };
  /** The most bytes of the stack that were ever in use; absent where the kernel does not hand stacks out clean. */
  stackHighWater?: number;
  /** Of a waiting thread, the innermost function that is no plumbing of locks and switches, with `file:line`. */
  frame?: string;
  /** The instruction in that function: of its call that waits. */
  frameAddress?: Address;
}

export interface LockHolder {
  thread: number;
  threadName: string;
  mode: LockMode;
  since?: number;
}

/** In wake order. */
export interface LockWaiter {
  thread: number;
  threadName: string;
  mode: LockMode;
  since?: number;
}

export interface VnodeLockRow {
  /** The vnode's address. */
  key: Address;
  lock: Address;
  path: string;
  /** Inode number and the mount's file system. */
  number: number;
  fileSystem: string;
  type: 'regular' | 'directory' | 'other';
  size: number;
  references: number;
  mode: 'free' | LockMode;
  holders: LockHolder[];
  waiters: LockWaiter[];
  acquisitions: number;
  contentions: number;
  /** How often its owner has taken it, where a lock can be taken again by its owner. */
  depth?: number;
  /** The cycle of waiting that this lock is part of: `A holds /a, waits for /b; B holds /b, waits for /a`. */
  cycle?: string;
}

/** One row for each size class, then L1 pools, L2, free ranges, large allocations, RAM totals. */
export type MallocPoolsRow = PoolClassRow | PagePoolRow | FreeRangeRow | LargeAllocationRow | RamTotalsRow;

export interface PoolClassRow {
  kind: 'class';
  key: string;
  pool: Address;
  objectSize: number;
  liveObjects: number;
  capacity: number;
  slabs: number;
  pagesPerSlab: number;
  allocations: number;
  frees: number;
  cpus: PoolCpuRow[];
}

export interface PoolCpuRow {
  cpu: number;
  slabs: number;
  emptySlabs: number;
  liveObjects: number;
  /** Objects that other CPUs freed and this one has not drained; part of liveObjects. */
  remoteFrees: number;
}

export interface PagePoolRow {
  kind: 'pagePool';
  key: string;
  /** `L1` of a CPU, or the global `L2`. */
  level: 'L1' | 'L2';
  cpu?: number;
  pages: number;
  lowMark: number;
  highMark: number;
  refills: number;
  returns: number;
}

export interface FreeRangeRow {
  kind: 'freeRange';
  key: string;
  /** Blocks of 2^order pages. */
  order: number;
  blocks: number;
}

export interface LargeAllocationRow {
  kind: 'large';
  key: string;
  address: Address;
  pages: number;
  requested: number;
  thread: number;
  time: number;
}

export interface RamTotalsRow {
  kind: 'ram';
  key: 'ram';
  totalPages: number;
  freePages: number;
  /** Pages of each kind, by name. */
  byKind: Record<string, number>;
}

/** A page of a class, asked for apart (see `unikernel/poolPages`). */
export interface PoolPageRow {
  address: Address;
  /** Where object 0 begins; undefined: at `address`. */
  objects?: Address;
  cpu: number;
  liveObjects: number;
  capacity: number;
  /** One bit for each object, little-endian, base64: 1 is live. */
  liveMap: string;
}

/** A slab of a class, by an address in it. */
export interface SlabRow extends PoolPageRow {
  /** PoolClassRow.key */
  pool: string;
  objectSize: number;
  /** Pages that it consists of, from `address` on. */
  pageCount: number;
}

export interface TimerSetRow {
  /** The CPU. */
  key: number;
  cpu: number;
  armed: number;
  fired: number;
  last: number;
  /** The deadline that the hardware is set for; undefined when none. */
  next?: number;
  backwardSteps: number;
  clamped: number;
  timers: TimerRow[];
}

export interface TimerRow {
  key: Address;
  bucket: number;
  deadline: number;
  /** Nanoseconds to expiry at the snapshot's guestTime; negative: overdue. */
  remaining: number;
  /** 0: one-shot. */
  period: number;
  name: string;
  owner?: { thread: number; threadName: string };
  /** The callback's function, demangled, with `file:line` where it is known. */
  callback: string;
  callbackAddress: Address;
  fired: number;
}

/** A thread in the waits-for graph. */
export interface WaitsForThread extends LockHolder {
  /** Where it waits: ThreadRow.frame. */
  frame?: string;
  /** That it holds this, or waits for it, is part of the deadlock. */
  inCycle?: true;
}

/** Something that a thread holds or waits for: a lock, a condition, an event, a thread being joined. */
export interface WaitsForRow {
  /** The address of the lock, condition or thread. */
  key: Address;
  kind: LockKind;
  description: string;
  /** Who has it; of a join, the thread waited for. */
  holders: WaitsForThread[];
  /** In wake order. */
  waiters: WaitsForThread[];
  /** The deadlock that it is part of. */
  cycle?: string;
}

/** What lies at an address. */
export interface Identification {
  address: Address;
  kind: 'object' | 'freeObject' | 'large' | 'stack' | 'guard' | 'file' | 'symbol' | 'page' | 'nothing';
  /** For people: `object 17 of the 96-byte class, live: the Thread "writer-0"`. */
  description: string;
  /** Where what it lies in begins, and its bytes. */
  base?: Address;
  size?: number;
  /** PoolClassRow.key. */
  pool?: string;
  /** Whose stack or allocation it is. */
  thread?: { thread: number; threadName: string };
  /** Of an allocation: when and by whom, where the kernel tells. */
  allocation?: AllocationInfo;
}

/** Who allocated something, as allocation tracking tells. */
export interface AllocationInfo {
  thread: number;
  threadName: string;
  /** Guest time. */
  time: number;
  /** Bytes that were asked for. */
  requested: number;
  /** Innermost first: `function (file:line)`. */
  callers: string[];
  /** Where in the code the calls are, in the order of `callers`. */
  calls?: Address[];
}

/** Live allocations that were made by one chain of callers. */
export interface AllocationGroup {
  /** Innermost first: `function (file:line)`. */
  callers: string[];
  /** Where in the code the calls are, in the order of `callers`. */
  calls?: Address[];
  count: number;
  /** Bytes that were asked for, in all. */
  requested: number;
  /** Ids of the threads that made them, at most 16. */
  threads: number[];
  /** Guest times of the oldest and the newest. */
  oldest: number;
  newest: number;
}

/** What happened on one CPU, oldest first: one entry of each list an event. */
export interface TraceEvents {
  /** Guest time, ascending. */
  time: number[];
  /** Id of the thread that ran. */
  thread: number[];
  /** Index into TraceReading.kinds. */
  kind: number[];
  /** The thread, lock, timer, vnode or allocation that it is about. */
  object: Address[];
  /** See the kind: an id, a CPU, nanoseconds waited, held or late, bytes, an operation. */
  value: number[];
}

/** The kernel's trace rings. */
export interface TraceReading {
  guestTime: number;
  /** Names of kinds: `thread_switch`, `lock_wait`, `lock_acquire`, … */
  kinds: string[];
  /** Names of the operations of `vnode_operation`, by value. */
  operations: string[];
  /** What `lock_wait` waits for, by value. */
  waits: (LockKind | undefined)[];
  /** Threads that wait at `guestTime`: some for longer than the rings reach back. */
  waiting?: { thread: number; wait: WaitInfo }[];
  /** Kinds that the kernel was told not to record. */
  off?: string[];
  cpus: {
    cpu: number;
    /** What to ask for next: records ever written. */
    next: number;
    /** Records between what was asked for and the first that is told. */
    lost: number;
    events: TraceEvents;
  }[];
  /** Names of threads that live, by id. */
  threads: Record<number, string>;
  /** Names of locks and vnodes, by address. */
  objects: Record<string, string>;
}

/** A place in the kernel's code that can write a record into the trace. */
export interface Tracepoint {
  address: Address;
  name: string;
  /** What its records tell, as printf has it. */
  format: string;
  /** Whether it writes records now. */
  enabled: boolean;
  /** How many were read so far. Those that were overwritten before anybody asked are not among them. */
  records: number;
}

/** Where a sample's frame is in the program. */
export interface ProfilePlace {
  /** `sprout::Worker::run`: the C++ name without arguments; the address where nobody knows. */
  name: string;
  file?: string;
  /** From 1. */
  line?: number;
}

/** Equal samples of one thread on one CPU. */
export interface ProfileStack {
  cpu: number;
  thread: number;
  /** Indexes into ProfileReading.places, innermost first. */
  frames: number[];
  count: number;
}

/** What ran, as the kernel sampled it. Code that runs with interrupts off is told where it turns them on again. */
export interface ProfileReading {
  guestTime: number;
  /** Samples a second of each CPU. */
  rate: number;
  cpus: {
    cpu: number;
    /** What to ask for next: samples ever taken. */
    next: number;
    /** Samples between what was asked for and the first that is told. */
    lost: number;
    samples: number;
  }[];
  places: ProfilePlace[];
  stacks: ProfileStack[];
  /** Names of threads that live, by id. */
  threads: Record<number, string>;
}

/** A phase of the boot; times are nanoseconds since power-on. */
export interface BootPhase {
  name: string;
  begin: number;
  /** Undefined of the last one: it goes on. */
  end?: number;
}

/** A cycle in the waits-for graph. */
export interface WaitCycle {
  /** Each waits for the next, the last for the first. `heldByNext`: `holds vnode /a`, `is ahead in the queue for …`. */
  threads: { thread: number; threadName: string; waitsFor: string; since?: number; heldByNext: string }[];
  description: string;
}
