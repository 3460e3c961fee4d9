import { describe, expect, test } from 'vitest';
import { cellAt, layOut, squarify } from './layout.ts';
import type { MapRow } from './messages.ts';

const AREA = { x: 10, y: 20, width: 600, height: 400 };

function row(label: string, weight: number, children: MapRow[] = []): MapRow {
  return {
    id: label,
    label,
    role: 'symbol',
    bytes: weight,
    weight,
    sizes: '',
    hasSource: false,
    hasChildren: children.length > 0,
    children,
  };
}

describe('rectangles', () => {
  test.each([[[6, 6, 4, 3, 2, 2, 1]], [[1]], [[1000, 1]], [Array.from({ length: 500 }, (_, index) => 500 - index)]])(
    '%j: areas are in proportion, all lie inside, none overlap',
    (sizes) => {
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const rectangles = squarify(sizes, AREA, total);
      expect(rectangles).toHaveLength(sizes.length);
      for (const [index, { x, y, width, height }] of rectangles.entries()) {
        expect(width * height).toBeCloseTo(((sizes[index] ?? 0) * AREA.width * AREA.height) / total, 3);
        expect(x).toBeGreaterThanOrEqual(AREA.x - 1e-6);
        expect(y).toBeGreaterThanOrEqual(AREA.y - 1e-6);
        expect(x + width).toBeLessThanOrEqual(AREA.x + AREA.width + 1e-6);
        expect(y + height).toBeLessThanOrEqual(AREA.y + AREA.height + 1e-6);
        for (const other of rectangles.slice(index + 1)) {
          const isApart =
            x + width <= other.x + 1e-6 ||
            other.x + other.width <= x + 1e-6 ||
            y + height <= other.y + 1e-6 ||
            other.y + other.height <= y + 1e-6;
          expect(isApart).toBe(true);
        }
      }
    },
  );

  test('are near to squares', () => {
    const rectangles = squarify([6, 6, 4, 3, 2, 2, 1], { x: 0, y: 0, width: 6, height: 4 }, 24);
    for (const { width, height } of rectangles) {
      expect(Math.max(width / height, height / width)).toBeLessThanOrEqual(3.01);
    }
  });

  test('nothing is drawn of nothing', () => {
    expect(squarify([], AREA, 0)).toEqual([]);
    expect(squarify([0, 0], AREA, 0).every(({ width, height }) => width * height === 0)).toBe(true);
  });
});

test('cells of a group lie in it, below its heading; a point finds the deepest', () => {
  const map = row('all', 100, [row('a', 60, [row('a1', 40), row('a2', 20)]), row('b', 40)]);
  const cells = layOut(map, { x: 0, y: 0, width: 500, height: 300 });
  const a = cells.find((cell) => cell.row.label === 'a');
  const a1 = cells.find((cell) => cell.row.label === 'a1');
  expect(a1?.parent).toBe(a);
  expect(a1?.y).toBeGreaterThan((a?.y ?? 0) + 10);
  expect(a1?.branch).toBe(a?.branch);
  expect(cells.find((cell) => cell.row.label === 'b')?.branch).not.toBe(a?.branch);
  expect(cellAt(cells, (a1?.x ?? 0) + 2, (a1?.y ?? 0) + 2)).toBe(a1);
  expect(cellAt(cells, -1, 5)).toBeUndefined();
});
