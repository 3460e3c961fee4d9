import { expect, it } from 'vitest';
import { deferred } from '../deferred.ts';
import type { PagesChangedEvent } from '../protocol.ts';
import { changedRuns, encodeRuns, PageSubscription } from './page-subscription.ts';

/** What a client does with `runs`. */
function apply(pages: Uint16Array, runs: string): Uint16Array {
  const bytes = Buffer.from(runs, 'base64');
  const result = pages.slice();
  for (let at = 0; at < bytes.length; ) {
    const start = bytes.readUInt32LE(at);
    const count = bytes.readUInt32LE(at + 4);
    at += 8;
    for (let index = 0; index < count; index++, at += 2) {
      result[start + index] = bytes.readUInt16LE(at);
    }
  }
  return result;
}

it('joins near changes and keeps far ones apart', () => {
  const before = new Uint16Array(100);
  const now = before.slice();
  now[3] = 1;
  now[6] = 2;
  now[50] = 3;
  now[99] = 0xffff;
  expect(changedRuns(before, now)).toEqual([
    { start: 3, end: 7 },
    { start: 50, end: 51 },
    { start: 99, end: 100 },
  ]);
});

it('tells no run where nothing changed', () => {
  const pages = Uint16Array.from([1, 2, 3]);
  expect(changedRuns(pages, pages.slice())).toEqual([]);
});

it('leads any map to any other', () => {
  let seed = 1;
  const random = (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return seed % below;
  };
  for (let round = 0; round < 50; round++) {
    const before = Uint16Array.from({ length: 200 }, () => random(3));
    const now = before.map((page) => (random(10) === 0 ? random(0x10000) : page));
    expect(apply(before, encodeRuns(changedRuns(before, now), now))).toEqual(now);
  }
});

it('tells the classes of a guest that boots once it has them', async () => {
  const rounds = [
    { pages: [8, 6], classes: [0, 0] },
    { pages: [8, 6], classes: [8, 96] },
    { pages: [8, 8], classes: [8, 96] },
  ];
  const told: PagesChangedEvent[] = [];
  const { promise, resolve } = deferred<void>();
  const take = async () => {
    const round = rounds.shift();
    if (!round) {
      resolve();
      return undefined;
    }
    const map = { kinds: ['absent'], classes: round.classes, pages: Uint16Array.from(round.pages), base: 0 };
    return { map, running: true, guestTime: 0 };
  };
  const subscription = new PageSubscription(1, 50, take, (event) => told.push(event));
  await promise;
  subscription.end();
  expect(told.map(({ kinds, classes, runs }) => [kinds !== undefined, classes, runs === ''])).toEqual([
    [true, [0, 0], false],
    [false, [8, 96], true],
    [false, undefined, false],
  ]);
});
