/** The timeline's rows: CPUs, then threads; what is filtered out is not among them. Pure. */
import type { CpuLane, Interval, Mark, ThreadLane, Timeline } from '../../debug-adapter/history/timeline.ts';
import { lengthText, momentText, type Span } from './span.ts';

/** What can be shown or left out. */
export type Kind = 'running' | 'ready' | 'locked' | 'waiting' | 'file' | 'timer' | 'idle';

export const KINDS: readonly { kind: Kind; label: string }[] = [
  { kind: 'running', label: 'Running' },
  { kind: 'ready', label: 'Ready, not running' },
  { kind: 'locked', label: 'Waiting for a lock' },
  { kind: 'waiting', label: 'Sleeping or waiting otherwise' },
  { kind: 'file', label: 'File operations' },
  { kind: 'timer', label: 'Timers' },
  { kind: 'idle', label: 'Idle threads' },
];

export interface Lane {
  key: string;
  isCpu: boolean;
  label: string;
  intervals: readonly Interval[];
  marks: readonly Mark[];
}

export interface Filters {
  threads: RegExp | undefined;
  kinds: ReadonlySet<Kind>;
}

export function kindOf(interval: Interval): Kind {
  if (interval.activity !== 'waiting') {
    return interval.activity;
  }
  return interval.kind === 'mutex' || interval.kind === 'readerWriterLock' ? 'locked' : 'waiting';
}

export function lanesOf(timeline: Timeline, filters: Filters): Lane[] {
  const idle = new Set(timeline.threads.filter(({ isIdle }) => isIdle).map(({ id }) => id));
  const threads = timeline.threads.filter(
    ({ name, isIdle, id }) =>
      id !== 0 && (!isIdle || filters.kinds.has('idle')) && (filters.threads?.test(name) ?? true),
  );
  return [
    ...timeline.cpus.map((lane) => cpuLane(lane, filters, idle)),
    ...threads.map((lane) => threadLane(lane, filters)),
  ];
}

function cpuLane({ cpu, intervals, marks }: CpuLane, { kinds }: Filters, idle: ReadonlySet<number>): Lane {
  return {
    key: `cpu ${cpu}`,
    isCpu: true,
    label: `CPU ${cpu}`,
    intervals: kinds.has('idle') ? intervals : intervals.filter(({ thread }) => !idle.has(thread)),
    marks: shownMarks(marks, kinds),
  };
}

function threadLane({ id, name, intervals, marks }: ThreadLane, { kinds }: Filters): Lane {
  return {
    key: `thread ${id}`,
    isCpu: false,
    label: name,
    intervals: intervals.filter((interval) => kinds.has(kindOf(interval))),
    marks: shownMarks(marks, kinds),
  };
}

function shownMarks(marks: readonly Mark[], kinds: ReadonlySet<Kind>): readonly Mark[] {
  return marks.filter(({ kind }) => kinds.has(kind === 'timer' ? 'timer' : 'file'));
}

/** Whatever can be chosen in a lane. */
export type Item = Interval | Mark;

export function isMark(item: Item): item is Mark {
  return 'label' in item;
}

export function beginOf(item: Item): number {
  return isMark(item) ? item.time : item.begin;
}

export function endOf(item: Item): number {
  return isMark(item) ? item.time : item.end;
}

export function spanOf(item: Item): Span {
  return { begin: beginOf(item), end: endOf(item) };
}

/** The index of the first interval that ends behind `time`; they do not overlap. */
export function firstAfter(intervals: readonly Interval[], time: number): number {
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((intervals[middle] as Interval).end <= time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** The interval at `time`, or the one that is nearest within `slack` nanoseconds. */
export function intervalAt(lane: Lane, time: number, slack: number): Interval | undefined {
  const index = firstAfter(lane.intervals, time - slack);
  const found = lane.intervals[index];
  return found && found.begin <= time + slack ? found : undefined;
}

/** One sentence about an item, for people who see the picture and for those who hear it. */
export function sentenceOf(item: Item, name: (thread: number) => string): string {
  if (isMark(item)) {
    const who = item.thread === 0 ? `CPU ${item.cpu}` : name(item.thread);
    return `${who}: ${item.label}, on CPU ${item.cpu} at ${momentText(item.time, 1000)}`;
  }
  const { begin, end, isOpen, thread, cpu } = item;
  const length = isOpen ? `for ${lengthText(end - begin)} up to now` : `for ${lengthText(end - begin)}`;
  const since = `from ${momentText(begin, 1000)}`;
  switch (item.activity) {
    case 'running':
      return `${name(thread)} ran on CPU ${cpu} ${length}, ${since}`;
    case 'ready': {
      const why = item.wokenBy === undefined ? 'put off its CPU' : `woken by ${name(item.wokenBy)}`;
      return `${name(thread)} could run and did not ${length}, ${since}, ${why}`;
    }
    case 'waiting': {
      const what = item.kind === 'sleep' ? 'slept' : `waited for ${item.description}`;
      return `${name(thread)} ${what} ${length}, ${since}`;
    }
  }
}

/** What fits into a small box: without the kind of a lock that stands before its name. */
export function labelOf(item: Item): string {
  return shortText(item).replace(/^[a-z -]+ (?=[/"])/, '');
}

/** What a row of the table in sight says. */
export function shortText(item: Item): string {
  if (isMark(item)) {
    return item.label;
  }
  return item.activity === 'waiting' ? item.description : item.activity;
}

export interface Match {
  lane: number;
  item: Item;
}

const MOST_MATCHES = 5000;

/** What the search finds, in the order of time: waits, operations, timers, and all of a thread that is called so. */
export function search(lanes: readonly Lane[], wanted: RegExp, name: (thread: number) => string): Match[] {
  const matches: Match[] = [];
  lanes.forEach((lane, index) => {
    const isWhole = !lane.isCpu && wanted.test(lane.label);
    for (const item of [...lane.intervals, ...lane.marks]) {
      const text = lane.isCpu && !isMark(item) ? name(item.thread) : shortText(item);
      if (matches.length < MOST_MATCHES && (isWhole || wanted.test(text))) {
        matches.push({ lane: index, item });
      }
    }
  });
  return matches.sort((a, b) => beginOf(a.item) - beginOf(b.item));
}

/** What is in sight, in the order of time, bounded. */
export function inSight(lanes: readonly Lane[], span: Span, most: number): { lane: Lane; item: Item }[] {
  const found = lanes.flatMap((lane) => {
    const items: Item[] = [];
    for (let index = firstAfter(lane.intervals, span.begin); index < lane.intervals.length; index++) {
      const interval = lane.intervals[index] as Interval;
      if (interval.begin > span.end || items.length > most) {
        break;
      }
      items.push(interval);
    }
    items.push(...lane.marks.filter(({ time }) => time >= span.begin && time <= span.end).slice(0, most));
    return items.map((item) => ({ lane, item }));
  });
  return found.sort((a, b) => beginOf(a.item) - beginOf(b.item)).slice(0, most);
}
