import { expect, test } from 'vitest';
import type { WaitsForRow } from '../../debug-adapter/protocol.ts';
import { MOST_LOCKS, select } from './waits-for-rows.ts';

function row(key: number, more: Partial<WaitsForRow> = {}): WaitsForRow {
  return { key, kind: 'mutex', description: `mutex "m${key}"`, holders: [], waiters: [], ...more };
}
const waiter = { thread: 1, threadName: 'Writer-1', mode: 'exclusive' } as const;
const rows = [
  row(1),
  row(2, { waiters: [waiter] }),
  row(3, { kind: 'condition', waiters: [waiter, waiter] }),
  row(4, { cycle: 'a deadlock', waiters: [waiter] }),
];

test.each([
  ['all', '', [4, 3, 2, 1]],
  ['contended', '', [4, 2]],
  ['cycles', '', [4]],
  ['all', ' writer ', [4, 3, 2]],
  ['all', 'M1', [1]],
  ['cycles', 'nothing', []],
] as const)('%s with “%s”', (scope, filter, keys) => {
  expect(select(rows, { scope, filter }).rows.map(({ key }) => key)).toEqual(keys);
});

test('what cannot be drawn is counted', () => {
  const many = Array.from({ length: MOST_LOCKS + 7 }, (_, key) => row(key));
  const { rows: chosen, hidden } = select(many, { scope: 'all', filter: '' });
  expect([chosen.length, hidden]).toEqual([MOST_LOCKS, 7]);
});
