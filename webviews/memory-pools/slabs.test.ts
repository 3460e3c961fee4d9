import { expect, test } from 'vitest';
import { isLive, newObjects, objectAt, placeOf, type Slab, Slabs } from './slabs.ts';

function slab(frame: number, live: number[], objectSize = 96): Slab {
  const map = new Uint8Array(11);
  for (const index of live) {
    map[index >> 3] = (map[index >> 3] ?? 0) | (1 << (index & 7));
  }
  const liveMap = btoa(String.fromCharCode(...map));
  const counts = { liveObjects: live.length, capacity: 84, pageCount: 2, cpu: 0 };
  return { frame, address: frame * 4096, liveMap, pool: `${objectSize} B`, objectSize, ...counts };
}

test('an object is found by its place, on each page of its slab', () => {
  const two = slab(10, [1, 43]);
  expect(isLive(two, 43)).toBe(true);
  expect(isLive(two, 42)).toBe(false);
  for (const index of [0, 1, 42, 43, 83]) {
    const { frame, offset } = placeOf(two, index);
    expect(objectAt(two, frame, offset)).toBe(index);
    expect((frame - 10) * 4096 + offset).toBe(index * 96);
  }
  expect(objectAt(two, 11, 4095)).toBeUndefined();
  // With a header before the first object.
  expect(objectAt({ ...two, objects: two.address + 64 }, 10, 63)).toBeUndefined();
  expect(objectAt({ ...two, objects: two.address + 64 }, 10, 64)).toBe(0);
});

test('what is new between two readings: in slabs that were there, in others, and in those of another class', () => {
  const before = [slab(10, [1, 2]), slab(20, [5])];
  const now = [slab(10, [2, 3]), slab(20, [5], 48), slab(30, [0])];
  expect(newObjects(before, now).map(({ frame, objectSize, index }) => [frame, objectSize, index])).toEqual([
    [10, 96, 3],
    [20, 48, 5],
    [30, 96, 0],
  ]);
});

test('the newest object is the brightest, and what was there at first is not new', () => {
  const slabs = new Slabs();
  slabs.take([slab(10, [1])], 0);
  slabs.take([slab(10, [1, 2])], 1000);
  const now = slab(10, [1, 2, 3]);
  slabs.take([now], 2000);
  expect([1, 2, 3].map((index) => slabs.glow(now, index, 2000))).toEqual([0, 0.75, 1]);
  expect(slabs.glow(now, 3, 10_000)).toBe(0);
  expect(slabs.at(11)).toBe(now);
  slabs.take([slab(10, [1, 2], 48)], 3000);
  expect(slabs.glow(now, 2, 3000)).toBe(0);
});
