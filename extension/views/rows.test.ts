import { beforeEach, expect, test } from 'vitest';
import type { ViewNode } from './node.ts';
import { type Row, Rows } from './rows.ts';

let rows: Rows;
beforeEach(() => {
  rows = new Rows();
});

const leaf = (id: string, description = ''): ViewNode => ({ id, label: id, description });
const branch = (id: string, children: ViewNode[], description = ''): ViewNode => ({
  ...leaf(id, description),
  children: () => children,
});
const below = (node: ViewNode) => node.children?.();
const names = (changed: Row[] | 'all') => (changed === 'all' ? changed : changed.map((row) => row.node.id));

test('nothing is drawn when nothing changed', () => {
  rows.open(undefined, [leaf('a'), leaf('b')]);
  expect(rows.update([leaf('a'), leaf('b')], below)).toEqual([]);
});

test('only the row that looks different is drawn', () => {
  rows.open(undefined, [leaf('a'), leaf('b')]);
  expect(names(rows.update([leaf('a'), leaf('b', '1 ms')], below))).toEqual(['b']);
  expect(rows.update([leaf('a'), leaf('b', '1 ms')], below)).toEqual([]);
});

test.each([
  ['a new row', [leaf('a'), leaf('b'), leaf('c')]],
  ['a row that went', [leaf('a')]],
  ['another order', [leaf('b'), leaf('a')]],
])('%s draws the whole level', (_, nodes) => {
  rows.open(undefined, [leaf('a'), leaf('b')]);
  expect(rows.update(nodes, below)).toBe('all');
});

test('rows keep their identity, with their contents renewed', () => {
  const [a, b] = rows.open(undefined, [leaf('a'), leaf('b')]);
  const again = rows.open(undefined, [leaf('b', 'new'), leaf('c'), leaf('a')]);
  expect(again[0]).toBe(b);
  expect(again[2]).toBe(a);
  expect(b?.node.description).toBe('new');
});

test('a change below an open row is found; below a closed one it does not matter', () => {
  const [open, closed] = rows.open(undefined, [branch('a', [leaf('a1')]), branch('b', [leaf('b1')])]);
  rows.open(open, [leaf('a1')]);
  expect(closed?.children).toBeUndefined();
  const changed = rows.update([branch('a', [leaf('a1', 'x')]), branch('b', [leaf('b1', 'x')])], below);
  expect(names(changed)).toEqual(['a1']);
});

test('other rows below an open row draw that row', () => {
  const [open] = rows.open(undefined, [branch('a', [leaf('a1')]), leaf('b')]);
  rows.open(open, [leaf('a1')]);
  expect(names(rows.update([branch('a', [leaf('a2')]), leaf('b')], below))).toEqual(['a']);
});

test('rows that have to be asked for are left to the row above them', () => {
  const slabs = { pool: 'p', cpu: 0 };
  const [cpu] = rows.open(undefined, [{ ...leaf('cpu', '2 live'), slabs }]);
  rows.open(cpu, [leaf('slab')]);
  expect(rows.update([{ ...leaf('cpu', '2 live'), slabs }], below)).toEqual([]);
  expect(names(rows.update([{ ...leaf('cpu', '3 live'), slabs }], below))).toEqual(['cpu']);
});
