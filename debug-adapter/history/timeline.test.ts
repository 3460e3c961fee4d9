import { describe, expect, test } from 'vitest';
import type { TraceReading } from '../kernels/model.ts';
import { EventLog } from './event-log.ts';
import { latencies } from './latency.ts';
import { buildTimeline, type Interval, isIdleName } from './timeline.ts';

const KINDS = [
  'none',
  'thread_switch',
  'thread_wake',
  'lock_wait',
  'lock_acquire',
  'lock_release',
  'timer_fire',
  'vnode_operation',
  'thread_start',
  'thread_exit',
];

/** time, thread that ran, kind, object, value */
type Row = [number, number, string, number, number];

/** Addresses of threads are their ids times this. */
const AT = 1000;
const MAIN = 1;
const WRITER = 2;
const IDLE = 3;
const LOCK = 77;

function reading(end: number, cpus: Row[][], more: Partial<TraceReading> = {}): TraceReading {
  return {
    guestTime: end,
    kinds: KINDS,
    operations: ['open', 'read_directory'],
    waits: [undefined, 'mutex', 'sleep'],
    off: [],
    threads: { [MAIN]: 'main', [WRITER]: 'writer-0', [IDLE]: 'idle-0' },
    objects: { [LOCK]: 'vnode /data/log', 5: 'time slice' },
    cpus: cpus.map((rows, cpu) => ({
      cpu,
      next: rows.length,
      lost: 0,
      events: {
        time: rows.map(([time]) => time),
        thread: rows.map(([, thread]) => thread),
        kind: rows.map(([, , kind]) => KINDS.indexOf(kind)),
        object: rows.map(([, , , object]) => object),
        value: rows.map(([, , , , value]) => value),
      },
    })),
    ...more,
  };
}

function logOf(...readings: TraceReading[]): EventLog {
  const log = new EventLog();
  for (const one of readings) {
    log.add(one);
  }
  return log;
}

const switchTo = (time: number, from: number, to: number): Row => [time, from, 'thread_switch', to * AT, to];
const wake = (time: number, by: number, thread: number, cpu = 0): Row => [time, by, 'thread_wake', thread * AT, cpu];

/** `running 10–20` of each interval. */
function told(intervals: readonly Interval[]): string[] {
  return intervals.map(({ activity, begin, end, isOpen }) => `${activity} ${begin}–${isOpen ? '' : end}`);
}

function thread(log: EventLog, id: number): Interval[] {
  return buildTimeline(log).threads.find((lane) => lane.id === id)?.intervals ?? [];
}

describe('one CPU', () => {
  const log = logOf(
    reading(100, [
      [
        switchTo(10, MAIN, WRITER),
        [15, WRITER, 'lock_wait', LOCK, 1],
        switchTo(16, WRITER, MAIN),
        wake(40, MAIN, WRITER),
        switchTo(50, MAIN, WRITER),
        [51, WRITER, 'lock_acquire', LOCK, 25],
        [60, WRITER, 'lock_release', LOCK, 9],
        [61, WRITER, 'lock_wait', 0, 2],
        switchTo(62, WRITER, IDLE),
      ],
    ]),
  );

  test('what each thread did, and who woke it', () => {
    expect(told(thread(log, WRITER))).toEqual([
      'running 10–16',
      'waiting 16–40',
      'ready 40–50',
      'running 50–62',
      'waiting 62–',
    ]);
    expect(thread(log, WRITER)[1]).toMatchObject({ kind: 'mutex', object: LOCK, description: 'vnode /data/log' });
    expect(thread(log, WRITER)[2]).toMatchObject({ wokenBy: MAIN });
    expect(thread(log, WRITER)[4]).toMatchObject({ kind: 'sleep', description: 'sleep', end: 100 });
  });

  test('a thread that is put off its CPU is ready, woken by nobody', () => {
    expect(told(thread(log, MAIN))).toEqual(['ready 10–16', 'running 16–50', 'ready 50–']);
    expect(thread(log, MAIN)[0]).not.toHaveProperty('wokenBy');
  });

  test('the CPU ran one after the other, up to now', () => {
    const { cpus, begin, end } = buildTimeline(log);
    expect([begin, end]).toEqual([10, 100]);
    expect(cpus[0]?.intervals.map(({ thread: id, begin: from, end: to }) => [id, from, to])).toEqual([
      [WRITER, 10, 16],
      [MAIN, 16, 50],
      [WRITER, 50, 62],
      [IDLE, 62, 100],
    ]);
  });

  test('latencies', () => {
    const { locks, wakeUps } = latencies(log, buildTimeline(log));
    expect(locks).toMatchObject([
      {
        name: 'vnode /data/log',
        acquisitions: 1,
        waited: { count: 1, total: 25, median: 25, p95: 25, max: 25 },
        slowest: { name: 'writer-0' },
        held: { count: 1, max: 9 },
        waiting: [],
      },
    ]);
    expect(wakeUps).toMatchObject([{ name: 'writer-0', latency: { count: 1, max: 10 }, slowestAt: 50 }]);
  });

  test('latencies of a part of the time', () => {
    const { locks, wakeUps } = latencies(log, buildTimeline(log), { begin: 55, end: 100 });
    expect(locks).toMatchObject([{ acquisitions: 0, held: { count: 1 } }]);
    expect(wakeUps).toEqual([]);
  });
});

test('a wait that is open tells whom it is for', () => {
  const log = logOf(reading(90, [[[10, WRITER, 'lock_wait', LOCK, 1], switchTo(12, WRITER, IDLE)]]));
  const { locks } = latencies(log, buildTimeline(log));
  expect(locks).toMatchObject([{ name: 'vnode /data/log', waiting: [{ name: 'writer-0', since: 12 }] }]);
});

test('a thread that has waited since before the rings begin waits on', () => {
  const wait = { kind: 'mutex', mode: 'exclusive', object: LOCK, description: 'vnode /data/log', since: 3 } as const;
  const rows = [[switchTo(50, MAIN, IDLE)]];
  const log = logOf(reading(90, rows, { waiting: [{ thread: WRITER, wait }] }));
  expect(told(thread(log, WRITER))).toEqual(['waiting 3–']);
  expect(latencies(log, buildTimeline(log)).locks).toMatchObject([{ waiting: [{ name: 'writer-0', since: 3 }] }]);
  // What the rings do tell of a thread is not told twice.
  const both = logOf(reading(90, rows, { waiting: [{ thread: MAIN, wait }] }));
  expect(thread(both, MAIN).map(({ begin }) => begin)).toEqual([50]);
});

test('woken before it had left its CPU, a thread is ready and never waited', () => {
  const log = logOf(
    reading(90, [
      [
        switchTo(2, MAIN, WRITER),
        [10, WRITER, 'lock_wait', LOCK, 1],
        switchTo(14, WRITER, MAIN),
        switchTo(20, MAIN, WRITER),
      ],
      [switchTo(5, 4, IDLE), wake(12, IDLE, WRITER)],
    ]),
  );
  expect(told(thread(log, WRITER))).toEqual(['running 2–14', 'ready 14–20', 'running 20–']);
});

test('a wake-up of a thread whose address was not known yet does not reach into what it did before', () => {
  const log = logOf(
    reading(90, [
      [[10, WRITER, 'lock_wait', LOCK, 1], switchTo(14, WRITER, MAIN), switchTo(20, MAIN, WRITER)],
      [switchTo(5, 4, IDLE), wake(12, IDLE, WRITER)],
    ]),
  );
  expect(told(thread(log, WRITER))).toEqual(['running 10–14', 'ready 14–20', 'running 20–']);
});

test('who is woken is known by the switch that follows', () => {
  const log = logOf(reading(90, [[wake(10, MAIN, WRITER), switchTo(30, MAIN, WRITER)]]));
  expect(told(thread(log, WRITER))).toEqual(['ready 10–30', 'running 30–']);
});

test('an address that is used again is another thread', () => {
  const other = 9;
  const log = logOf(
    reading(90, [
      [
        [5, WRITER, 'thread_start', WRITER * AT, WRITER],
        [10, WRITER, 'thread_exit', WRITER * AT, WRITER],
        switchTo(11, WRITER, MAIN),
        wake(20, MAIN, WRITER),
        [30, MAIN, 'thread_switch', WRITER * AT, other],
      ],
    ]),
  );
  expect(told(thread(log, WRITER))).toEqual(['running 5–11']);
  expect(told(thread(log, other))).toEqual(['ready 20–30', 'running 30–']);
  expect(buildTimeline(log).threads.find(({ id }) => id === other)?.name).toBe('thread 9 (ended)');
});

describe('readings', () => {
  const first: Row[] = [switchTo(10, MAIN, WRITER), switchTo(20, WRITER, MAIN)];

  test('one after the other are one story', () => {
    const log = logOf(reading(25, [first]));
    expect(log.after).toEqual([2]);
    const next = reading(60, [[switchTo(40, MAIN, WRITER)]]);
    log.add({ ...next, cpus: next.cpus.map((cpu) => ({ ...cpu, next: 3 })) });
    expect(told(thread(log, WRITER))).toEqual(['running 10–20', 'ready 20–40', 'running 40–']);
  });

  test('what the ring lost is no interval', () => {
    const log = logOf(reading(25, [first]));
    const next = reading(90, [[switchTo(70, MAIN, WRITER)]]);
    log.add({ ...next, cpus: next.cpus.map((cpu) => ({ ...cpu, next: 9, lost: 6 })) });
    expect(log.lost).toBe(6);
    expect(told(thread(log, WRITER))).toEqual(['running 10–20', 'running 70–']);
    // Whom the CPU ran from 20 to 70 is not known.
    expect(told(thread(log, MAIN)).join()).not.toMatch(/running 20/);
  });

  test('of a guest that began anew replace those before', () => {
    const log = logOf(reading(1000, [first]), reading(30, [[switchTo(25, MAIN, WRITER)]]));
    expect(log.size).toBe(1);
    expect(log.after).toEqual([1]);
  });
});

test('file operations belong to threads, timers to CPUs', () => {
  const log = logOf(
    reading(90, [
      [
        [10, WRITER, 'vnode_operation', LOCK, 1],
        [20, WRITER, 'timer_fire', 5, 300],
      ],
    ]),
  );
  const { threads, cpus } = buildTimeline(log);
  expect(threads[0]?.marks).toMatchObject([{ time: 10, kind: 'file', label: 'read directory vnode /data/log' }]);
  expect(cpus[0]?.marks).toMatchObject([{ time: 20, kind: 'timer', label: 'timer time slice' }]);
  expect(latencies(log, buildTimeline(log)).timers).toMatchObject([
    { name: 'time slice', late: { count: 1, max: 300 } },
  ]);
});

describe('kinds that are not recorded are not made up', () => {
  const rows: Row[] = [[5, MAIN, 'timer_fire', 5, 0], switchTo(10, MAIN, WRITER), switchTo(20, WRITER, MAIN)];

  test('without switches nobody knows who ran', () => {
    const log = logOf(reading(90, [rows.slice(0, 1)], { off: ['thread_switch'] }));
    expect(buildTimeline(log).cpus[0]?.intervals).toEqual([]);
    expect(thread(log, MAIN)).toEqual([]);
  });

  test('without waits nobody knows why a thread does not run', () => {
    const log = logOf(reading(90, [rows], { off: ['lock_wait'] }));
    expect(told(thread(log, WRITER))).toEqual(['running 10–20']);
  });
});

test('nothing at all is an empty timeline', () => {
  expect(buildTimeline(new EventLog())).toMatchObject({ begin: 0, end: 0, cpus: [], threads: [] });
  expect(buildTimeline(logOf(reading(5, [[]])))).toMatchObject({ begin: 5, end: 5, threads: [] });
});

test('idle threads by name', () => {
  expect(['idle-0', 'idle12', 'idle', 'idler', 'main'].map(isIdleName)).toEqual([true, true, true, false, false]);
});
