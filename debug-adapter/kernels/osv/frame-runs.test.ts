import { expect, it } from 'vitest';
import { FrameRuns } from './frame-runs.ts';

const runs = FrameRuns.of([
  [10, 5],
  [2, 2],
  [12, 6],
  [4, 1],
]);

it('joins what touches or overlaps', () => {
  expect([...runs.frames()]).toEqual([2, 3, 4, 10, 11, 12, 13, 14, 15, 16, 17]);
  expect([0, 2, 4, 5, 9, 10, 17, 18].map((frame) => runs.has(frame))).toEqual([
    false,
    true,
    true,
    false,
    false,
    true,
    true,
    false,
  ]);
});

it('begins anywhere', () => {
  expect([...runs.frames(4)]).toEqual([4, 10, 11, 12, 13, 14, 15, 16, 17]);
  expect([...runs.frames(16)]).toEqual([16, 17]);
  expect([...runs.frames(18)]).toEqual([]);
});

it('tells what is not in it', () => {
  expect([...runs.complement(12).frames()]).toEqual([0, 1, 5, 6, 7, 8, 9]);
  expect([...runs.complement(20).frames()]).toEqual([0, 1, 5, 6, 7, 8, 9, 18, 19]);
  expect([
    ...FrameRuns.of([[0, 3]])
      .complement(5)
      .frames(),
  ]).toEqual([3, 4]);
  expect([...FrameRuns.of([]).complement(2).frames()]).toEqual([0, 1]);
});

it('tells what two have in common', () => {
  const other = FrameRuns.of([
    [3, 9],
    [17, 1],
  ]);
  expect([...runs.intersection(other).frames()]).toEqual([3, 4, 10, 11, 17]);
  expect([...other.intersection(runs).frames()]).toEqual([3, 4, 10, 11, 17]);
});
