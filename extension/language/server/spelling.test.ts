import { expect, test } from 'vitest';
import { editDistance, nearest } from './spelling.ts';

test.each([
  ['', '', 0],
  ['abc', 'abc', 0],
  ['abc', 'abd', 1],
  ['abc', 'acb', 1],
  ['abc', 'ab', 1],
  ['kitten', 'sitting', 3],
  ['abc', 'xyz', 3],
  ['a', 'abcdef', 4],
])('from %j to %j: %d', (a, b, distance) => {
  expect(editDistance(a, b, 3)).toBe(distance);
  expect(editDistance(b, a, 3)).toBe(distance);
});

test('the nearest name, if one is near', () => {
  expect(nearest('worklod', ['hello', 'workload'])).toBe('workload');
  expect(nearest('panik', ['panic', 'log'])).toBe('panic');
  expect(nearest('idl', ['idle'])).toBe('idle');
  expect(nearest('zebra', ['hello', 'workload'])).toBeUndefined();
  expect(nearest('a', [])).toBeUndefined();
});
