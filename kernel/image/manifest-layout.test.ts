import { describe, expect, test } from 'vitest';
import { parseManifest } from './manifest.ts';
import { expandHost, guestFolder, guestPath, layOut, linkTarget, treesAbove } from './manifest-layout.ts';

test.each([
  ['/a/b', '/a/b'],
  ['a/b', '/a/b'],
  ['//a/./b/', '/a/b'],
  ['/a/../b', '/b'],
  ['/../..', '/'],
  ['', '/'],
])('the guest path of %j is %s', (text, path) => {
  expect(guestPath(text)).toBe(path);
});

test('folders and links', () => {
  expect(guestFolder('/a/b')).toBe('/a');
  expect(guestFolder('/a')).toBe('/');
  expect(guestFolder('/')).toBe('/');
  expect(linkTarget('/a/b', 'c')).toBe('/a/c');
  expect(linkTarget('/a/b', '../c')).toBe('/c');
  expect(linkTarget('/a/b', '/c')).toBe('/c');
});

describe('a layout', () => {
  const layout = layOut(
    parseManifest(
      ['/&/etc/hosts: ../static/&', '/a/b: one', '/a/**: tree/**', 'a/b: two', '/**: root/**', '/l: ->a', ': x'].join(
        '\n',
      ),
    ),
  );

  test('paths of both sides', () => {
    expect(layout.placed.map(({ guest, host }) => [guest, host])).toEqual([
      ['/etc/hosts', '../static/etc/hosts'],
      ['/a/b', 'one'],
      ['/a', 'tree'],
      ['/a/b', 'two'],
      ['/', 'root'],
      ['/l', 'a'],
    ]);
  });

  test('the later one wins', () => {
    expect(layout.winners.get('/a/b')?.host).toBe('two');
    expect([...layout.replaced].map(([earlier, later]) => [earlier.line, later.line])).toEqual([[1, 3]]);
  });

  test('trees above a path, the nearest first', () => {
    expect([...treesAbove(layout, '/a/b/c')].map(({ tree, below }) => [tree.host, below])).toEqual([
      ['tree', 'b/c'],
      ['root', 'a/b/c'],
    ]);
  });
});

test('variables are replaced, a percent sign is written twice', () => {
  const values: Record<string, string> = { A: '/x', b: '/y' };
  const value = (name: string) => values[name];
  expect(expandHost(`$\{A}/c`, value)).toBe('/x/c');
  expect(expandHost('%(b)s/100%%', value)).toBe('/y/100%');
  expect(expandHost(`$\{A}/$\{C}`, value)).toBeUndefined();
  expect(expandHost('plain', value)).toBe('plain');
});
