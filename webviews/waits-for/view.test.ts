import { expect, test } from 'vitest';
import type { Spot } from './layout.ts';
import {
  CELL,
  LEGIBLE,
  middleOf,
  NODE,
  nodeAt,
  nodeTowards,
  pictured,
  reveal,
  viewOfAll,
  viewToRead,
  zoom,
} from './view.ts';

const SIZE = { width: 800, height: 500 };

test.each([
  [[{ column: 0, row: 0 }]],
  [
    [
      { column: -3, row: 2 },
      { column: 9, row: 30 },
    ],
  ],
  [Array.from({ length: 100 }, (_, index) => ({ column: index % 7, row: Math.floor(index / 7) - 4 }))],
])('all of %j is seen', (spots: Spot[]) => {
  const view = viewOfAll(spots, SIZE);
  for (const spot of spots) {
    const { x, y } = middleOf(spot);
    expect(Math.abs(view.scale * x + view.offset.x - SIZE.width / 2)).toBeLessThanOrEqual(SIZE.width / 2);
    expect(Math.abs(view.scale * y + view.offset.y - SIZE.height / 2)).toBeLessThanOrEqual(SIZE.height / 2);
  }
});

test('no picture, and no room for one, are no division by nothing', () => {
  for (const view of [
    viewOfAll([], SIZE),
    viewToRead([], [], SIZE),
    viewOfAll([{ column: 0, row: 0 }], { width: 0, height: 0 }),
  ]) {
    expect([view.scale, view.offset.x, view.offset.y].every(Number.isFinite)).toBe(true);
    expect(view.scale).toBeGreaterThan(0);
  }
});

test('where all of it cannot be read, what matters is shown, else its beginning', () => {
  const crowd = Array.from({ length: 400 }, (_, index) => ({ column: index % 20, row: Math.floor(index / 20) }));
  const few = crowd.slice(0, 2);
  expect(viewToRead(few, [], SIZE)).toEqual(viewOfAll(few, SIZE));
  const deadlock = crowd.slice(205, 207);
  expect(viewToRead(crowd, deadlock, SIZE)).toEqual(viewOfAll(deadlock, SIZE));
  for (const view of [viewToRead(crowd, [], SIZE), viewToRead(crowd, crowd, SIZE)]) {
    expect(view.scale).toBe(LEGIBLE);
    expect(view.offset.x - (LEGIBLE * NODE.width) / 2).toBeGreaterThan(0);
  }
});

test('what is under the pointer stays there while it grows', () => {
  const pointer = { x: 300, y: 200 };
  const view = viewOfAll([{ column: 0, row: 0 }], SIZE);
  const before = pictured(view, pointer);
  const after = pictured(zoom(view, 1.5, pointer), pointer);
  expect(after.x).toBeCloseTo(before.x);
  expect(after.y).toBeCloseTo(before.y);
});

test('a point finds the node that is drawn there, and nothing between nodes', () => {
  const places = new Map<string, Spot>([
    ['a', { column: 0, row: 0 }],
    ['b', { column: 1, row: 0 }],
  ]);
  expect(nodeAt(places, { x: NODE.width / 2 - 1, y: 0 })).toBe('a');
  expect(nodeAt(places, { x: CELL.width, y: NODE.height / 2 - 1 })).toBe('b');
  expect(nodeAt(places, { x: CELL.width / 2, y: 0 })).toBeUndefined();
});

test('arrow keys go to the nearest node in their direction, and reach every one', () => {
  const places = new Map<string, Spot>(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((key, index) => [key, { column: index % 2, row: 2 * Math.floor(index / 2) }]),
  );
  expect(nodeTowards(places, 'a', 1, 0)).toBe('b');
  expect(nodeTowards(places, 'a', 0, 1)).toBe('c');
  expect(nodeTowards(places, 'a', -1, 0)).toBeUndefined();
  const reached = new Set(['a']);
  for (const key of reached) {
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const) {
      const next = nodeTowards(places, key, dx, dy);
      if (next !== undefined) {
        reached.add(next);
      }
    }
  }
  expect(reached.size).toBe(places.size);
});

test('a node out of sight is brought into it, and nothing moves for one that is seen', () => {
  const view = viewOfAll([{ column: 0, row: 0 }], SIZE);
  expect(reveal(view, { column: 0, row: 0 }, SIZE)).toEqual(view);
  const { x } = middleOf({ column: 20, row: 0 });
  const moved = reveal(view, { column: 20, row: 0 }, SIZE);
  expect(moved.scale * x + moved.offset.x).toBeLessThan(SIZE.width);
});
