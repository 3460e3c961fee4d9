import { expect, test } from 'vitest';
import type { Interval, Timeline } from '../../debug-adapter/history/timeline.ts';
import { inMarkedLanguage, wordsOutside } from '../../extension/test/marked-language.ts';
import {
  inSight,
  intervalAt,
  KINDS,
  type Kind,
  kindName,
  kindOf,
  lanesOf,
  search,
  sentenceOf,
  shortText,
} from './lanes.ts';
import { cpuLoad } from './load.ts';

const run = (thread: number, begin: number, end: number, cpu = 0) =>
  ({ activity: 'running', thread, begin, end, isOpen: false, cpu }) as const;
const wait = (thread: number, begin: number, end: number, kind: 'mutex' | 'sleep', description: string): Interval => ({
  activity: 'waiting',
  thread,
  begin,
  end,
  isOpen: end === 100,
  cpu: 0,
  kind,
  object: 5,
  description,
});

const TIMELINE: Timeline = {
  begin: 0,
  end: 100,
  wakeUps: [],
  cpus: [
    {
      cpu: 0,
      intervals: [run(1, 0, 20), run(3, 20, 60), run(2, 60, 100)],
      marks: [{ time: 50, cpu: 0, thread: 3, kind: 'timer', label: 'timer' }],
    },
  ],
  threads: [
    { id: 0, name: 'thread 0 (ended)', isIdle: false, intervals: [], marks: [] },
    {
      id: 1,
      name: 'writer-0',
      isIdle: false,
      intervals: [run(1, 0, 20), wait(1, 20, 40, 'mutex', 'vnode /data/log'), wait(1, 40, 100, 'sleep', 'sleep')],
      marks: [{ time: 10, cpu: 0, thread: 1, kind: 'file', label: 'write /data/log' }],
    },
    { id: 2, name: 'reader-1', isIdle: false, intervals: [run(2, 60, 100)], marks: [] },
    { id: 3, name: 'idle-0', isIdle: true, intervals: [run(3, 20, 60)], marks: [] },
  ],
};
const names = (thread: number): string => TIMELINE.threads.find(({ id }) => id === thread)?.name ?? '?';
const all = new Set<Kind>(KINDS);
const without = (...kinds: Kind[]): Set<Kind> => new Set([...all].filter((kind) => !kinds.includes(kind)));

test('CPUs first, then threads; before the scheduler there is none', () => {
  const lanes = lanesOf(TIMELINE, { threads: undefined, kinds: all });
  expect(lanes.map(({ label }) => label)).toEqual(['CPU 0', 'writer-0', 'reader-1', 'idle-0']);
});

test('filters by name and by kind', () => {
  const lanes = lanesOf(TIMELINE, { threads: /^writer/, kinds: without('idle', 'waiting', 'file', 'timer') });
  expect(lanes.map(({ label }) => label)).toEqual(['CPU 0', 'writer-0']);
  expect(lanes[0]?.intervals.map(({ thread }) => thread)).toEqual([1, 2]);
  expect(lanes[0]?.marks).toEqual([]);
  expect(lanes[1]?.intervals.map(kindOf)).toEqual(['running', 'locked']);
  expect(lanes[1]?.marks).toEqual([]);
});

test('the search finds waits, operations and all of a thread, in the order of time', () => {
  const lanes = lanesOf(TIMELINE, { threads: undefined, kinds: all });
  expect(search(lanes, /log/, names).map(({ item }) => shortText(item))).toEqual([
    'write /data/log',
    'vnode /data/log',
  ]);
  expect(search(lanes, /^reader-1$/, names).map(({ lane }) => lanes[lane]?.label)).toEqual(['CPU 0', 'reader-1']);
  expect(search(lanes, /nowhere/, names)).toEqual([]);
});

test('what lies under the pointer, within some slack', () => {
  const [cpu] = lanesOf(TIMELINE, { threads: undefined, kinds: without('idle') });
  expect(cpu && intervalAt(cpu, 10, 0)?.thread).toBe(1);
  expect(cpu && intervalAt(cpu, 30, 0)).toBeUndefined();
  expect(cpu && intervalAt(cpu, 22, 5)?.thread).toBe(1);
  expect(cpu && intervalAt(cpu, 58, 5)?.thread).toBe(2);
});

test('only what is in sight is told, and no more than asked for', () => {
  const lanes = lanesOf(TIMELINE, { threads: undefined, kinds: all });
  const told = inSight(lanes, { begin: 45, end: 55 }, 10).map(({ lane, item }) => `${lane.label}: ${shortText(item)}`);
  expect(told).toEqual(['CPU 0: running', 'idle-0: running', 'writer-0: sleep', 'CPU 0: timer']);
  expect(inSight(lanes, { begin: 0, end: 100 }, 3)).toHaveLength(3);
});

test('one sentence about each', () => {
  const [running, waiting, sleeping] = TIMELINE.threads[1]?.intervals ?? [];
  expect(running && sentenceOf(running, names)).toBe('writer-0 ran on CPU 0 for 20 ns, from 0.000000 s');
  expect(waiting && sentenceOf(waiting, names)).toMatch(/^writer-0 waited for vnode \/data\/log for 20 ns, from /);
  expect(sleeping && sentenceOf(sleeping, names)).toMatch(/^writer-0 slept for 60 ns up to now, from /);
});

test('load is the share of CPUs that are not idle', () => {
  expect(cpuLoad(TIMELINE, 5)).toEqual([1, 0, 0, 1, 1]);
  expect(cpuLoad({ ...TIMELINE, end: 0 }, 5)).toEqual([]);
});

test('all of it can be said in the user’s language', () => {
  const items = lanesOf(TIMELINE, { threads: undefined, kinds: all }).flatMap(({ intervals, marks }) => [
    ...intervals,
    ...marks,
  ]);
  const told = inMarkedLanguage(() => [...items.map((item) => sentenceOf(item, () => '1')), ...KINDS.map(kindName)]);
  expect(told.length).toBeGreaterThan(12);
  expect(told.filter((text) => wordsOutside(text).length > 0)).toEqual([]);
});
