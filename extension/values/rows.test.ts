import { beforeEach, describe, expect, test } from 'vitest';
import type { LiveValue } from '../../debug-adapter/protocol.ts';
import { moved, opens, type Pin, rangeOf, rangesBelow, type WatchRow, WatchRows } from './rows.ts';

let rows: WatchRows;
beforeEach(() => {
  rows = new WatchRows();
  rows.setPins([
    { id: 1, expression: 'a' },
    { id: 2, expression: 'b', label: 'the b' },
  ]);
});

const value = (name: string, text: string, rest: Partial<LiveValue> = {}): LiveValue => ({
  name,
  expression: name,
  value: text,
  type: 'int',
  named: 0,
  indexed: 0,
  ...rest,
});
const array = (name: string, indexed: number): LiveValue => value(name, '{...}', { type: 'int []', indexed });
const element = (index: number, text: string): LiveValue => value(`[${index}]`, text, { expression: `(a)[${index}]` });
const ids = (list: readonly WatchRow[]): string[] => list.map(({ id }) => id);

function pinned(index: number): WatchRow {
  const row = rows.pins[index];
  if (!row) {
    throw new Error(`There is no pin ${index}`);
  }
  return row;
}

describe('pins', () => {
  test('are called by their label, or else by their expression', () => {
    expect(rows.pins.map(({ name }) => name)).toEqual(['a', 'the b']);
  });

  test('keep their rows when others come, go or move; a new expression is a new row', () => {
    const [a, b] = rows.pins;
    rows.setPins([
      { id: 2, expression: 'b' },
      { id: 3, expression: 'c' },
      { id: 1, expression: 'a' },
    ]);
    expect(rows.pins[0]).toBe(b);
    expect(rows.pins[2]).toBe(a);
    expect(b?.name).toBe('b');
    rows.setPins([{ id: 1, expression: 'a + 1' }]);
    expect(rows.pins[0]).not.toBe(a);
    expect(rows.pins[0]?.id).toBe(a?.id);
  });
});

describe('values', () => {
  test('only rows that look different are drawn', () => {
    expect(ids(rows.apply({ values: [value('a', '1'), value('b', '2')] }, 0))).toEqual(['pin/1', 'pin/2']);
    expect(rows.apply({ values: [value('a', '1'), value('b', '2')] }, 1)).toEqual([]);
    expect(ids(rows.apply({ values: [value('a', '1'), value('b', '3')] }, 2))).toEqual(['pin/2']);
  });

  test('one that changed is marked until it stays; the first is no change', () => {
    rows.apply({ values: [value('a', '1')] }, 0);
    expect(pinned(0).changed).toBe(false);
    rows.apply({ values: [value('a', '2')] }, 1);
    expect(pinned(0).changed).toBe(true);
    expect(ids(rows.apply({ values: [value('a', '2')] }, 2))).toEqual(['pin/1']);
    expect(pinned(0).changed).toBe(false);
  });

  test('a failure, and its end, are changes', () => {
    rows.apply({ values: [value('a', '1')] }, 0);
    expect(ids(rows.apply({ values: [value('a', '', { error: 'Gone.' })] }, 1))).toEqual(['pin/1']);
    expect(ids(rows.apply({ values: [value('a', '1')] }, 2))).toEqual(['pin/1']);
  });

  test('numbers are remembered, other values are not', () => {
    rows.apply({ values: [value('a', '1'), value('b', '0x1000', { type: 'T *' })] }, 0);
    rows.apply({ values: [value('a', '5'), value('b', '0x2000', { type: 'T *' })] }, 7);
    expect(pinned(0).history.changes).toEqual([
      { time: 0, value: 1 },
      { time: 7, value: 5 },
    ]);
    expect(pinned(1).history.changes).toEqual([]);
  });

  test('of another guest nothing is left but what was open', () => {
    rows.apply({ values: [array('a', 2), value('b', '1')] }, 0);
    rows.setExpanded(pinned(0), true);
    rows.open(pinned(0), [element(0, 'x')], 0);
    rows.clear();
    expect(pinned(0).value).toBeUndefined();
    expect(pinned(0).children).toBeUndefined();
    expect(pinned(1).history.changes).toEqual([]);
    expect(rows.isExpanded(pinned(0))).toBe(true);
  });
});

describe('children', () => {
  beforeEach(() => {
    rows.apply({ values: [array('a', 3), value('b', '1')] }, 0);
    rows.setExpanded(pinned(0), true);
  });

  const told = (...texts: string[]) => ({
    values: [array('a', texts.length), value('b', '1')],
    children: [texts.map((text, index) => element(index, text))],
  });

  test('are asked for while their row is open', () => {
    expect(rows.wanted()).toEqual({
      expressions: ['a', 'b'],
      expanded: [{ expression: 'a', start: 0, count: 3 }],
    });
    expect(rows.setExpanded(pinned(0), false)).toBe(true);
    expect(rows.setExpanded(pinned(0), false)).toBe(false);
    expect(rows.wanted().expanded).toEqual([]);
  });

  test('keep their rows, and only those that changed are drawn', () => {
    const opened = rows.open(pinned(0), told('x', 'y', 'z').children[0] ?? [], 0);
    rows.wanted();
    expect(ids(rows.apply(told('x', 'Y', 'z'), 1))).toEqual(['pin/1/[1]']);
    expect(pinned(0).children?.[0]).toBe(opened[0]);
  });

  test('that are more, fewer or others draw the row that holds them', () => {
    rows.open(pinned(0), told('x', 'y').children[0] ?? [], 0);
    rows.wanted();
    expect(ids(rows.apply(told('x', 'y', 'z'), 1))).toContain('pin/1');
    expect(pinned(0).children).toHaveLength(3);
  });

  test('an element that is another object now is asked for by its new expression', () => {
    const [first] = rows.open(pinned(0), [value('[0]', '{...}', { expression: '{T}0x1000', named: 2 })], 0);
    rows.setExpanded(first ?? pinned(0), true);
    rows.wanted();
    const moved = value('[0]', '{...}', { expression: '{T}0x2000', named: 2 });
    rows.apply({ values: [array('a', 1)], children: [[moved], []] }, 1);
    expect(rows.wanted().expanded.map(({ expression }) => expression)).toEqual(['a', '{T}0x2000']);
  });

  test('two of one name have two rows', () => {
    const both = rows.open(pinned(0), [value('Base', '1'), value('Base', '2')], 0);
    expect(new Set(ids(both)).size).toBe(2);
  });

  test('those of a closed row inside an open one are not asked for', () => {
    const [child] = rows.open(pinned(0), [value('[0]', '{...}', { named: 3 })], 0);
    expect(rows.wanted().expanded).toHaveLength(1);
    rows.setExpanded(child ?? pinned(0), true);
    expect(rows.wanted().expanded).toHaveLength(2);
    rows.setExpanded(pinned(0), false);
    expect(rows.wanted().expanded).toEqual([]);
  });

  test('an answer to what was asked before changes nothing that is open now', () => {
    rows.wanted();
    rows.apply({ values: [value('a', '7')], children: [[], [element(0, 'late')]] }, 1);
    expect(pinned(0).children).toEqual([]);
  });
});

describe('ranges', () => {
  function open(count: number): WatchRow[] {
    rows.apply({ values: [array('a', count)] }, 0);
    return rangesBelow(pinned(0)) ?? [];
  }

  test('a hundred elements need none', () => {
    expect(open(100)).toEqual([]);
    expect(rangeOf(pinned(0))).toEqual({ start: 0, count: 100 });
  });

  test('more are cut into hundreds', () => {
    expect(open(256).map(({ name }) => name)).toEqual(['[0…99]', '[100…199]', '[200…255]']);
    expect(rangeOf(pinned(0))).toBeUndefined();
  });

  test('a million is cut twice, and a range of the second level holds elements', () => {
    const first = open(1_000_000);
    expect(first).toHaveLength(100);
    const second = rangesBelow(first[99] ?? pinned(0)) ?? [];
    expect(second).toHaveLength(100);
    expect(second[99]?.name).toBe('[999900…999999]');
    const last = second[99] ?? pinned(0);
    expect(rangesBelow(last)).toBeUndefined();
    expect(opens(last)).toBe(true);
    for (const row of [pinned(0), first[99], last]) {
      rows.setExpanded(row ?? pinned(0), true);
    }
    expect(rows.wanted().expanded).toEqual([{ expression: 'a', start: 999_900, count: 100 }]);
  });

  test('keep their rows', () => {
    const before = open(256);
    expect(open(256)).toEqual(before);
    expect(open(256)[0]).toBe(before[0]);
  });
});

test('no more is asked for than the adapter takes', () => {
  rows.setPins(Array.from({ length: 300 }, (_, id) => ({ id, expression: `x${id}` })));
  rows.apply({ values: Array.from({ length: 200 }, (_, index) => array(`x${index}`, 2)) }, 0);
  for (const row of rows.pins) {
    rows.setExpanded(row, true);
  }
  const { expressions, expanded } = rows.wanted();
  expect(expressions).toHaveLength(200);
  expect(expanded).toHaveLength(50);
});

describe('moving', () => {
  const pins: Pin[] = [1, 2, 3, 4].map((id) => ({ id, expression: `x${id}` }));
  const order = (ids: number[], target: number | undefined): number[] => {
    rows.setPins(pins);
    const row = rows.pins.find(({ id }) => id === `pin/${target}`);
    return moved(
      pins,
      ids.map((id) => `pin/${id}`),
      row,
    ).map(({ id }) => id);
  };

  test.each([
    ['ahead of another', [4], 2, [1, 4, 2, 3]],
    ['several, in their order', [4, 1], 3, [2, 1, 4, 3]],
    ['to the end', [1], undefined, [2, 3, 4, 1]],
    ['on itself', [2], 2, [1, 2, 3, 4]],
    ['on one of those that move', [1, 3], 3, [1, 2, 3, 4]],
    ['what is none of them', [9], 1, [1, 2, 3, 4]],
  ])('%s', (_, ids, target, expected) => {
    expect(order(ids, target)).toEqual(expected);
  });

  test('onto what lies below a pin: ahead of that pin', () => {
    rows.setPins(pins);
    rows.apply({ values: [value('x1', '1'), array('x2', 2)] }, 0);
    const [child] = rows.open(pinned(1), [element(0, 'x')], 0);
    expect(moved(pins, ['pin/4'], child).map(({ id }) => id)).toEqual([1, 4, 2, 3]);
  });
});
