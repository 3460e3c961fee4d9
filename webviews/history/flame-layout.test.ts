import { expect, test } from 'vitest';
import type { FlameNode } from '../../debug-adapter/history/profile.ts';
import { functionsOf, layOut, matchedSamples, neighbour, pathOf } from './flame-layout.ts';

function node(name: string, self: number, ...children: FlameNode[]): FlameNode {
  const total = children.reduce((sum, child) => sum + child.total, self);
  return { name, self, total, place: { name }, children };
}

/** main → a (→ main), b */
const ROOT = node('all', 0, node('main', 2, node('a', 3, node('main', 1)), node('b', 4)));

test('boxes are as wide as their share, callees within their callers', () => {
  const boxes = layOut(ROOT, []);
  expect(boxes.map(({ node: { name }, depth, begin, end }) => [name, depth, begin, end])).toEqual([
    ['all', 0, 0, 1],
    ['main', 1, 0, 1],
    ['a', 2, 0, 0.4],
    ['main', 3, 0, 0.1],
    ['b', 2, 0.4, 0.8],
  ]);
});

test('a node that was zoomed to has the whole width, as all below it', () => {
  const boxes = layOut(ROOT, ['main', 'b']);
  expect(boxes.map(({ node: { name }, end }) => [name, end])).toEqual([
    ['all', 1],
    ['main', 1],
    ['b', 1],
  ]);
  const last = boxes.at(-1);
  expect(last && pathOf(last)).toEqual(['main', 'b']);
  // What is gone is no path: the nearest that is there is shown.
  expect(layOut(ROOT, ['main', 'gone'])[1]?.node.name).toBe('main');
  expect(layOut(node('all', 0), [])).toEqual([]);
});

test('keys lead to callees above, callers below, and beside', () => {
  const boxes = layOut(ROOT, []);
  const [all, main, a, , b] = boxes;
  expect(neighbour(boxes, undefined, 'ArrowUp')).toBe(all);
  expect(neighbour(boxes, main, 'ArrowUp')).toBe(a);
  expect(neighbour(boxes, a, 'ArrowRight')).toBe(b);
  expect(neighbour(boxes, b, 'ArrowLeft')).toBe(a);
  expect(neighbour(boxes, b, 'ArrowDown')).toBe(main);
  expect(neighbour(boxes, b, 'x')).toBeUndefined();
});

test('a search counts each sample once, also under recursion', () => {
  expect(matchedSamples(ROOT, /^main$/)).toBe(10);
  expect(matchedSamples(ROOT, /^[ab]$/)).toBe(8);
  expect(matchedSamples(ROOT, /nowhere/)).toBe(0);
});

test('functions by their own samples; one that calls itself is counted once', () => {
  expect(functionsOf(ROOT).map(({ name, self, total }) => [name, self, total])).toEqual([
    ['b', 4, 4],
    ['main', 3, 10],
    ['a', 3, 4],
  ]);
});
