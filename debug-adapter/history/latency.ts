/** How long threads waited for locks, and how long it took from being woken to running. */
import type { EventLog } from './event-log.ts';
import type { Timeline, WaitInterval } from './timeline.ts';

/** Nanoseconds. Percentiles are samples themselves (nearest rank). */
export interface Distribution {
  count: number;
  total: number;
  median: number;
  p95: number;
  max: number;
}

/** Locks of one name: a kernel calls many so that are made and freed again, such as those of files without a path. */
export interface LockLatency {
  name: string;
  /** How many. */
  locks: number;
  acquisitions: number;
  /** Of the acquisitions that had to wait. */
  waited: Distribution;
  /** Who waited longest; undefined when nobody did. */
  slowest?: { thread: number; name: string };
  held: Distribution;
  /** Threads that wait for it at the end. */
  waiting: { thread: number; name: string; since: number }[];
}

export interface WakeUpLatency {
  thread: number;
  name: string;
  latency: Distribution;
  /** When the longest one ended. */
  slowestAt: number;
}

/** Timers of one name. */
export interface TimerLatency {
  name: string;
  /** How late callbacks were called. */
  late: Distribution;
}

export interface Latencies {
  /** Those most waited for first. */
  locks: LockLatency[];
  /** The slowest at most times first. */
  wakeUps: WakeUpLatency[];
  timers: TimerLatency[];
}

export function distribution(samples: readonly number[]): Distribution {
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return {
    count: sorted.length,
    total: sorted.reduce((sum, value) => sum + value, 0),
    median: rank(0.5),
    p95: rank(0.95),
    max: sorted.at(-1) ?? 0,
  };
}

/** All that lies between `begin` and `end`, the whole timeline by default. */
export function latencies(
  log: EventLog,
  timeline: Timeline,
  { begin, end }: { begin: number; end: number } = timeline,
): Latencies {
  return {
    locks: lockLatencies(log, timeline, begin, end),
    wakeUps: wakeUpLatencies(log, timeline, begin, end),
    timers: timerLatencies(log, begin, end),
  };
}

/** What the rings tell of is gone where it stood. */
const GONE = 'locks that are gone';

interface LockSamples {
  locks: Set<number>;
  acquisitions: number;
  waited: number[];
  held: number[];
  slowest: { thread: number; time: number } | undefined;
}

function lockLatencies(log: EventLog, timeline: Timeline, begin: number, end: number): LockLatency[] {
  const byName = new Map<string, LockSamples>();
  const lockName = (lock: number): string => log.objects.get(lock) ?? GONE;
  const samplesOf = (lock: number): LockSamples => {
    const lockSamples = byName.get(lockName(lock)) ?? {
      locks: new Set(),
      acquisitions: 0,
      waited: [],
      held: [],
      slowest: undefined,
    };
    byName.set(lockName(lock), lockSamples);
    lockSamples.locks.add(lock);
    return lockSamples;
  };
  for (const { time, kind, object, value, thread } of log.inOrder()) {
    if (time < begin || time > end) {
      continue;
    }
    if (kind === 'lock_acquire') {
      const samples = samplesOf(object);
      samples.acquisitions++;
      if (value > 0) {
        samples.waited.push(value);
        if (value > (samples.slowest?.time ?? 0)) {
          samples.slowest = { thread, time: value };
        }
      }
    } else if (kind === 'lock_release') {
      samplesOf(object).held.push(value);
    }
  }
  const waiting = stillWaiting(timeline, end);
  for (const { object, kind } of waiting) {
    if (kind === 'mutex' || kind === 'readerWriterLock') {
      samplesOf(object);
    }
  }
  const name = (thread: number): string => log.threads.get(thread) ?? `thread ${thread}`;
  return [...byName]
    .map(([lock, { locks, acquisitions, waited, held, slowest }]) => ({
      name: lock,
      locks: locks.size,
      acquisitions,
      waited: distribution(waited),
      ...(slowest && { slowest: { thread: slowest.thread, name: name(slowest.thread) } }),
      held: distribution(held),
      waiting: waiting
        .filter(({ object }) => locks.has(object))
        .map(({ thread, begin: since }) => ({ thread, name: name(thread), since })),
    }))
    .sort((a, b) => b.waited.total - a.waited.total || b.acquisitions - a.acquisitions);
}

function stillWaiting({ threads }: Timeline, end: number): WaitInterval[] {
  return threads.flatMap(({ intervals }) =>
    intervals.filter(
      (interval): interval is WaitInterval =>
        interval.activity === 'waiting' && interval.isOpen && interval.begin <= end,
    ),
  );
}

function wakeUpLatencies(log: EventLog, { wakeUps }: Timeline, begin: number, end: number): WakeUpLatency[] {
  const byThread = new Map<number, { samples: number[]; slowest: number; slowestAt: number }>();
  for (const { thread, time, latency } of wakeUps) {
    if (time < begin || time > end) {
      continue;
    }
    const known = byThread.get(thread) ?? { samples: [], slowest: -1, slowestAt: 0 };
    known.samples.push(latency);
    if (latency > known.slowest) {
      known.slowest = latency;
      known.slowestAt = time;
    }
    byThread.set(thread, known);
  }
  return [...byThread]
    .map(([thread, { samples, slowestAt }]) => ({
      thread,
      name: log.threads.get(thread) ?? `thread ${thread}`,
      latency: distribution(samples),
      slowestAt,
    }))
    .sort((a, b) => b.latency.p95 - a.latency.p95);
}

function timerLatencies(log: EventLog, begin: number, end: number): TimerLatency[] {
  const late = new Map<string, number[]>();
  for (const { time, kind, object, value } of log.inOrder()) {
    if (kind === 'timer_fire' && time >= begin && time <= end) {
      const name = log.objects.get(object) ?? 'timers that are gone';
      const samples = late.get(name) ?? [];
      late.set(name, samples);
      samples.push(value);
    }
  }
  return [...late]
    .map(([name, samples]) => ({ name, late: distribution(samples) }))
    .sort((a, b) => b.late.p95 - a.late.p95);
}
