/** The tables of a comparison: what is told of each kind of change, in the order of interest. Empty ones are left out. */
import { formatAddress } from '../guest/address.ts';
import { formatBytes, formatDuration } from '../units.ts';
import type {
  AllocationChange,
  Count,
  LargeChange,
  PoolChange,
  SnapshotComparison,
  ThreadChange,
  ThreadMoment,
  VnodeChange,
} from './model.ts';

export interface ReportSection {
  title: string;
  columns: { title: string; align?: 'right' }[];
  rows: string[][];
}

/** Callers of a chain that are told. */
const MOST_CALLERS = 6;

export function reportSections(comparison: SnapshotComparison): ReportSection[] {
  const sections = [
    summary(comparison),
    section(
      'Deadlocks',
      ['', ''],
      comparison.deadlocks.map(({ change, description }) => [change, description]),
    ),
    section(
      'Pages of RAM',
      ['kind', '>before', '>after', '>change'],
      comparison.ram.map(({ kind, pages }) => [kind, ...counts(pages)]),
    ),
    pools(comparison.pools),
    newObjects(comparison.pools),
    allocations(comparison.allocations ?? []),
    large(comparison.largeAllocations),
    threads(comparison.threads),
    vnodes(comparison.vnodes),
    section(
      'Timers',
      ['', 'name', '>CPU', 'callback', 'owner'],
      comparison.timers.map(({ change, name, cpu, callback, owner = '' }) => [change, name, `${cpu}`, callback, owner]),
    ),
    section(
      'Timer sets',
      ['>CPU', '>armed before', '>after', '>change', '>fired', '>backward steps'],
      comparison.timerSets.map(({ cpu, armed, fired, backwardSteps }) => [
        `${cpu}`,
        ...counts(armed),
        `${fired}`,
        `${backwardSteps}`,
      ]),
    ),
  ];
  return sections.filter(({ rows }) => rows.length > 0);
}

/** A `>` in front of a title: a column of numbers. */
function section(title: string, titles: string[], rows: string[][]): ReportSection {
  const columns = titles.map((text) =>
    text.startsWith('>') ? { title: text.slice(1), align: 'right' as const } : { title: text },
  );
  return { title, columns, rows };
}

function summary({ before, after }: SnapshotComparison): ReportSection {
  const figures = (name: string, figure: (moment: typeof before) => number, format = (value: number) => `${value}`) => {
    const [old, now] = [figure(before), figure(after)];
    return [name, format(old), format(now), signed(now - old, format)];
  };
  return section(
    'In all',
    ['', '>before', '>after', '>change'],
    [
      ['guest time', formatDuration(before.guestTime), formatDuration(after.guestTime), ''],
      figures('threads', ({ threads: count }) => count),
      figures('vnodes', ({ vnodes: count }) => count),
      figures('objects', ({ objects }) => objects),
      figures('bytes of objects', ({ objectBytes }) => objectBytes, formatBytes),
    ],
  );
}

function pools(changes: readonly PoolChange[]): ReportSection {
  return section(
    'Malloc pools',
    [
      '>class',
      '>objects before',
      '>after',
      '>change',
      '>bytes',
      '>pages',
      '>allocated',
      '>freed',
      '>appeared',
      '>gone',
    ],
    changes.map(({ objectSize, liveObjects, bytes, pages, allocations: made, frees, appeared, disappeared }) => [
      `${objectSize} B`,
      ...counts(liveObjects),
      signed(bytes.after - bytes.before, formatBytes),
      signed(pages.after - pages.before),
      `${made}`,
      `${frees}`,
      `${appeared}`,
      `${disappeared}`,
    ]),
  );
}

function newObjects(changes: readonly PoolChange[]): ReportSection {
  return section(
    'Some of the objects that appeared',
    ['>class', 'address', 'what it is'],
    changes.flatMap(({ objectSize, newObjects: found }) =>
      found.map(({ address, description = '' }) => [`${objectSize} B`, formatAddress(address), description]),
    ),
  );
}

function allocations(changes: readonly AllocationChange[]): ReportSection {
  return section(
    'Live allocations by their callers',
    ['>bytes', '>change', '>blocks', '>change', 'allocated by'],
    changes.map(({ callers, count, requested }) => [
      formatBytes(requested.after),
      signed(requested.after - requested.before, formatBytes),
      `${count.after}`,
      signed(count.after - count.before),
      callers.slice(0, MOST_CALLERS).join(' ← ') || '?',
    ]),
  );
}

function large(changes: readonly LargeChange[]): ReportSection {
  return section(
    'Large allocations',
    ['', 'address', '>pages', '>requested', '>thread'],
    changes.map(({ change, address, pages, requested, thread }) => [
      change,
      formatAddress(address),
      `${pages}`,
      formatBytes(requested),
      `${thread}`,
    ]),
  );
}

function threads(changes: readonly ThreadChange[]): ReportSection {
  return section(
    'Threads',
    ['', '>id', 'name', 'before', 'after', '>ran', '>switches'],
    changes.map(({ change, id, name, before, after, cpuTime, switches }) => [
      change === 'changed' ? '' : change,
      `${id}`,
      name,
      standing(before),
      standing(after),
      formatDuration(cpuTime),
      `${switches}`,
    ]),
  );
}

function standing(moment: ThreadMoment | undefined): string {
  if (!moment) {
    return '';
  }
  const { state, waitsFor, holds } = moment;
  const waits = waitsFor === undefined ? state : `waiting for ${waitsFor}`;
  return holds.length > 0 ? `${waits}, holds ${holds.join(', ')}` : waits;
}

function vnodes(changes: readonly VnodeChange[]): ReportSection {
  return section(
    'Vnodes',
    ['', 'path', '>size', '>change', 'lock before', 'lock after', '>acquired', '>contended'],
    changes.map(({ change, path, size, lock, acquisitions, contentions }) => [
      change === 'changed' ? '' : change,
      path,
      formatBytes(size.after),
      signed(size.after - size.before, formatBytes),
      lock.before,
      lock.after,
      `${acquisitions}`,
      `${contentions}`,
    ]),
  );
}

/** Before, after, and the difference. */
function counts({ before, after }: Count): string[] {
  return [`${before}`, `${after}`, signed(after - before)];
}

/** `+3`, `−3`, and nothing for 0. */
function signed(value: number, format = (magnitude: number) => `${magnitude}`): string {
  return value === 0 ? '' : `${value > 0 ? '+' : '−'}${format(Math.abs(value))}`;
}
