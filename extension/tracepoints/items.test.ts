import { expect, test } from 'vitest';
import { changesTo, itemsOf } from './items.ts';

const POINTS = [
  { address: 1, name: 'vfs_open', format: '%s 0x%x', enabled: false, records: 0 },
  { address: 2, name: 'sched_switch', format: 'to %p', enabled: true, records: 12_345 },
  { address: 3, name: 'async_timer_task', format: '', enabled: false, records: 2 },
];

test('what is recorded stands first, with how often and what it tells', () => {
  expect(itemsOf(POINTS, 'en')).toEqual([
    { label: 'sched_switch', description: '12,345 ×  to %p', picked: true },
    { label: 'async_timer_task', description: '2 ×', picked: false },
    { label: 'vfs_open', description: '%s 0x%x', picked: false },
  ]);
});

test('only what differs is changed', () => {
  expect(changesTo(POINTS, new Set(['vfs_open', 'async_timer_task']))).toEqual([
    { name: 'vfs_open', enabled: true },
    { name: 'sched_switch', enabled: false },
    { name: 'async_timer_task', enabled: true },
  ]);
  expect(changesTo(POINTS, new Set(['sched_switch']))).toEqual([]);
});
