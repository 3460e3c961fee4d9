import { describe, expect, test } from 'vitest';
import type { HeldLockInfo, LockKind, LockMode, ThreadRow } from './model.ts';
import { findCycles } from './waits-for.ts';
import { waitsForRows } from './waits-for-graph.ts';

const NAMES: Record<number, string> = { 100: 'vnode /a', 200: 'vnode /b', 300: 'mutex "m"', 400: 'condition "c"' };

function held(lock: number, mode: LockMode = 'exclusive', since = 10): HeldLockInfo {
  return { lock, kind: 'readerWriterLock', mode, description: NAMES[lock] ?? '', since };
}

function thread(id: number, holds: HeldLockInfo[], wants?: [number, LockMode?, number?, LockKind?]): ThreadRow {
  const [object = 0, mode = 'exclusive', since = 20, kind = 'readerWriterLock'] = wants ?? [];
  return {
    key: id,
    id,
    name: `t${id}`,
    state: wants ? 'waiting' : 'running',
    cpu: 0,
    priority: 0,
    cpuTime: 0,
    switches: 0,
    preemptions: 0,
    migrations: 0,
    holds,
    ...(wants && {
      frame: `f${id} (x.cc:${id})`,
      waitsFor: { kind, mode, object, description: NAMES[object] ?? `thread t${object}`, since },
    }),
  };
}

function describeCycles(threads: ThreadRow[]): string[] {
  return findCycles(threads).map(({ description }) => description);
}

describe('cycles', () => {
  test('two threads in opposite order', () => {
    expect(describeCycles([thread(1, [held(100)], [200]), thread(2, [held(200)], [100])])).toEqual([
      't1 holds vnode /a, waits for vnode /b; t2 holds vnode /b, waits for vnode /a',
    ]);
  });

  test('readers that both want to write', () => {
    const cycles = findCycles([
      thread(1, [held(100, 'shared')], [100, 'exclusive', 20]),
      thread(2, [held(100, 'shared')]),
    ]);
    // One reader alone: it waits for itself and for the other, who goes on.
    expect(cycles.map(({ threads }) => threads.map(({ thread }) => thread))).toEqual([[1]]);
  });

  test('a reader behind a writer in the queue', () => {
    const threads = [
      thread(1, [held(100, 'shared')], [200]),
      thread(2, [], [100, 'exclusive', 20]),
      thread(3, [held(200)], [100, 'shared', 30]),
    ];
    expect(describeCycles(threads)).toEqual([
      't1 holds vnode /a, waits for vnode /b; t3 holds vnode /b, waits for vnode /a; ' +
        't2 is ahead in the queue for vnode /a, waits for vnode /a',
    ]);
  });

  test('threads that join each other', () => {
    expect(
      describeCycles([thread(1, [], [2, 'exclusive', 5, 'join']), thread(2, [], [1, 'exclusive', 5, 'join'])]),
    ).toHaveLength(1);
  });

  test('no cycle: shared holders do not keep readers waiting; a condition ends by somebody’s will', () => {
    expect(
      describeCycles([
        thread(1, [held(100, 'shared')], [200, 'shared']),
        thread(2, [held(200, 'shared')], [100, 'shared']),
      ]),
    ).toEqual([]);
    expect(describeCycles([thread(1, [held(100)], [400, 'exclusive', 5, 'condition']), thread(2, [], [100])])).toEqual(
      [],
    );
  });

  test('what is not known since when is not told', () => {
    const [cycle] = findCycles(
      [thread(1, [held(100)], [200]), thread(2, [held(200)], [100])].map((row) => {
        delete row.waitsFor?.since;
        return row;
      }),
    );
    expect(cycle?.threads.map(({ since }) => since)).toEqual([undefined, undefined]);
  });

  test('a thousand threads in one ring are one cycle, and many rings are many', () => {
    const ring = (from: number, count: number): ThreadRow[] =>
      Array.from({ length: count }, (_, index) =>
        thread(from + index, [held(10_000 + from + index)], [10_000 + from + ((index + 1) % count)]),
      );
    expect(findCycles(ring(0, 1000)).map(({ threads }) => threads.length)).toEqual([1000]);
    expect(findCycles([...ring(0, 2), ...ring(10, 3), ...ring(20, 2)])).toHaveLength(3);
  });
});

describe('the graph', () => {
  test('has mutexes, reader-writer locks, conditions and joined threads, with holders and waiters; no sleeps', () => {
    const mutex: HeldLockInfo = { ...held(300), kind: 'mutex' };
    const threads = [
      thread(1, [mutex, held(100, 'shared', 3)]),
      thread(2, [held(100, 'shared', 4)], [300, 'exclusive', 30, 'mutex']),
      thread(3, [], [100, 'exclusive', 25]),
      thread(4, [], [400, 'exclusive', 26, 'condition']),
      thread(5, [], [1, 'exclusive', 27, 'join']),
      thread(6, [], [999, 'exclusive', 28, 'sleep']),
    ];
    const rows = waitsForRows(threads, findCycles(threads));
    expect(rows.map(({ key, kind }) => [key, kind])).toEqual([
      [1, 'join'],
      [100, 'readerWriterLock'],
      [300, 'mutex'],
      [400, 'condition'],
    ]);
    const row = (key: number) => rows.find((candidate) => candidate.key === key);
    expect(row(100)?.holders).toMatchObject([
      { thread: 1, mode: 'shared', since: 3 },
      { thread: 2, mode: 'shared', since: 4, frame: 'f2 (x.cc:2)' },
    ]);
    expect(row(100)?.waiters).toMatchObject([{ thread: 3, mode: 'exclusive', since: 25, frame: 'f3 (x.cc:3)' }]);
    expect(row(1)?.holders).toMatchObject([{ thread: 1 }]);
    expect(row(400)).toMatchObject({ holders: [], waiters: [{ thread: 4 }] });
  });

  test('a deadlock marks its locks, and of each the ends that are part of it', () => {
    const threads = [
      thread(1, [held(100)], [200]),
      thread(2, [held(200)], [100]),
      thread(3, [], [100, 'exclusive', 50]),
    ];
    const rows = waitsForRows(threads, findCycles(threads));
    expect(rows.map(({ key, cycle }) => [key, cycle !== undefined])).toEqual([
      [100, true],
      [200, true],
    ]);
    const [first] = rows;
    expect(first?.holders.map(({ thread: id, inCycle }) => [id, inCycle])).toEqual([[1, true]]);
    expect(first?.waiters.map(({ thread: id, inCycle }) => [id, inCycle])).toEqual([
      [2, true],
      [3, undefined],
    ]);
  });
});
