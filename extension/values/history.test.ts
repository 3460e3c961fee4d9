import { describe, expect, test } from 'vitest';
import { LONGEST_SPAN, numberIn, ValueHistory } from './history.ts';
import { plot, plotMarkdown, sparkline } from './sparkline.ts';

function historyOf(...changes: [time: number, value: number][]): ValueHistory {
  const history = new ValueHistory();
  for (const [time, value] of changes) {
    history.add(time, value);
  }
  return history;
}

describe('history', () => {
  test('keeps changes only', () => {
    expect(historyOf([0, 1], [5, 1], [10, 2], [15, 2]).changes).toEqual([
      { time: 0, value: 1 },
      { time: 10, value: 2 },
    ]);
  });

  test('is bounded; the oldest goes first', () => {
    const history = historyOf(...Array.from({ length: 5000 }, (_, index): [number, number] => [index, index]));
    expect(history.changes.length).toBeLessThanOrEqual(1000);
    expect(history.changes.at(-1)).toEqual({ time: 4999, value: 4999 });
    expect(history.changes[0]?.time).toBe(5000 - history.changes.length);
  });

  test('tells what the value was at moments evenly spaced, however unevenly it changed', () => {
    expect(historyOf([0, 1], [90, 5]).samples(100, 11)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 5, 5]);
    expect(historyOf([0, 1]).samples(100, 3)).toEqual([1, 1, 1]);
    expect(new ValueHistory().samples(100, 3)).toEqual([]);
  });

  test('looks back no further than its span', () => {
    const history = historyOf([0, 100], [10, 1], [LONGEST_SPAN + 50, 2]);
    expect(history.samples(LONGEST_SPAN + 100, 2)).toEqual([1, 2]);
    expect(history.span(LONGEST_SPAN + 100)).toBe(LONGEST_SPAN);
    expect(history.span(30)).toBe(30);
  });
});

test.each([
  ['42', 'int', 42],
  ['-7', 'long', -7],
  ['1.5e+10', 'double', 1.5e10],
  ["97 'a'", 'char', 97],
  ['true', 'bool', 1],
  ['false', 'bool', 0],
  ['0x1f', 'unsigned', 31],
  ['0xffff800000001000', 'sprout::Thread *', undefined],
  ['0x1000 <f>', 'int', undefined],
  ['0x1000', 'Thread * const', undefined],
  ['"12"', 'char [8]', undefined],
  ['{1, 2}', 'int [2]', undefined],
  ['sprout::ThreadState::ready', 'sprout::ThreadState', undefined],
  ['<optimized out>', 'int', undefined],
  ['', 'int', undefined],
  ['inf', 'double', undefined],
])('the number in %s of type %s is %s', (text, type, number) => {
  expect(numberIn(text, type)).toBe(number);
});

describe('sparkline', () => {
  test('the least is the lowest bar, the greatest the highest, the newest at the right', () => {
    const rising = historyOf(...Array.from({ length: 8 }, (_, index): [number, number] => [index, index]));
    expect(sparkline(rising, 7)).toMatch(/^▁.*▄.*█$/);
    expect(sparkline(historyOf([0, 5], [11, -5]), 11)).toBe('█████████▁');
  });

  test('a value that never changed has none', () => {
    expect(sparkline(historyOf([0, 5]), 11)).toBe('');
    expect(sparkline(new ValueHistory(), 11)).toBe('');
  });

  test('what changed long ago is a flat line', () => {
    expect(sparkline(historyOf([0, 1], [1, 2]), 10 * LONGEST_SPAN)).toBe('▁'.repeat(10));
  });
});

describe('plot', () => {
  test('stays within its picture', () => {
    const svg = plot([0, 1e12, -1e12, 3]);
    const points = [...svg.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
    const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
    expect(points.length).toBeGreaterThanOrEqual(8);
    for (const [x, y] of points) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(Number(width));
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(Number(height));
    }
  });

  test('is told with least, greatest and last value, for who sees no picture too', () => {
    const text = plotMarkdown(historyOf([0, 1500], [2000, -2], [4000, 7.25]), 8000);
    expect(text).toContain('min -2 · max 1,500 · last 7.25 · 8 s');
    const picture = /!\[min[^\]]*\]\(data:image\/svg\+xml;base64,([\w+/=]+)\)/.exec(text)?.[1] ?? '';
    expect(Buffer.from(picture, 'base64').toString()).toMatch(/^<svg xmlns=".*<\/svg>$/);
  });

  test('nothing is told of a value that never changed', () => {
    expect(plotMarkdown(historyOf([0, 1]), 10)).toBe('');
  });
});
