import { expect, test } from 'vitest';
import type { ProfileReading } from '../kernels/model.ts';
import { collapsedStacks, cpuProfile, flameTree, Profile } from './profile.ts';

const PLACES = [
  { name: 'main', file: '/k/main.cc', line: 10 },
  { name: 'run', file: '/k/run.cc', line: 20 },
  { name: 'run', file: '/k/run.cc', line: 22 },
  { name: 'write', file: '/k/write.cc', line: 30 },
];

function reading(stacks: ProfileReading['stacks'], next: number, lost = 0, guestTime = next): ProfileReading {
  const samples = stacks.reduce((sum, { count }) => sum + count, 0);
  return {
    guestTime,
    rate: 100,
    cpus: [{ cpu: 0, next, lost, samples }],
    places: PLACES,
    stacks,
    threads: { 1: 'writer-0', 2: 'idle-0' },
  };
}

function gathered(): Profile {
  const profile = new Profile();
  profile.add(
    reading(
      [
        { cpu: 0, thread: 1, frames: [3, 1, 0], count: 3 },
        { cpu: 0, thread: 1, frames: [3, 2, 0], count: 4 },
        { cpu: 0, thread: 1, frames: [1, 0], count: 2 },
        { cpu: 0, thread: 2, frames: [0], count: 5 },
      ],
      14,
    ),
  );
  return profile;
}

test('stacks become a tree by function, whatever the lines', () => {
  const root = flameTree(gathered());
  expect(root).toMatchObject({ name: 'all', total: 14, self: 0 });
  const main = root.children[0];
  expect(main).toMatchObject({ name: 'main', total: 14, self: 5 });
  expect(main?.children).toHaveLength(1);
  // Most samples of run were at line 22.
  expect(main?.children[0]).toMatchObject({ name: 'run', total: 9, self: 2, place: { line: 20 } });
  expect(main?.children[0]?.children[0]).toMatchObject({ name: 'write', total: 7, self: 7 });
});

test('a node stands for the line that has the most samples', () => {
  const profile = new Profile();
  profile.add(
    reading(
      [
        { cpu: 0, thread: 1, frames: [1], count: 1 },
        { cpu: 0, thread: 1, frames: [2], count: 6 },
      ],
      7,
    ),
  );
  expect(flameTree(profile).children[0]?.place.line).toBe(22);
});

test('some threads only, or divided by thread', () => {
  expect(flameTree(gathered(), { includes: ({ thread }) => thread === 1 }).total).toBe(9);
  const divided = flameTree(gathered(), { byThread: true });
  expect(divided.children.map(({ name, total }) => [name, total])).toEqual([
    ['idle-0', 5],
    ['writer-0', 9],
  ]);
});

test('readings add up, and those of another boot begin anew', () => {
  const profile = gathered();
  profile.add(reading([{ cpu: 0, thread: 1, frames: [3, 1, 0], count: 6 }], 30, 10));
  expect([profile.total, profile.lost, profile.after]).toEqual([20, 10, [30]]);
  expect(profile.stacks).toHaveLength(4);
  profile.add(reading([{ cpu: 0, thread: 1, frames: [0], count: 1 }], 1));
  expect([profile.total, profile.lost, profile.after]).toEqual([1, 0, [1]]);
});

test('a reset forgets samples, not how far was read', () => {
  const profile = gathered();
  profile.reset();
  expect([profile.total, profile.stacks, profile.after]).toEqual([0, [], [14]]);
});

test('collapsed stacks, one line each, outermost first', () => {
  expect(collapsedStacks(gathered())).toBe('idle-0;main 5\nwriter-0;main;run 2\nwriter-0;main;run;write 7\n');
});

test('a .cpuprofile has a node for each function and a sample for each sample', () => {
  const { nodes, samples, timeDeltas, startTime, endTime } = cpuProfile(flameTree(gathered()), 100);
  expect(nodes.map(({ callFrame }) => callFrame.functionName)).toEqual(['(root)', 'main', 'run', 'write']);
  expect(nodes.map(({ children }) => children)).toEqual([[2], [3], [4], []]);
  expect(nodes[3]?.callFrame).toMatchObject({ url: 'file:///k/write.cc', lineNumber: 29 });
  expect(samples).toHaveLength(14);
  expect(samples.filter((id) => id === 4)).toHaveLength(7);
  expect([startTime, endTime]).toEqual([0, timeDeltas.reduce((sum, delta) => sum + delta, 0)]);
});
