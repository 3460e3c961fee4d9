import { expect, test } from 'vitest';
import { encodeRuns } from '../../debug-adapter/worker/page-subscription.ts';
import { compare } from './compare.ts';
import { History } from './history.ts';
import { decodeRuns, PageMap, runsBetween } from './page-map.ts';
import { useWords } from './words.ts';

const FREE = 6;
const CACHED = 7;
const POOL = 8;
const kinds = Array.from(
  { length: 14 },
  (_, kind) => ({ 0: 'absent', 6: 'free', 7: 'cached', 8: 'pool' })[kind] ?? '?',
);
const head = { subscription: 1, running: true, guestTime: 0 };

function event(sequence: number, total: number, starts: { start: number; pages: number[] }[], isFirst = false) {
  const pages = new Uint16Array(total);
  for (const run of starts) {
    pages.set(run.pages, run.start);
  }
  const runs = starts.map(({ start, pages: values }) => ({ start, end: start + values.length }));
  return {
    ...head,
    sequence,
    total,
    runs: encodeRuns(runs, pages),
    ...(isFirst && { kinds, classes: [8, 96], base: -0x8000 }),
  };
}

test('what the adapter encodes is what the page decodes', () => {
  const { runs } = event(1, 10, [
    { start: 1, pages: [FREE, POOL | (1 << 8) | (5 << 13)] },
    { start: 7, pages: [0xff07] },
  ]);
  expect(decodeRuns(runs).map(({ start, pages }) => [start, [...pages]])).toEqual([
    [1, [FREE, POOL | (1 << 8) | (5 << 13)]],
    [7, [0xff07]],
  ]);
  // Cut off in the middle of a run: what is whole is kept.
  expect(decodeRuns(btoa(atob(runs).slice(0, -1)))).toHaveLength(1);
});

test('a map follows its events, and counts', () => {
  const map = new PageMap();
  map.apply(event(1, 4, [{ start: 0, pages: [0, FREE, FREE, FREE] }], true));
  map.apply(event(2, 4, [{ start: 2, pages: [POOL | (1 << 8) | (7 << 13)] }]));
  expect([...map.counts.slice(0, 9)]).toEqual([1, 0, 0, 0, 0, 0, 2, 0, 1]);
  expect(map.state(2)).toEqual({ kind: 'pool', objectSize: 96, filling: 7 });
  expect(map.state(3)).toEqual({ kind: 'free' });
  expect(map.base).toBe(-0x8000);
  // A run beyond the end of RAM is no run of this map.
  expect(map.apply(event(3, 9, [{ start: 8, pages: [FREE] }]))).toEqual([]);
});

test('classes that a booting guest sets up later are heard', () => {
  const map = new PageMap();
  const page = POOL | (1 << 8);
  map.apply({ ...event(1, 2, [{ start: 0, pages: [page, FREE] }], true), classes: [0, 0] });
  map.apply({ ...event(2, 2, []), classes: [8, 96] });
  expect(map.state(0)).toEqual({ kind: 'pool', objectSize: 96, filling: 0 });
  expect(map.state(1)).toEqual({ kind: 'free' });
});

test('what changed while nobody looked', () => {
  const [before, now] = [Uint16Array.from([1, 2, 3, 4, 5, 6]), Uint16Array.from([0, 2, 9, 8, 5, 7])];
  expect(runsBetween(before, now).map(({ start, pages }) => [start, [...pages]])).toEqual([
    [0, [0]],
    [2, [9, 8]],
    [5, [7]],
  ]);
  expect(runsBetween(now, now)).toEqual([]);
});

test('a history gives every moment back, within its bounds', () => {
  const map = new PageMap();
  map.apply(event(1, 4, [{ start: 0, pages: [FREE, FREE, FREE, FREE] }], true));
  const history = new History(1000, 10_000);
  history.begin(map.pages, map.counts, 0);
  const seen: number[][] = [[...map.pages]];
  for (let step = 1; step <= 8; step++) {
    const runs = map.apply(event(step + 1, 4, [{ start: step % 4, pages: [POOL | (step << 8)] }]));
    history.add(runs, map.counts, step * 200);
    seen.push([...map.pages]);
  }
  const { moments } = history;
  expect(moments[0]?.time).toBe(600);
  moments.forEach(({ time }, index) => {
    expect([...history.pagesAt(index)]).toEqual(seen[time / 200]);
  });
  expect(history.indexAt(1150)).toBe(moments.findIndex(({ time }) => time === 1000));
  expect(history.indexAt(0)).toBe(0);
});

test('a history forgets what is too much', () => {
  const history = new History(1e9, 1000);
  history.begin(new Uint16Array(100), new Uint32Array(256), 0);
  for (let step = 1; step <= 50; step++) {
    history.add([{ start: 0, pages: new Uint16Array(100).fill(step) }], new Uint32Array(256), step);
  }
  expect(history.moments.length).toBeLessThan(6);
  expect([...history.pagesAt(history.moments.length - 1)].every((page) => page === 50)).toBe(true);
});

test('two moments are compared by use, not by how full a slab is', () => {
  const pool = POOL | (1 << 8);
  const [first, second, l2] = [CACHED, CACHED | (1 << 8), CACHED | (0xff << 8)];
  const before = Uint16Array.from([FREE, pool | (1 << 13), FREE, FREE, first, second, FREE | (3 << 8)]);
  const after = Uint16Array.from([FREE, pool | (7 << 13), pool, POOL, first, l2, FREE]);
  const { changes, frames } = compare(before, after, kinds);
  expect(frames).toEqual([2, 3, 5]);
  const words = changes.map((change) => [useWords(change.use, kinds, [8, 96]), change.before, change.after]);
  expect(words).toEqual([
    ['pool of 96 B', 0, 1],
    ['pool of 8 B', 0, 1],
    ['cached, L2', 0, 1],
    ['cached, L1 of CPU 1', 1, 0],
    ['free', 2, 0],
  ]);
});
