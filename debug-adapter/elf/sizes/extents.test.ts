import { describe, expect, test } from 'vitest';
import { layClaims, walkExtents } from './extents.ts';
import { isCodeFill } from './fill.ts';

/** One letter for each byte: who owns it. */
function walked(size: number, claims: [start: number, end: number][]): string {
  const bytes: string[] = Array(size).fill('?');
  const put = (letter: string, from: number, to: number): void => {
    for (let at = from; at < to; at++) {
      expect(bytes[at]).toBe('?');
      bytes[at] = letter;
    }
  };
  walkExtents(
    { from: 0, to: size },
    claims.map((_, index) => index),
    claims.map(([start]) => start),
    claims.map(([, end]) => end),
    {
      owned: (owner, from, to) => put('abcdef'[owner] ?? '!', from, to),
      gap: (from, to) => put('.', from, to),
    },
  );
  return bytes.join('');
}

test.each<[string, number, [number, number][], string]>([
  [
    'side by side',
    6,
    [
      [0, 3],
      [3, 6],
    ],
    'aaabbb',
  ],
  [
    'with gaps',
    8,
    [
      [1, 3],
      [5, 6],
    ],
    '.aa..b..',
  ],
  [
    'one in another, which owns on behind it',
    8,
    [
      [0, 8],
      [2, 4],
    ],
    'aabbaaaa',
  ],
  [
    'three deep',
    9,
    [
      [0, 9],
      [1, 8],
      [3, 5],
    ],
    'abbccbbba',
  ],
  [
    'overlapping',
    8,
    [
      [0, 5],
      [3, 7],
    ],
    'aaabbbb.',
  ],
  ['past the end', 4, [[2, 9]], '..aa'],
  ['nothing', 3, [], '...'],
])('%s: every byte has one owner', (_name, size, claims, expected) => {
  expect(walked(size, claims)).toBe(expected);
});

test('claims on a file are laid side by side: the first one wins, what is left is told', () => {
  const claims = [
    { from: 4, to: 8, owner: 'b' },
    { from: 0, to: 5, owner: 'a' },
    { from: 6, to: 7, owner: 'lost' },
    { from: 10, to: 99, owner: 'cut' },
  ];
  expect(layClaims(claims, { from: 0, to: 12 })).toEqual([
    { from: 0, to: 5, owner: 'a' },
    { from: 5, to: 8, owner: 'b' },
    { from: 8, to: 10, owner: undefined },
    { from: 10, to: 12, owner: 'cut' },
  ]);
});

describe('fill between functions', () => {
  const fill = (...bytes: number[]): boolean => isCodeFill(Uint8Array.from(bytes), 0, bytes.length, 62);
  test('is zeros, traps and no-ops of any length', () => {
    expect(fill(0, 0, 0)).toBe(true);
    expect(fill(0x90, 0xcc)).toBe(true);
    expect(fill(0x0f, 0x1f, 0x40, 0x00)).toBe(true);
    expect(fill(0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0)).toBe(true);
    expect(fill(0x0f, 0x1f, 0x80, 1, 2, 3, 4)).toBe(true);
  });
  test('is no code', () => {
    expect(fill(0xc3)).toBe(false);
    expect(fill(0x90, 0x55)).toBe(false);
    expect(fill(0x0f, 0x1f, 0x00, 0xc3)).toBe(false);
  });
  test('on aarch64 is its own', () => {
    expect(isCodeFill(Uint8Array.from([0x1f, 0x20, 0x03, 0xd5]), 0, 4, 183)).toBe(true);
    expect(isCodeFill(Uint8Array.from([0xc0, 0x03, 0x5f, 0xd6]), 0, 4, 183)).toBe(false);
  });
});
