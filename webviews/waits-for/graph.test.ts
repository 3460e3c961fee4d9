import { expect, test } from 'vitest';
import { graphOf, lockKey, neighboursOf, threadKey } from './graph.ts';
import type { LockRow, LockThread } from './messages.ts';

function thread(id: number, more: Partial<LockThread> = {}): LockThread {
  return { thread: id, threadName: `thread-${id}`, mode: 'exclusive', ...more };
}

function lock(key: number, holders: LockThread[], waiters: LockThread[]): LockRow {
  return { key, kind: 'readerWriterLock', description: `lock ${key}`, holders, waiters };
}

test('a thread is one node, whatever it holds and waits for; arrows lead to who must go on first', () => {
  const { nodes, edges } = graphOf([
    lock(10, [thread(1, { mode: 'shared', since: 5 })], [thread(2)]),
    lock(20, [thread(2)], []),
  ]);
  expect([...nodes.keys()].sort()).toEqual([lockKey(10), lockKey(20), threadKey(1), threadKey(2)].sort());
  expect(edges).toMatchObject([
    { from: lockKey(10), to: threadKey(1), role: 'holds', mode: 'shared', since: 5 },
    { from: threadKey(2), to: lockKey(10), role: 'waits', mode: 'exclusive' },
    { from: lockKey(20), to: threadKey(2), role: 'holds' },
  ]);
  expect([1, 2].map((id) => nodes.get(threadKey(id)))).toMatchObject([{ waits: false }, { waits: true }]);
  expect(neighboursOf({ nodes, edges }, threadKey(2)).sort()).toEqual([lockKey(10), lockKey(20)]);
});

test('many waiters are drawn as some and a number; who is in a deadlock is always drawn', () => {
  const waiters = Array.from({ length: 1000 }, (_, index) => thread(index, index === 900 ? { inCycle: true } : {}));
  const { nodes } = graphOf([lock(10, [], waiters)]);
  expect(nodes.size).toBeLessThan(20);
  expect(nodes.get(threadKey(900))).toMatchObject({ kind: 'thread', inCycle: true });
  const threads = [...nodes.values()].filter(({ kind }) => kind === 'thread');
  expect([...nodes.values()].find(({ kind }) => kind === 'crowd')).toMatchObject({ count: 1000 - threads.length });
});

test('a thread that is in a deadlock by one of its edges is marked, and only that edge', () => {
  const { nodes, edges } = graphOf([lock(10, [thread(1, { inCycle: true })], []), lock(20, [thread(1)], [thread(2)])]);
  expect(nodes.get(threadKey(1))?.inCycle).toBe(true);
  expect(edges.filter(({ inCycle }) => inCycle).map(({ from }) => from)).toEqual([lockKey(10)]);
});
