import { expect, test } from 'vitest';
import { fitLine, fitLines } from './screen.ts';

test('a line that fits stays; a longer one is cut, and says so', () => {
  expect(fitLine('  12  writer-0  waiting', 23)).toEqual(['  12  writer-0  waiting']);
  expect(fitLine('  12  writer-0  waiting', 16)).toEqual(['  12  writer-0…']);
});

test('a list goes on in the next lines, none longer than the window', () => {
  const lines = fitLine('  free ranges: 10 × 4.0 KiB, 2 × 8.0 KiB, 3 × 16 KiB, 1 × 64 KiB', 32);
  expect(lines).toEqual(['  free ranges: 10 × 4.0 KiB,', '    2 × 8.0 KiB, 3 × 16 KiB,', '    1 × 64 KiB']);
  expect(fitLine(`  one: ${'x'.repeat(50)}, y`, 20).every((line) => line.length <= 20)).toBe(true);
});

test('what is too high loses its middle, never its last line', () => {
  expect(fitLines(['a', 'b', 'c', 'end'], 10, 3)).toEqual(['a', 'b', 'end']);
  expect(fitLines(['a', 'end'], 10, 3)).toEqual(['a', 'end']);
});
