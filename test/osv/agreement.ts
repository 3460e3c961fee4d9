/** Each view beside gdb's own reading of the same stop. */
import type {
  MallocPoolsRow,
  ThreadStateName,
  TimerSetRow,
  ViewSnapshot,
  VnodeLockRow,
} from '../../debug-adapter/protocol.ts';
import type { GdbReading } from './guest.ts';

/** How a view compares: what there is of it, and one sentence for each thing that differs. */
export interface Agreement {
  view: string;
  counts: string;
  differences: string[];
}

const PAGE_BYTES = 4096;
const STATES: Record<string, ThreadStateName> = {
  invalid: 'created',
  prestarted: 'created',
  unstarted: 'created',
  waiting: 'waiting',
  sending_lock: 'waiting',
  running: 'running',
  queued: 'ready',
  waking: 'ready',
  terminating: 'finished',
  terminated: 'finished',
};

export function compareThreads(view: ViewSnapshot<'threads'>, { threads, cpus }: GdbReading): Agreement {
  const differences = keysDiffer('thread', view.rows, threads.rows);
  const rows = new Map(view.rows.map((row) => [row.key, row]));
  for (const { key, id, name, status } of threads.rows) {
    const row = rows.get(key);
    differ(differences, `the name of thread ${id}`, row?.name, name);
    differ(differences, `the state of thread ${id}`, row?.state, STATES[status]);
    if (id !== 0) {
      differ(differences, `the id of ${name}`, row?.id, id);
    }
  }
  differ(differences, 'the number of threads in the map', threads.walked, threads.map);
  const named = view.rows.filter(({ state, frame }) => state === 'waiting' && frame !== undefined).length;
  const waiting = view.rows.filter(({ state }) => state === 'waiting').length;
  const counts = `${view.rows.length} threads (${threads.map} in the map, ${cpus} CPUs), ${named} of ${waiting} waiting ones with a frame`;
  return { view: 'threads', counts, differences };
}

export function compareVnodes(view: ViewSnapshot<'vnodeLocks'>, { vnodes }: GdbReading): Agreement {
  const differences = keysDiffer('vnode', view.rows, vnodes);
  const rows = new Map<number, VnodeLockRow>(view.rows.map((row) => [row.key, row]));
  for (const { key, mount, path, references, mutex } of vnodes) {
    const row = rows.get(key);
    differ(differences, `the path of vnode ${key}`, row?.path, fullPath(mount, path) ?? `(no name, #${row?.number})`);
    differ(differences, `references of ${row?.path}`, row?.references, references);
    differ(differences, `holders of ${row?.path}`, row?.holders.length, mutex.owner === 0 ? 0 : 1);
    differ(differences, `waiters for ${row?.path}`, row?.waiters.length, mutex.waiters.length);
    if (!mutex.holds && view.quality === 'whole') {
      differences.push(`the lock of ${row?.path} counts ${mutex.count}, and the view is told as whole`);
    }
  }
  const locked = vnodes.filter(({ mutex }) => mutex.owner !== 0).map(({ path }) => path);
  return {
    view: 'vnode locks',
    counts: `${view.rows.length} vnodes, locked: ${locked.join(', ') || 'none'}`,
    differences,
  };
}

export function comparePools(view: ViewSnapshot<'mallocPools'>, { pools }: GdbReading): Agreement {
  const differences: string[] = [];
  const classes = ofKind(view.rows, 'class');
  differ(differences, 'the number of pools', classes.length, pools.rows.length);
  pools.rows.forEach(({ size, pages, live }, index) => {
    differ(differences, `the size of pool ${index}`, classes[index]?.objectSize, size);
    differ(differences, `pages of the ${size}-byte pool`, classes[index]?.slabs, pages);
    differ(differences, `live objects of the ${size}-byte pool`, classes[index]?.liveObjects, live);
  });
  const levels = ofKind(view.rows, 'pagePool').map(({ pages }) => pages);
  differ(differences, 'pages in L1 and L2', levels.join(' '), pools.levels.join(' '));
  const ram = ofKind(view.rows, 'ram')[0];
  differ(differences, 'free bytes', (ram?.freePages ?? 0) * PAGE_BYTES, pools.free);
  // Another CPU may stand where a range is taken out: then gdb finds as little, and the view must be told as torn.
  if (view.quality === 'whole') {
    differ(differences, 'what the kernel counts as free', pools.free, pools.freeMemory);
  }
  const ranges = ofKind(view.rows, 'freeRange').reduce((sum, { blocks }) => sum + blocks, 0);
  differ(differences, 'the number of free ranges', ranges, pools.ranges);
  const live = pools.rows.reduce((sum, row) => sum + row.live, 0);
  const counts = `${live} live objects on ${pools.rows.reduce((sum, { pages }) => sum + pages, 0)} pages of ${pools.scanned} scanned; ${pools.ranges} free ranges of ${pools.free} bytes; L1, L2: ${levels.join(' ')} pages`;
  return { view: 'malloc pools', counts, differences };
}

export function compareTimers(view: ViewSnapshot<'timerSets'>, { timers, callouts }: GdbReading): Agreement {
  const differences: string[] = [];
  const rows = new Map<number, TimerSetRow>(view.rows.map((row) => [row.cpu, row]));
  const called = new Set(callouts.rows.map(([key]) => key));
  const told = view.rows.flatMap((row) => row.timers);
  for (const { cpu, told: expected, timers: own, tasksTold, tasks } of timers) {
    const row = rows.get(cpu);
    const list = (row?.timers ?? []).filter(({ key }) => !called.has(key)).map(({ key, deadline }) => [key, deadline]);
    list.sort(([a = 0], [b = 0]) => a - b);
    const both = [...own, ...tasks].sort(([a], [b]) => a - b);
    differ(differences, `timers and tasks of CPU ${cpu}`, JSON.stringify(list), JSON.stringify(both));
    differ(differences, `what the timer set of CPU ${cpu} counts`, row?.armed, expected);
    if (tasks.length > tasksTold) {
      differences.push(`CPU ${cpu} has ${tasks.length} tasks, and its set counts ${tasksTold}`);
    }
  }
  const shown = told.filter(({ key }) => called.has(key)).map(({ key, deadline }) => [key, deadline]);
  shown.sort(([a = 0], [b = 0]) => a - b);
  differ(differences, 'callouts', JSON.stringify(shown), JSON.stringify(callouts.rows));
  differ(differences, 'what the set of callouts counts', callouts.rows.length, callouts.told);
  const tasks = timers.reduce((sum, row) => sum + row.tasks.length, 0);
  return {
    view: 'timer sets',
    counts: `${told.length} timers: ${tasks} tasks, ${callouts.rows.length} callouts`,
    differences,
  };
}

function ofKind<K extends MallocPoolsRow['kind']>(rows: readonly MallocPoolsRow[], kind: K) {
  return rows.filter((row): row is Extract<MallocPoolsRow, { kind: K }> => row.kind === kind);
}

function fullPath(mount: string | null, path: string | null): string | undefined {
  if (path === null) {
    return undefined;
  }
  if (mount === null || mount === '' || mount === '/') {
    return path;
  }
  return path === '/' ? mount : `${mount}${path}`;
}

function keysDiffer(what: string, ours: readonly { key: number }[], theirs: readonly { key: number }[]): string[] {
  const own = new Set(ours.map(({ key }) => key));
  const other = new Set(theirs.map(({ key }) => key));
  return [
    ...theirs.filter(({ key }) => !own.has(key)).map(({ key }) => `the view lacks ${what} 0x${key.toString(16)}`),
    ...ours.filter(({ key }) => !other.has(key)).map(({ key }) => `only the view has ${what} 0x${key.toString(16)}`),
  ];
}

function differ(differences: string[], what: string, ours: unknown, theirs: unknown): void {
  if (ours !== theirs) {
    differences.push(`${what}: the view says ${ours}, gdb ${theirs}`);
  }
}
