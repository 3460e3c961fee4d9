/** The four views as text, from the neutral model. */
import {
  type FreeRangeRow,
  formatAddress,
  type LargeAllocationRow,
  type MallocPoolsRow,
  type PagePoolRow,
  type PoolClassRow,
  type RamTotalsRow,
  type ThreadRow,
  type TimerRow,
  type TimerSetRow,
  type ViewName,
  type ViewRows,
  type ViewSnapshot,
  type VnodeLockRow,
  type WaitsForRow,
} from '../protocol.ts';
import { formatTable } from '../table.ts';
import { formatBytes, formatDuration, formatSince } from '../units.ts';

const PAGE_BYTES = 4096;
const TITLES: Record<ViewName, string> = {
  threads: 'Threads',
  vnodeLocks: 'Vnode locks',
  mallocPools: 'Malloc pools',
  timerSets: 'Timer sets',
  waitsFor: 'Waits-for graph',
};

/**
 * The view as lines: a title with its state, at most `limit` rows a table, then its notes.
 * @param classLimit how many size classes of the malloc pools: those that hold most
 */
export function formatView(snapshot: ViewSnapshot, limit: number, classLimit = Number.POSITIVE_INFINITY): string[] {
  const state = snapshot.running ? 'live' : 'stopped';
  const quality = snapshot.quality === 'torn' ? ', torn' : '';
  const title = `${TITLES[snapshot.view]} (${state}${quality}, ${formatDuration(snapshot.guestTime)} after boot)`;
  return [title, ...formatRows(snapshot, limit, classLimit), ...snapshot.notes.map((note) => `  note: ${note}`)];
}

function formatRows(snapshot: ViewSnapshot, limit: number, classLimit: number): string[] {
  switch (snapshot.view) {
    case 'threads':
      return formatThreads(rowsOf(snapshot, 'threads'), snapshot.guestTime, limit);
    case 'vnodeLocks':
      return formatVnodeLocks(rowsOf(snapshot, 'vnodeLocks'), snapshot.guestTime, limit);
    case 'mallocPools':
      return formatMallocPools(rowsOf(snapshot, 'mallocPools'), limit, classLimit);
    case 'timerSets':
      return formatTimerSets(rowsOf(snapshot, 'timerSets'), snapshot.guestTime, limit);
    case 'waitsFor':
      return formatWaitsFor(rowsOf(snapshot, 'waitsFor'), snapshot.guestTime, limit);
  }
}

/** The rows of a snapshot whose view is known to be `view`. */
function rowsOf<V extends ViewName>(snapshot: ViewSnapshot, _view: V): ViewRows[V][] {
  return snapshot.rows as ViewRows[V][];
}

function formatThreads(rows: ThreadRow[], now: number, limit: number): string[] {
  return formatTable<ThreadRow>(
    [
      { title: 'id', align: 'right', cell: (row) => `${row.id}` },
      { title: 'name', cell: (row) => row.name },
      { title: 'state', cell: (row) => row.state },
      { title: 'cpu', align: 'right', cell: (row) => `${row.cpu}` },
      {
        title: 'time',
        align: 'right',
        cell: (row) => formatDuration(row.cpuTime),
      },
      { title: 'switches', align: 'right', cell: (row) => `${row.switches}` },
      { title: 'waits for', cell: (row) => describeWait(row, now) },
      {
        title: 'holds',
        cell: (row) => row.holds.map((held) => `${held.description} (${held.mode})`).join(', '),
      },
    ],
    rows,
    limit,
  );
}

function describeWait(row: ThreadRow, now: number): string {
  return row.waitsFor ? `${row.waitsFor.description}, ${formatSince(now, row.waitsFor.since)}` : '';
}

function formatWaitsFor(rows: WaitsForRow[], now: number, limit: number): string[] {
  return formatTable<WaitsForRow>(
    [
      { title: 'what', cell: (row) => row.description },
      { title: 'holders', cell: (row) => people(row.holders, now) },
      { title: 'waiters, in wake order', cell: (row) => people(row.waiters, now) },
    ],
    rows,
    limit,
  );
}

function people(list: { threadName: string; mode: string; since?: number }[], now: number): string {
  return list.map((one) => `${one.threadName} (${one.mode}, ${formatSince(now, one.since)})`).join(', ');
}

/** Contended locks first, then held ones; free ones are counted. */
function formatVnodeLocks(rows: VnodeLockRow[], now: number, limit: number): string[] {
  const busy = rows.filter((row) => row.mode !== 'free' || row.waiters.length > 0);
  busy.sort((a, b) => b.waiters.length - a.waiters.length || b.contentions - a.contentions);
  const lines = formatTable<VnodeLockRow>(
    [
      { title: 'path', cell: (row) => row.path },
      { title: 'held', cell: (row) => row.mode },
      { title: 'owners', cell: (row) => people(row.holders, now) },
      { title: 'waiters, in wake order', cell: (row) => people(row.waiters, now) },
    ],
    busy,
    limit,
  );
  const cycles = [...new Set(rows.flatMap((row) => row.cycle ?? []))];
  return [
    ...lines,
    `  ${rows.length - busy.length} more vnodes, their locks free`,
    ...cycles.map((cycle) => `  DEADLOCK: ${cycle}`),
  ];
}

function formatMallocPools(rows: MallocPoolsRow[], limit: number, classLimit: number): string[] {
  const of = <Kind extends MallocPoolsRow['kind']>(kind: Kind): Extract<MallocPoolsRow, { kind: Kind }>[] =>
    rows.filter((row): row is Extract<MallocPoolsRow, { kind: Kind }> => row.kind === kind);
  return [
    ...formatRam(of('ram')),
    ...formatClasses(of('class'), classLimit),
    ...formatPagePools(of('pagePool')),
    ...formatFreeRanges(of('freeRange')),
    ...formatLarge(of('large'), limit),
  ];
}

function formatRam(rows: RamTotalsRow[]): string[] {
  return rows.map((row) => {
    const kinds = Object.entries(row.byKind).map(([kind, pages]) => `${kind} ${formatBytes(pages * PAGE_BYTES)}`);
    return `  RAM ${formatBytes(row.totalPages * PAGE_BYTES)}, free ${formatBytes(row.freePages * PAGE_BYTES)}: ${kinds.join(', ')}`;
  });
}

function formatClasses(rows: PoolClassRow[], limit: number): string[] {
  const used = rows.filter((row) => row.slabs > 0);
  const bytes = (row: PoolClassRow): number => row.liveObjects * row.objectSize;
  if (used.length > limit) {
    used.sort((a, b) => bytes(b) - bytes(a));
  }
  return formatTable<PoolClassRow>(
    [
      { title: 'class', align: 'right', cell: (row) => `${row.objectSize}` },
      { title: 'live', align: 'right', cell: (row) => `${row.liveObjects}` },
      { title: 'room', align: 'right', cell: (row) => `${row.capacity}` },
      {
        title: 'pages',
        align: 'right',
        cell: (row) => `${row.slabs * row.pagesPerSlab}`,
      },
      {
        title: 'allocated',
        align: 'right',
        cell: (row) => `${row.allocations}`,
      },
      { title: 'freed', align: 'right', cell: (row) => `${row.frees}` },
      {
        title: 'live on each CPU (freed elsewhere)',
        cell: (row) => row.cpus.map((cpu) => `${cpu.liveObjects} (${cpu.remoteFrees})`).join('  '),
      },
    ],
    used,
    limit,
  );
}

function formatPagePools(rows: PagePoolRow[]): string[] {
  const pools = rows.map(
    (row) =>
      `${row.level}${row.cpu === undefined ? '' : ` cpu ${row.cpu}`}: ${row.pages} [${row.lowMark}–${row.highMark}]`,
  );
  return pools.length > 0 ? [`  page pools (pages [marks]): ${pools.join(', ')}`] : [];
}

function formatFreeRanges(rows: FreeRangeRow[]): string[] {
  const ranges = rows
    .filter((row) => row.blocks > 0)
    .map((row) => `${row.blocks} × ${formatBytes(2 ** row.order * PAGE_BYTES)}`);
  return ranges.length > 0 ? [`  free ranges: ${ranges.join(', ')}`] : [];
}

function formatLarge(rows: LargeAllocationRow[], limit: number): string[] {
  const shown = rows
    .slice(0, limit)
    .map((row) => `${formatAddress(row.address)} ${formatBytes(row.requested)} by thread ${row.thread}`);
  const rest = rows.length > shown.length ? [`… ${rows.length - shown.length} more`] : [];
  return rows.length > 0 ? [`  large allocations: ${[...shown, ...rest].join(', ')}`] : [];
}

function formatTimerSets(rows: TimerSetRow[], now: number, limit: number): string[] {
  return rows.flatMap((set) => [
    `  CPU ${set.cpu}: ${set.armed} armed, ${set.fired} fired, ${set.backwardSteps} backward clock steps`,
    ...formatTable<TimerRow>(
      [
        {
          title: 'in',
          align: 'right',
          cell: (timer) => formatDuration(timer.deadline - now),
        },
        {
          title: 'period',
          align: 'right',
          cell: (timer) => (timer.period > 0 ? formatDuration(timer.period) : 'once'),
        },
        { title: 'timer', cell: (timer) => timer.name },
        { title: 'owner', cell: (timer) => timer.owner?.threadName ?? '' },
        { title: 'callback', cell: (timer) => timer.callback },
      ],
      [...set.timers].sort((a, b) => a.deadline - b.deadline),
      limit,
    ),
  ]);
}
