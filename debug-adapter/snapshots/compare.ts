/** Compares two moments of one kernel: what grew and shrank, what came and went. Pure: rows in, changes out. */
import type {
  AllocationGroup,
  LargeAllocationRow,
  LockHolder,
  MallocPoolsRow,
  ThreadRow,
  TimerRow,
  TimerSetRow,
  VnodeLockRow,
  WaitCycle,
} from '../kernels/model.ts';
import { comparePools } from './compare-pools.ts';
import type {
  AllocationChange,
  ChangeKind,
  Count,
  DeadlockChange,
  LargeChange,
  MomentSummary,
  PageKindChange,
  SnapshotComparison,
  ThreadChange,
  ThreadMoment,
  TimerChange,
  TimerSetChange,
  VnodeChange,
} from './model.ts';
import type { Moment } from './moment.ts';

/** `before` and `after` are of one build; they may even be of two boots, which is told as a note. */
export function compareMoments(before: Moment, after: Moment): SnapshotComparison {
  const rows = [before.rows, after.rows] as const;
  const allocations = before.allocations && after.allocations;
  return {
    before: summaryOf(before),
    after: summaryOf(after),
    ram: comparePages(rows[0].mallocPools, rows[1].mallocPools),
    pools: comparePools(before, after),
    largeAllocations: compareLarge(rows[0].mallocPools, rows[1].mallocPools),
    threads: compareThreads(rows[0].threads, rows[1].threads),
    vnodes: compareVnodes(rows[0].vnodeLocks, rows[1].vnodeLocks),
    timers: compareTimers(rows[0].timerSets, rows[1].timerSets),
    timerSets: compareTimerSets(rows[0].timerSets, rows[1].timerSets),
    deadlocks: compareDeadlocks(before.cycles, after.cycles),
    ...(allocations && { allocations: compareAllocations(before.allocations ?? [], allocations) }),
    notes: notesOf(before, after),
  };
}

/** One thing at one or both moments. */
interface Pair<Row> {
  change: ChangeKind;
  before?: Row;
  after?: Row;
}

/** Pairs rows by what they are; those of the second moment come first, in its order. */
function pairs<Row>(before: readonly Row[], after: readonly Row[], identity: (row: Row) => string): Pair<Row>[] {
  const old = new Map(before.map((row) => [identity(row), row]));
  const found: Pair<Row>[] = after.map((row) => {
    const same = old.get(identity(row));
    old.delete(identity(row));
    return same === undefined ? { change: 'new', after: row } : { change: 'changed', before: same, after: row };
  });
  return [...found, ...[...old.values()].map((row): Pair<Row> => ({ change: 'gone', before: row }))];
}

function summaryOf({ name, guestTime, isWhole, rows }: Moment): MomentSummary {
  const classes = rows.mallocPools.filter((row) => row.kind === 'class');
  return {
    name,
    guestTime,
    isWhole,
    threads: rows.threads.length,
    vnodes: rows.vnodeLocks.length,
    objects: classes.reduce((sum, { liveObjects }) => sum + liveObjects, 0),
    objectBytes: classes.reduce((sum, { liveObjects, objectSize }) => sum + liveObjects * objectSize, 0),
  };
}

function comparePages(before: readonly MallocPoolsRow[], after: readonly MallocPoolsRow[]): PageKindChange[] {
  const [old, now] = [before, after].map((rows) => rows.find((row) => row.kind === 'ram')?.byKind ?? {});
  const kinds = [...new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})])];
  return kinds
    .map((kind) => ({ kind, pages: { before: old?.[kind] ?? 0, after: now?.[kind] ?? 0 } }))
    .sort((a, b) => magnitude(b.pages) - magnitude(a.pages));
}

function compareLarge(before: readonly MallocPoolsRow[], after: readonly MallocPoolsRow[]): LargeChange[] {
  const large = (rows: readonly MallocPoolsRow[]) => rows.filter((row) => row.kind === 'large');
  // The same pages may be another allocation by now.
  const identity = ({ address, thread, time }: LargeAllocationRow): string => [address, thread, time].join();
  return pairs(large(before), large(after), identity)
    .flatMap(({ change, before: old, after: now }) => {
      const row = now ?? old;
      return row && change !== 'changed' ? [{ change, ...largeFacts(row) }] : [];
    })
    .sort((a, b) => b.requested - a.requested);
}

function largeFacts({ address, pages, requested, thread }: LargeAllocationRow): Omit<LargeChange, 'change'> {
  return { address, pages, requested, thread };
}

/** New ones, gone ones, then who stands elsewhere, then who only ran. */
function compareThreads(before: readonly ThreadRow[], after: readonly ThreadRow[]): ThreadChange[] {
  const changes = pairs(before, after, ({ id }) => `${id}`).flatMap(({ change, before: old, after: now }) => {
    const row = now ?? old;
    if (!row) {
      return [];
    }
    const cpuTime = (now ?? row).cpuTime - (old?.cpuTime ?? 0);
    const switches = (now ?? row).switches - (old?.switches ?? 0);
    const then = old && threadMoment(old);
    const later = now && threadMoment(now);
    const isSame = change === 'changed' && cpuTime === 0 && switches === 0 && !hasMoved(then, later);
    return isSame
      ? []
      : [
          {
            change,
            id: row.id,
            name: row.name,
            ...(then && { before: then }),
            ...(later && { after: later }),
            cpuTime,
            switches,
          },
        ];
  });
  const rank = ({ change, before: then, after: later }: ThreadChange): number =>
    change === 'new' ? 0 : change === 'gone' ? 1 : hasMoved(then, later) ? 2 : 3;
  return changes.sort((a, b) => rank(a) - rank(b) || b.cpuTime - a.cpuTime || a.id - b.id);
}

function threadMoment({ state, waitsFor, holds }: ThreadRow): ThreadMoment {
  return {
    state,
    ...(waitsFor && { waitsFor: waitsFor.description }),
    holds: holds.map(({ description }) => description),
  };
}

/** Whether a thread's state, what it waits for or what it holds is another one. */
export function hasMoved(before: ThreadMoment | undefined, after: ThreadMoment | undefined): boolean {
  return (
    before?.state !== after?.state ||
    before?.waitsFor !== after?.waitsFor ||
    before?.holds.join('\0') !== after?.holds.join('\0')
  );
}

function compareVnodes(before: readonly VnodeLockRow[], after: readonly VnodeLockRow[]): VnodeChange[] {
  const identity = ({ key, number, fileSystem }: VnodeLockRow): string => [key, number, fileSystem].join();
  return pairs(before, after, identity)
    .flatMap(({ change, before: old, after: now }) => {
      const row = now ?? old;
      if (!row) {
        return [];
      }
      const found: VnodeChange = {
        change,
        key: row.key,
        path: row.path,
        size: { before: old?.size ?? 0, after: now?.size ?? 0 },
        lock: { before: lockOf(old), after: lockOf(now) },
        acquisitions: row.acquisitions - (now ? (old?.acquisitions ?? 0) : 0),
        contentions: row.contentions - (now ? (old?.contentions ?? 0) : 0),
      };
      const { size, lock, acquisitions } = found;
      const isSame = size.before === size.after && lock.before === lock.after && acquisitions === 0;
      return change === 'changed' && isSame && old?.path === now?.path ? [] : [found];
    })
    .sort((a, b) => order(a.change) - order(b.change) || b.acquisitions - a.acquisitions);
}

function lockOf(row: VnodeLockRow | undefined): string {
  if (!row) {
    return '';
  }
  const verbs = { exclusive: 'written', shared: 'read' };
  const told = row.holders.map(({ mode, threadName }: LockHolder) => `${verbs[mode]} by ${threadName}`);
  return told.join(', ') || row.mode;
}

function compareTimers(before: readonly TimerSetRow[], after: readonly TimerSetRow[]): TimerChange[] {
  const all = (sets: readonly TimerSetRow[]) =>
    sets.flatMap(({ cpu, timers }) => timers.map((timer) => ({ cpu, timer })));
  const identity = ({ timer }: { timer: TimerRow }): string =>
    [timer.key, timer.name, timer.callbackAddress, timer.owner?.thread].join();
  return pairs(all(before), all(after), identity).flatMap(({ change, before: old, after: now }) => {
    const found = now ?? old;
    return found && change !== 'changed' ? [timerChange(change, found.cpu, found.timer)] : [];
  });
}

function timerChange(change: 'new' | 'gone', cpu: number, { name, callback, owner }: TimerRow): TimerChange {
  return { change, cpu, name, callback, ...(owner && { owner: owner.threadName }) };
}

function compareTimerSets(before: readonly TimerSetRow[], after: readonly TimerSetRow[]): TimerSetChange[] {
  return pairs(before, after, ({ cpu }) => `${cpu}`)
    .map(({ before: old, after: now }) => ({
      cpu: (now ?? old)?.cpu ?? 0,
      armed: { before: old?.armed ?? 0, after: now?.armed ?? 0 },
      fired: (now?.fired ?? 0) - (old?.fired ?? 0),
      backwardSteps: (now?.backwardSteps ?? 0) - (old?.backwardSteps ?? 0),
    }))
    .filter(({ armed, fired, backwardSteps }) => magnitude(armed) > 0 || fired !== 0 || backwardSteps !== 0);
}

function compareDeadlocks(before: readonly WaitCycle[], after: readonly WaitCycle[]): DeadlockChange[] {
  return pairs(before, after, ({ description }) => description).flatMap(({ change, before: old, after: now }) => {
    const description = (now ?? old)?.description ?? '';
    return change === 'changed' ? [] : [{ change, description }];
  });
}

function compareAllocations(before: readonly AllocationGroup[], after: readonly AllocationGroup[]): AllocationChange[] {
  return pairs(before, after, ({ callers }) => callers.join('\0'))
    .map(({ before: old, after: now }) => ({
      callers: (now ?? old)?.callers ?? [],
      count: { before: old?.count ?? 0, after: now?.count ?? 0 },
      requested: { before: old?.requested ?? 0, after: now?.requested ?? 0 },
    }))
    .filter(({ count, requested }) => magnitude(count) > 0 || magnitude(requested) > 0)
    .sort((a, b) => b.requested.after - b.requested.before - (a.requested.after - a.requested.before));
}

function notesOf(before: Moment, after: Moment): string[] {
  const notes = [before, after]
    .filter(({ isWhole }) => !isWhole)
    .map(({ name }) => `Not everything of ${name} is of one moment: structures were being changed.`);
  if (after.guestTime < before.guestTime) {
    notes.unshift(`${after.name} is of an earlier moment than ${before.name}, or of another boot.`);
  }
  return [...new Set([...notes, ...before.notes, ...after.notes])];
}

function order(change: ChangeKind): number {
  return ['new', 'gone', 'changed'].indexOf(change);
}

function magnitude({ before, after }: Count): number {
  return Math.abs(after - before);
}
