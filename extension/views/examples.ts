/** Rows for unit tests: each with every required field, so that a test names only what it is about. */
import type {
  PoolClassRow,
  ThreadRow,
  TimerRow,
  TimerSetRow,
  ViewName,
  ViewRows,
  ViewSnapshot,
  VnodeLockRow,
} from '../../debug-adapter/protocol.ts';

export function exampleSnapshot<V extends ViewName>(
  view: V,
  rows: ViewRows[V][],
  parts: Partial<ViewSnapshot<V>> = {},
): ViewSnapshot<V> {
  return { view, sequence: 1, running: true, quality: 'whole', guestTime: 1e9, rows, notes: [], ...parts };
}

export function exampleThread(parts: Partial<ThreadRow> = {}): ThreadRow {
  return {
    key: -0x7fff_0000,
    id: 7,
    name: 'worker-3',
    state: 'running',
    cpu: 1,
    priority: 16,
    cpuTime: 3_200_000,
    switches: 120,
    preemptions: 3,
    migrations: 1,
    holds: [],
    ...parts,
  };
}

export function exampleVnodeLock(parts: Partial<VnodeLockRow> = {}): VnodeLockRow {
  return {
    key: -0x6fff_0000,
    lock: -0x6fff_0000 + 0x20,
    path: '/data/log',
    number: 12,
    fileSystem: 'ramfs',
    type: 'regular',
    size: 8192,
    references: 2,
    mode: 'free',
    holders: [],
    waiters: [],
    acquisitions: 100,
    contentions: 4,
    ...parts,
  };
}

export function examplePoolClass(parts: Partial<PoolClassRow> = {}): PoolClassRow {
  return {
    kind: 'class',
    key: 'class-64',
    pool: -0x5fff_0000,
    objectSize: 64,
    liveObjects: 100,
    capacity: 128,
    slabs: 2,
    pagesPerSlab: 1,
    allocations: 1000,
    frees: 900,
    cpus: [{ cpu: 0, slabs: 2, emptySlabs: 0, liveObjects: 100, remoteFrees: 5 }],
    ...parts,
  };
}

export function exampleTimer(parts: Partial<TimerRow> = {}): TimerRow {
  return {
    key: -0x4fff_0000,
    bucket: 3,
    deadline: 1_003_200_000,
    remaining: 3_200_000,
    period: 0,
    name: 'sleep',
    callback: 'sprout::wake_sleeper (sched/sleep.cc:12)',
    callbackAddress: -0x7ff0_0000,
    fired: 0,
    ...parts,
  };
}

export function exampleTimerSet(parts: Partial<TimerSetRow> = {}): TimerSetRow {
  return {
    key: 0,
    cpu: 0,
    armed: 1,
    fired: 42,
    last: 1e9,
    next: 1_003_200_000,
    backwardSteps: 0,
    clamped: 0,
    timers: [exampleTimer()],
    ...parts,
  };
}
