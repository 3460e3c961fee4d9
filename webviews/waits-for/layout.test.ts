import { describe, expect, test } from 'vitest';
import { graphOf, lockKey, threadKey } from './graph.ts';
import { Placement, type Spot } from './layout.ts';
import type { LockRow, LockThread } from './messages.ts';

function thread(id: number, more: Partial<LockThread> = {}): LockThread {
  return { thread: id, threadName: `thread-${id}`, mode: 'exclusive', ...more };
}

function lock(key: number, holders: LockThread[], waiters: LockThread[], cycle?: string): LockRow {
  return { key, kind: 'mutex', description: `mutex "${key}"`, holders, waiters, ...(cycle !== undefined && { cycle }) };
}

/** Threads 1 and 2 hold locks 10 and 20 and want the other's. */
function deadlock(): LockRow[] {
  const cyclic = { inCycle: true } as const;
  return [
    lock(10, [thread(1, cyclic)], [thread(2, cyclic)], 'a deadlock'),
    lock(20, [thread(2, cyclic)], [thread(1, cyclic)], 'a deadlock'),
  ];
}

function at(places: ReadonlyMap<string, Spot>, key: string): Spot {
  const spot = places.get(key);
  if (!spot) {
    throw new Error(`${key} has no place`);
  }
  return spot;
}

describe('a new picture', () => {
  test('reads from left to right: who waits, the lock, who holds it', () => {
    const places = new Placement().place(graphOf([lock(10, [thread(1)], [thread(2)])]));
    const lockSpot = at(places, lockKey(10));
    expect(at(places, threadKey(2))).toEqual({ column: lockSpot.column - 1, row: lockSpot.row });
    expect(at(places, threadKey(1))).toEqual({ column: lockSpot.column + 1, row: lockSpot.row });
  });

  test('gives no two nodes one place, however many wait', () => {
    const rows = Array.from({ length: 40 }, (_, index) =>
      lock(
        index,
        [thread(1000 + (index % 7))],
        Array.from({ length: index % 15 }, (_, waiter) => thread(100 * index + waiter)),
      ),
    );
    const graph = graphOf(rows);
    const places = new Placement().place(graph);
    expect([...places.keys()].sort()).toEqual([...graph.nodes.keys()].sort());
    expect(new Set([...places.values()].map(({ column, row }) => `${column},${row}`)).size).toBe(graph.nodes.size);
  });

  test('a chain of waiting goes on to the right', () => {
    const rows = [lock(10, [thread(1)], [thread(2)]), lock(20, [thread(2)], [thread(3)])];
    const places = new Placement().place(graphOf(rows));
    const columns = [threadKey(3), lockKey(20), threadKey(2), lockKey(10), threadKey(1)].map(
      (key) => at(places, key).column,
    );
    expect(columns).toEqual([...columns].sort((a, b) => a - b));
    expect(new Set(columns).size).toBe(5);
  });

  test('a deadlock of two is a ring of two rows and two columns', () => {
    const places = new Placement().place(graphOf(deadlock()));
    const spots = [threadKey(1), lockKey(20), threadKey(2), lockKey(10)].map((key) => at(places, key));
    expect(new Set(spots.map(({ column }) => column)).size).toBe(2);
    expect(new Set(spots.map(({ row }) => row)).size).toBe(2);
    // Each is beside or below the next.
    for (const [index, { column, row }] of spots.entries()) {
      const next = spots[(index + 1) % spots.length] as Spot;
      expect(Number(column === next.column) + Number(row === next.row)).toBe(1);
    }
  });

  test('nothing stands inside a ring, also later', () => {
    const placement = new Placement();
    placement.place(graphOf(deadlock()));
    const busy = Array.from({ length: 9 }, (_, index) => lock(100 + index, [thread(50 + index)], [thread(70)]));
    const crowded = deadlock().map((row) => ({ ...row, waiters: [...row.waiters, thread(30), thread(31)] }));
    const places = placement.place(graphOf([...crowded, ...busy]));
    const ring = [threadKey(1), lockKey(20), threadKey(2), lockKey(10)].map((key) => at(places, key));
    const rows = ring.map(({ row }) => row);
    const columns = ring.map(({ column }) => column);
    const inside = [...places.values()].filter(
      ({ column, row }) =>
        row > Math.min(...rows) &&
        row < Math.max(...rows) &&
        column >= Math.min(...columns) &&
        column <= Math.max(...columns),
    );
    expect(inside).toEqual([]);
  });

  test('a thread that waits for a lock of its own has a place beside it', () => {
    const places = new Placement().place(
      graphOf([lock(10, [thread(1, { inCycle: true })], [thread(1, { inCycle: true })], 'alone')]),
    );
    expect(places.size).toBe(2);
  });
});

describe('a picture that changes', () => {
  test('what stays does not move, whatever comes and goes', () => {
    const placement = new Placement();
    const stays = [lock(10, [thread(1)], [thread(2), thread(3)])];
    const before = new Map(placement.place(graphOf(stays)));
    for (let round = 1; round < 50; round++) {
      const others = Array.from({ length: round % 9 }, (_, index) =>
        lock(100 + ((round * 7 + index) % 30), [thread(200 + index)], [thread(300 + ((round + index) % 20))]),
      );
      const places = placement.place(graphOf([...others, ...stays]));
      for (const [key, spot] of before) {
        expect([key, places.get(key)]).toEqual([key, spot]);
      }
    }
  });

  test('what comes back stands where it stood', () => {
    const placement = new Placement();
    const rows = [lock(10, [thread(1)], [thread(2), thread(3), thread(4)])];
    const before = new Map(placement.place(graphOf(rows)));
    placement.place(graphOf([lock(10, [thread(1)], [thread(4)])]));
    placement.place(graphOf([]));
    expect(placement.place(graphOf(rows))).toEqual(before);
  });

  test('a ring that comes back is the ring that it was', () => {
    const placement = new Placement();
    placement.place(graphOf([lock(90, [thread(91)], [thread(92)])]));
    const before = new Map(placement.place(graphOf(deadlock())));
    placement.place(graphOf([lock(90, [thread(91)], [thread(92)])]));
    expect(placement.place(graphOf(deadlock()))).toEqual(before);
  });

  test('what comes back to another lock stands beside that one', () => {
    const placement = new Placement();
    const busy = Array.from({ length: 12 }, (_, index) => lock(index, [thread(100 + index)], [thread(200 + index)]));
    placement.place(graphOf([...busy, lock(50, [thread(1)], [thread(2)])]));
    placement.place(graphOf(busy));
    const moved = busy.map((row) => (row.key === 0 ? { ...row, waiters: [...row.waiters, thread(2)] } : row));
    const places = placement.place(graphOf(moved));
    const lockSpot = at(places, lockKey(0));
    expect(at(places, threadKey(2)).column).toBeLessThan(lockSpot.column);
    expect(Math.abs(at(places, threadKey(2)).row - lockSpot.row)).toBeLessThanOrEqual(3);
  });

  test('arranged anew it is what a new picture is', () => {
    const placement = new Placement();
    placement.place(graphOf([lock(10, [thread(1)], [thread(2)]), lock(30, [thread(7)], [])]));
    placement.forget();
    expect(placement.place(graphOf(deadlock()))).toEqual(new Placement().place(graphOf(deadlock())));
  });
});
