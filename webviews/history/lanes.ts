/** The timeline's rows: CPUs, then threads; what is filtered out is not among them. Pure. */
import * as l10n from '@vscode/l10n';
import type { CpuLane, Interval, Mark, ThreadLane, Timeline } from '../../debug-adapter/history/timeline.ts';
import { lengthText, momentText, type Span } from './span.ts';

/** What can be shown or left out. */
export type Kind = 'running' | 'ready' | 'locked' | 'waiting' | 'file' | 'timer' | 'idle';

export const KINDS: readonly Kind[] = ['running', 'ready', 'locked', 'waiting', 'file', 'timer', 'idle'];

export function kindName(kind: Kind): string {
  switch (kind) {
    case 'running':
      return l10n.t('Running');
    case 'ready':
      return l10n.t('Ready, not running');
    case 'locked':
      return l10n.t('Waiting for a lock');
    case 'waiting':
      return l10n.t('Sleeping or waiting otherwise');
    case 'file':
      return l10n.t('File operations');
    case 'timer':
      return l10n.t('Timers');
    case 'idle':
      return l10n.t('Idle threads');
  }
}

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
    label: cpuName(cpu),
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
    const who = item.thread === 0 ? cpuName(item.cpu) : name(item.thread);
    return l10n.t('{0}: {1}, on CPU {2} at {3}', who, item.label, item.cpu, momentText(item.time, 1000));
  }
  const { begin, end, isOpen, thread, cpu } = item;
  const length = isOpen ? l10n.t('{0} up to now', lengthText(end - begin)) : lengthText(end - begin);
  const since = momentText(begin, 1000);
  switch (item.activity) {
    case 'running':
      return l10n.t('{0} ran on CPU {1} for {2}, from {3}', name(thread), cpu, length, since);
    case 'ready':
      return item.wokenBy === undefined
        ? l10n.t('{0} could run and did not for {1}, from {2}, put off its CPU', name(thread), length, since)
        : l10n.t(
            '{0} could run and did not for {1}, from {2}, woken by {3}',
            name(thread),
            length,
            since,
            name(item.wokenBy),
          );
    case 'waiting':
      return item.kind === 'sleep'
        ? l10n.t('{0} slept for {1}, from {2}', name(thread), length, since)
        : l10n.t('{0} waited for {1} for {2}, from {3}', name(thread), item.description, length, since);
  }
}

function cpuName(cpu: number): string {
  return l10n.t('CPU {0}', cpu);
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
  switch (item.activity) {
    case 'running':
      return l10n.t('running');
    case 'ready':
      return l10n.t('ready');
    case 'waiting':
      return item.description;
  }
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
