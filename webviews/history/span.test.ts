import { describe, expect, test } from 'vitest';
import { lengthText, momentText, moved, rulerStep, within, zoomed } from './span.ts';

const WHOLE = { begin: 1_000_000, end: 2_000_000 };

describe('what is shown', () => {
  test('stays within what there is', () => {
    expect(within({ begin: 0, end: 500_000 }, WHOLE)).toEqual({ begin: 1_000_000, end: 1_500_000 });
    expect(within({ begin: 1_900_000, end: 2_300_000 }, WHOLE)).toEqual({ begin: 1_600_000, end: 2_000_000 });
    expect(within({ begin: 0, end: 9_000_000 }, WHOLE)).toEqual(WHOLE);
  });

  test('is never nothing', () => {
    const { begin, end } = within({ begin: 5, end: 5 }, { begin: 0, end: 0 });
    expect(end - begin).toBeGreaterThan(0);
    const tiny = within({ begin: 1_500_000, end: 1_500_001 }, WHOLE);
    expect(tiny.end - tiny.begin).toBeGreaterThan(1);
  });

  test('zooms around a moment', () => {
    const span = zoomed({ begin: 1_200_000, end: 1_600_000 }, 0.5, 1_300_000, WHOLE);
    expect(span).toEqual({ begin: 1_250_000, end: 1_450_000 });
    expect(zoomed(span, 2, 1_300_000, WHOLE)).toEqual({ begin: 1_200_000, end: 1_600_000 });
  });

  test('moves by a share, up to the end', () => {
    const span = { begin: 1_200_000, end: 1_400_000 };
    expect(moved(span, 0.5, WHOLE)).toEqual({ begin: 1_300_000, end: 1_500_000 });
    expect(moved(span, 100, WHOLE)).toEqual({ begin: 1_800_000, end: 2_000_000 });
  });
});

test('a ruler has round steps, as many as fit', () => {
  expect(rulerStep({ begin: 0, end: 1e9 }, 10)).toBe(1e8);
  expect(rulerStep({ begin: 0, end: 1e9 }, 8)).toBe(2e8);
  expect(rulerStep({ begin: 0, end: 1e9 }, 4)).toBe(5e8);
  expect(rulerStep({ begin: 0, end: 0 }, 4)).toBeGreaterThan(0);
});

test('moments have the digits that a step needs', () => {
  expect(momentText(1.5e9, 5e8)).toBe('1.5 s');
  expect(momentText(1.25e9, 1e7)).toBe('1.25 s');
  expect(momentText(1_000_001_000, 1000)).toBe('1.000001 s');
});

test('durations have three digits', () => {
  expect([0, 999, 1500, 25_000, 123_456, 2_500_000, 12e9].map(lengthText)).toEqual([
    '0 ns',
    '999 ns',
    '1.50 µs',
    '25.0 µs',
    '123 µs',
    '2.50 ms',
    '12.0 s',
  ]);
});
