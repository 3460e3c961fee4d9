import { expect, test } from 'vitest';
import { inMarkedLanguage, wordsOutside } from '../../extension/test/marked-language.ts';
import { agoWords, identityWords, kindName, pageCount, pageWords, stateName, useWords } from './words.ts';

const KINDS = [
  'absent',
  'reserved',
  'free',
  'image',
  'boot_module',
  'arena',
  'metadata',
  'kernel_data',
  'used',
  'cached',
];
const OTHERS = ['pool', 'large', 'stack', 'page_table', 'file'];

test('pages are told by where they are and what they are', () => {
  expect(pageWords(1234, { kind: 'free' })).toBe('page 1,234 at physical 0x4d2000: free');
  expect(pageWords(1, { kind: 'page_table' })).toBe('page 1 at physical 0x1000: page table');
  expect(pageWords(1, { kind: 'cached', cpu: 2 })).toBe('page 1 at physical 0x1000: cached, L1 of CPU 2');
  const slab = (filling: number) => pageWords(1, { kind: 'pool', objectSize: 96, filling }).replace(/^.*: /, '');
  expect([0, 3, 7].map(slab)).toEqual([
    'pool of 96 B objects, slab empty',
    'pool of 96 B objects, slab 3/7 full',
    'pool of 96 B objects, slab full',
  ]);
  expect(kindName('of_tomorrow')).toBe('of tomorrow');
});

test('moments are told by how long ago they were', () => {
  expect([0, 12_000, 125_000].map(agoWords)).toEqual(['now', '12 s ago', '2 min 5 s ago']);
});

test('all of it can be said in the user’s language', () => {
  const allocation = { time: 1e9 } as never;
  const told = inMarkedLanguage(() => [
    ...[...KINDS, ...OTHERS].map((kind) => pageWords(1, { kind })),
    ...[0, 3, 7].map((filling) => pageWords(1, { kind: 'pool', objectSize: 96, filling })),
    pageWords(1, { kind: 'cached', cpu: 2 }),
    useWords(0, ['free'], []),
    identityWords({ kind: 'heap', description: '1', allocation } as never, 2e9),
    ...(['live', 'stopped', 'ended'] as const).map(stateName),
    ...[0, 12_000, 125_000].map(agoWords),
    ...[1, 2].map(pageCount),
  ]);
  expect(told.filter((text) => wordsOutside(text).length > 0)).toEqual([]);
});
