import { expect, test } from 'vitest';
import type { PoolClassRow } from '../../debug-adapter/protocol.ts';
import { compareClasses, PoolsHistory } from './pools-history.ts';

function row(objectSize: number, liveObjects: number): PoolClassRow {
  const counts = { capacity: 100, slabs: 1, pagesPerSlab: 1, allocations: 0, frees: 0 };
  return { kind: 'class', key: `${objectSize} B`, pool: 0, objectSize, liveObjects, cpus: [], ...counts };
}

test('each moment has the reading that was the last then', () => {
  const history = new PoolsHistory();
  expect(history.at(0)).toEqual([]);
  for (let time = 0; time <= 400_000; time += 100) {
    history.add([row(8, time)], time);
  }
  expect(history.at(399_950)).toEqual([row(8, 399_000)]);
  expect(history.at(250_000)).toEqual([row(8, 250_000)]);
  // Some five minutes are kept.
  expect(history.at(0)).toEqual([row(8, 100_000)]);
});

test('what grew by most bytes comes first', () => {
  const before = [row(8, 100), row(96, 10), row(512, 7), row(1024, 3)];
  const after = [row(8, 120), row(96, 20), row(512, 7), row(2048, 1)];
  expect(compareClasses(before, after)).toEqual([
    { objectSize: 2048, before: 0, after: 1 },
    { objectSize: 96, before: 10, after: 20 },
    { objectSize: 8, before: 100, after: 120 },
    { objectSize: 1024, before: 3, after: 0 },
  ]);
});
