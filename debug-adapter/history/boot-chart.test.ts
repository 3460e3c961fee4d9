import { expect, test } from 'vitest';
import { bootTime, compareBoots, keepRun, MOST_RUNS } from './boot-chart.ts';

const NOW = [
  { name: 'firmware', begin: 0, end: 100 },
  { name: 'memory', begin: 100, end: 130 },
  { name: 'disks', begin: 130, end: 150 },
  { name: 'programs', begin: 150 },
];
const BEFORE = [
  { name: 'firmware', begin: 0, end: 90 },
  { name: 'console', begin: 90, end: 95 },
  { name: 'memory', begin: 95, end: 140 },
  { name: 'programs', begin: 140 },
];

test('a boot lasts until its last phase begins', () => {
  expect(bootTime(NOW)).toBe(150);
  expect(bootTime([])).toBeUndefined();
});

test('phases of two boots stand beside each other, those of one where they were', () => {
  const rows = compareBoots(NOW, BEFORE);
  expect(rows.map(({ name }) => name)).toEqual(['firmware', 'console', 'memory', 'disks']);
  expect(rows[1]).toEqual({ name: 'console', before: { begin: 90, duration: 5 } });
  expect(rows[2]).toEqual({
    name: 'memory',
    now: { begin: 100, duration: 30 },
    before: { begin: 95, duration: 45 },
  });
  expect(rows[3]).toEqual({ name: 'disks', now: { begin: 130, duration: 20 } });
  expect(compareBoots(NOW).map(({ name }) => name)).toEqual(['firmware', 'memory', 'disks']);
});

test('runs are kept newest first, each once, and not for ever', () => {
  const run = (id: string) => ({ id, when: 0, label: '', phases: NOW });
  expect(keepRun([run('a'), run('b')], run('b')).map(({ id }) => id)).toEqual(['b', 'a']);
  const many = Array.from({ length: MOST_RUNS }, (_, index) => run(String(index)));
  const kept = keepRun(many, run('new'));
  expect(kept).toHaveLength(MOST_RUNS);
  expect(kept[0]?.id).toBe('new');
});
