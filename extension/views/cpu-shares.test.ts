import { expect, test } from 'vitest';
import { CpuShares } from './cpu-shares.ts';
import { exampleSnapshot, exampleThread } from './examples.ts';

/** A snapshot at `milliseconds`, with the CPU time in milliseconds of each thread. */
function at(milliseconds: number, times: Record<number, number>) {
  const rows = Object.entries(times).map(([key, time]) => exampleThread({ key: Number(key), cpuTime: time * 1e6 }));
  return exampleSnapshot('threads', rows, { guestTime: milliseconds * 1e6 });
}

test('a share is of the last second, however often it is looked', () => {
  const shares = new CpuShares();
  shares.take(at(0, { 1: 0, 2: 0 }));
  expect(shares.of(1)).toBeUndefined();
  for (let time = 100; time <= 3000; time += 100) {
    // It runs all the time from the second second on.
    shares.take(at(time, { 1: Math.max(0, time - 2000), 2: time / 4 }));
    shares.take(at(time, { 1: 0, 2: 0 }));
  }
  expect(shares.of(1)).toBeCloseTo(1);
  expect(shares.of(2)).toBeCloseTo(0.25);
});

test('a thread that is new has run since it is; one that is gone has no share', () => {
  const shares = new CpuShares();
  shares.take(at(0, { 1: 500 }));
  shares.take(at(1000, { 2: 300 }));
  expect(shares.of(1)).toBeUndefined();
  expect(shares.of(2)).toBeCloseTo(0.3);
});

test('a guest that boots anew begins anew', () => {
  const shares = new CpuShares();
  shares.take(at(5000, { 1: 4000 }));
  shares.take(at(100, { 1: 10 }));
  expect(shares.of(1)).toBeUndefined();
  shares.take(at(200, { 1: 60 }));
  expect(shares.of(1)).toBeCloseTo(0.5);
});
