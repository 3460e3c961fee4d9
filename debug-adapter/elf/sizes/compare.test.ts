/** Which rows of two builds are the same thing. */
import { expect, test } from 'vitest';
import { type Comparison, compareModels } from './compare.ts';
import type { SizeItem, SizeModel } from './model.ts';

function item(linkName: string, file: string, size: number, name = linkName, section = '.text'): SizeItem {
  return {
    kind: 'function',
    name,
    linkName,
    section,
    sectionIndex: 1,
    address: 0,
    size,
    fileBytes: size,
    memoryBytes: size,
    local: true,
    weak: false,
    aliases: [],
    definition: { file, line: 1 },
  };
}

function model(items: SizeItem[]): SizeModel {
  const bytes = items.reduce((sum, { size }) => sum + size, 0);
  return {
    path: '/kernel.elf',
    key: '',
    modified: 0,
    fileBytes: bytes,
    memoryBytes: bytes,
    sections: [],
    items,
    undefinedSymbols: 0,
    notes: [],
  };
}

function changes({ rows }: Comparison): string[] {
  return rows.map((row) => `${row.before?.definition?.file} ${row.change} ${row.memoryBytes}`).sort();
}

const compared = (before: SizeItem[], after: SizeItem[]): string[] =>
  changes(compareModels(model(before), model(after)));

test('of statics with one name in one file, those of one size stay, whatever their order', () => {
  const before = [item('init', '/a.cc', 10), item('init', '/a.cc', 30)];
  expect(compared(before, [item('init', '/a.cc', 30), item('init', '/a.cc', 12)])).toEqual([
    '/a.cc grew 2',
    '/a.cc same 0',
  ]);
});

test('the section tells apart what has one name, path and size', () => {
  const cold = item('f', '/a.cc', 10, 'f', '.text.unlikely');
  const comparison = compareModels(model([cold, item('f', '/a.cc', 10)]), model([item('f', '/a.cc', 10), cold]));
  expect(comparison.rows.map((row) => row.before?.section === row.item.section)).toEqual([true, true]);
});

test('of statics with one name in two files, each keeps its file', () => {
  const before = [item('init', '/a.cc', 10), item('init', '/b.cc', 20)];
  expect(compared(before, [item('init', '/b.cc', 25), item('init', '/a.cc', 11)])).toEqual([
    '/a.cc grew 1',
    '/b.cc grew 5',
  ]);
});

test('a tree that was moved keeps its files apart; a function that went to another file is the same', () => {
  const before = [item('init', '/old/fs/vfs/a.cc', 10), item('init', '/old/mm/pools/a.cc', 20), item('f', '/a.cc', 5)];
  const after = [item('init', '/new/mm/pools/a.cc', 21), item('init', '/new/fs/vfs/a.cc', 9), item('f', '/b.cc', 4)];
  expect(compared(before, after)).toEqual([
    '/a.cc shrank -1',
    '/old/fs/vfs/a.cc shrank -1',
    '/old/mm/pools/a.cc grew 1',
  ]);
});

test('a whole path is better than its end, a full name better than one without numbers', () => {
  const statics = [item('init', '/x/fs/vfs/a.cc', 10), item('init', '/y/fs/vfs/a.cc', 20)];
  expect(compared(statics, [item('init', '/y/fs/vfs/a.cc', 21), item('init', '/x/fs/vfs/a.cc', 12)])).toEqual([
    '/x/fs/vfs/a.cc grew 2',
    '/y/fs/vfs/a.cc grew 1',
  ]);
  const clones = [item('f.part.0', '/a.cc', 10, 'f.part.0'), item('f.part.1', '/a.cc', 20, 'f.part.1')];
  expect(compared(clones, [item('f.part.1', '/b.cc', 21), item('f.part.0', '/b.cc', 12)])).toEqual([
    '/a.cc grew 1',
    '/a.cc grew 2',
  ]);
});

test('a clone with another number is the same; what has no partner came or went, and sums hold', () => {
  const before = [item('f.isra.0', '/a.cc', 10, 'f(int) [clone .isra.0]'), item('gone', '/a.cc', 7)];
  const after = [item('f.constprop.3', '/a.cc', 12, 'f(int) [clone .constprop.3]'), item('new', '/a.cc', 3)];
  expect(compared(before, after)).toEqual(['/a.cc gone -7', '/a.cc grew 2', 'undefined new 3']);
  expect(compareModels(model(before), model(after))).toMatchObject({ memoryBytes: -2, fileBytes: -2 });
});
