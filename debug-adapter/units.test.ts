import { expect, test } from 'vitest';
import { formatBytes, formatDuration } from './units.ts';

test('durations take the unit that reads best, with their sign', () => {
  expect([250, 12_000, 3_400_000, 12e9, -3_400_000, 2 ** 64].map(formatDuration)).toEqual([
    '250 ns',
    '12 µs',
    '3.4 ms',
    '12.0 s',
    '-3.4 ms',
    'forever',
  ]);
});

test('bytes take binary units', () => {
  expect([96, 1536, 12 * 1024, 1.5 * 1024 ** 2, 2 * 1024 ** 3].map(formatBytes)).toEqual([
    '96 B',
    '1.5 KiB',
    '12 KiB',
    '1.5 MiB',
    '2.0 GiB',
  ]);
});
