import { expect, test } from 'vitest';
import { objectBeside, offsetAt, piecesOf } from './objects.ts';
import { closeUp, columnsFor, frameAt, reveal, viewportOfAll, visible, zoom } from './viewport.ts';

const size = { width: 800, height: 400 };
const total = 65_536;

test('all pages are in sight at first, each in its place', () => {
  const columns = columnsFor(total, size);
  expect(columns % 16).toBe(0);
  const all = viewportOfAll(total, columns, size);
  expect(columns * all.scale).toBeLessThanOrEqual(size.width + 1e-9);
  expect((total / columns) * all.scale).toBeLessThanOrEqual(size.height + 1e-9);
  for (const frame of [0, 1, columns, total - 1]) {
    const x = all.x + ((frame % columns) + 0.5) * all.scale;
    const y = all.y + (Math.floor(frame / columns) + 0.5) * all.scale;
    expect(frameAt(all, total, columns, { x, y })).toMatchObject({
      frame,
      x: expect.closeTo(0.5),
      y: expect.closeTo(0.5),
    });
  }
  expect(frameAt(all, total, columns, { x: all.x - 1, y: all.y })).toBeUndefined();
});

test('zooming keeps what is under the pointer, and ends at the whole', () => {
  const columns = columnsFor(total, size);
  const all = viewportOfAll(total, columns, size);
  const at = { x: 333, y: 222 };
  const larger = zoom(zoom(all, 3, at, all), 5, at, all);
  expect(frameAt(larger, total, columns, at)?.frame).toBe(frameAt(all, total, columns, at)?.frame);
  expect(zoom(larger, 0.001, at, all)).toBe(all);
});

test('a page is brought into sight, and no further', () => {
  const columns = columnsFor(total, size);
  const near = closeUp(1000, columns, size);
  expect(frameAt(near, total, columns, { x: size.width / 2, y: size.height / 2 })?.frame).toBe(1000);
  expect(reveal(near, 1000, columns, size)).toEqual(near);
  const moved = reveal(near, 1003, columns, size);
  const { left, right } = visible(moved, total, columns, size);
  expect(1003 % columns).toBeGreaterThanOrEqual(left);
  expect(1003 % columns).toBeLessThan(right);
});

test('the objects of a page cover it, whatever their size', () => {
  const slab = {
    frame: 10,
    address: 0x10_0000,
    cpu: 0,
    liveObjects: 1,
    capacity: 84,
    liveMap: btoa(String.fromCharCode(...[0b10, ...new Array<number>(10).fill(0)])),
    pool: '96 B',
    objectSize: 96,
    pageCount: 2,
  };
  const first = piecesOf(slab, 10);
  const second = piecesOf(slab, 11);
  const bytes = (pieces: typeof first) => pieces.reduce((sum, { from, to }) => sum + to - from, 0);
  expect(bytes(first)).toBe(4096);
  expect(bytes(second)).toBe(84 * 96 - 4096);
  expect(new Set(first.filter(({ isLive }) => isLive).map(({ object }) => object))).toEqual(new Set([1]));
  const live = first.find(({ isLive }) => isLive);
  expect(offsetAt(((live?.from ?? 0) + 0.5) / 128, ((live?.line ?? 0) + 0.5) / 32)).toBe(96);
  // From one to the next, over the page's end, and no further than the last.
  expect(objectBeside(slab, 10, 0, 1)).toMatchObject({ frame: 10, offset: 96 });
  expect(objectBeside(slab, 10, 42 * 96, 1)).toMatchObject({ frame: 11, offset: 43 * 96 - 4096 });
  expect(objectBeside(slab, 10, 50, -1)).toMatchObject({ frame: 10, offset: 0 });
  expect(objectBeside(slab, 11, 83 * 96 - 4096, 1)).toMatchObject({ frame: 11, offset: 83 * 96 - 4096 });
});
