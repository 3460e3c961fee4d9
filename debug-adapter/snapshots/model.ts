/** What two moments of one kernel differ in. Plain JSON; lists have only what changed, the largest change first. */
import type { Address } from '../guest/address.ts';
import type { ThreadStateName } from '../kernels/model.ts';

export interface SnapshotComparison {
  before: MomentSummary;
  after: MomentSummary;
  /** Pages of RAM by what they are; all kinds, changed or not. */
  ram: PageKindChange[];
  pools: PoolChange[];
  largeAllocations: LargeChange[];
  threads: ThreadChange[];
  vnodes: VnodeChange[];
  timers: TimerChange[];
  timerSets: TimerSetChange[];
  deadlocks: DeadlockChange[];
  /** By chain of callers; undefined when the kernel does not keep track of allocations. */
  allocations?: AllocationChange[];
  /** One sentence for each thing that makes the comparison less than exact. */
  notes: string[];
}

export interface MomentSummary {
  /** The file's name, or `the guest now`. */
  name: string;
  /** The guest's clock, nanoseconds. */
  guestTime: number;
  /** Whether every view was of one moment, with all structures in order. */
  isWhole: boolean;
  threads: number;
  vnodes: number;
  /** Live objects of all pools, and their bytes. */
  objects: number;
  objectBytes: number;
}

/** A figure at both moments. */
export interface Count {
  before: number;
  after: number;
}

/** Whether it is there at the second moment alone, at the first alone, or at both. */
export type ChangeKind = 'new' | 'gone' | 'changed';

export interface PageKindChange {
  /** `free`, `pool`, `stack`, … */
  kind: string;
  pages: Count;
}

/** One size class. */
export interface PoolChange {
  /** PoolClassRow.key. */
  key: string;
  objectSize: number;
  liveObjects: Count;
  /** Of live objects. */
  bytes: Count;
  pages: Count;
  /** Made between the two moments. */
  allocations: number;
  frees: number;
  /** Places that hold an object now and did not, and the other way round. An object freed and made anew in its place is neither. */
  appeared: number;
  disappeared: number;
  /** Some of those that appeared. */
  newObjects: NewObject[];
}

export interface NewObject {
  address: Address;
  /** What it is and who made it, as far as the kernel tells: see Identification.description. */
  description?: string;
}

export interface LargeChange {
  change: 'new' | 'gone';
  address: Address;
  pages: number;
  requested: number;
  thread: number;
}

export interface ThreadChange {
  change: ChangeKind;
  id: number;
  name: string;
  before?: ThreadMoment;
  after?: ThreadMoment;
  /** Nanoseconds that it ran between the two moments, or in all when it is new. */
  cpuTime: number;
  switches: number;
}

export interface ThreadMoment {
  state: ThreadStateName;
  /** For people. */
  waitsFor?: string;
  holds: string[];
}

export interface VnodeChange {
  change: ChangeKind;
  key: Address;
  path: string;
  size: Count;
  /** `free`, or who holds its lock how: `written by writer-0`. */
  lock: { before: string; after: string };
  /** Between the two moments. */
  acquisitions: number;
  contentions: number;
}

export interface TimerChange {
  change: 'new' | 'gone';
  cpu: number;
  name: string;
  callback: string;
  owner?: string;
}

/** One CPU's timers. */
export interface TimerSetChange {
  cpu: number;
  armed: Count;
  /** Between the two moments. */
  fired: number;
  backwardSteps: number;
}

export interface DeadlockChange {
  change: 'new' | 'gone';
  description: string;
}

/** Live allocations of one chain of callers. */
export interface AllocationChange {
  /** Innermost first. */
  callers: string[];
  count: Count;
  /** Bytes. */
  requested: Count;
}
