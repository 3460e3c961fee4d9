import { expect, test } from 'vitest';
import { inMarkedLanguage, wordsOutside } from '../../extension/test/marked-language.ts';
import { graphOf, lockKey, threadKey } from './graph.ts';
import type { LockRow, ShowGraph } from './messages.ts';
import {
  cyclesOf,
  edgeWords,
  emptyWords,
  holderWords,
  nodeDetail,
  nodeSentence,
  summary,
  waiterWords,
} from './words.ts';

const CYCLE = 'a holds vnode /x, waits for vnode /y; b holds vnode /y, waits for vnode /x';
const rows: LockRow[] = [
  {
    key: 1,
    kind: 'readerWriterLock',
    description: 'vnode /x',
    holders: [{ thread: 7, threadName: 'a', mode: 'exclusive', since: 1e9, inCycle: true }],
    waiters: [
      {
        thread: 8,
        threadName: 'b',
        mode: 'shared',
        since: 2e9,
        frame: 'ns::Reader::read (reader.cc:3)',
        inCycle: true,
      },
    ],
    cycle: CYCLE,
  },
  {
    key: 2,
    kind: 'join',
    description: 'thread a',
    holders: [{ thread: 7, threadName: 'a', mode: 'exclusive' }],
    waiters: [],
  },
];
const shown: ShowGraph = {
  type: 'graph',
  session: '',
  state: 'live',
  isTorn: false,
  guestTime: 4e9,
  rows,
  hidden: 0,
  total: 2,
  query: { scope: 'all', filter: '' },
  notes: [],
};
const [vnode, join] = rows as [LockRow, LockRow];

test('holders and waiters say how, since when and where', () => {
  expect(vnode.holders.map((holder) => holderWords(holder, vnode, 4e9))).toEqual(['a holds it exclusive for 3.0 s']);
  expect(vnode.waiters.map((waiter) => waiterWords(waiter, vnode, 4e9))).toEqual([
    'b waits shared for 2.0 s in ns::Reader::read (reader.cc:3)',
  ]);
  expect(join.holders.map((holder) => holderWords(holder, join, 4e9))).toEqual(['a is waited for']);
});

test('what the picture says of a node is said in words too', () => {
  const { nodes } = graphOf(rows);
  const say = (key: string): string => nodeSentence(nodes.get(key) as NonNullable<ReturnType<typeof nodes.get>>, shown);
  expect(say(lockKey(1))).toBe(
    'vnode /x: deadlock. a holds it exclusive for 3.0 s, b waits shared for 2.0 s in ns::Reader::read (reader.cc:3).',
  );
  expect(say(threadKey(7))).toBe('a, in a deadlock: holds vnode /x, is joined.');
  expect(say(threadKey(8))).toBe('b, in a deadlock: waits for vnode /x in ns::Reader::read (reader.cc:3).');
  expect([...nodes.values()].map(nodeDetail)).toEqual(['1 holder · 1 waiter', 'not waiting', 'Reader::read', '']);
});

test('the summary tells the state, what is hidden and the deadlocks', () => {
  expect(summary(shown)).toBe('live · 2 locks and conditions · 1 with waiters · 1 deadlock');
  expect(summary({ ...shown, state: 'stopped', isTorn: true, session: 'guest', total: 40, hidden: 10 })).toBe(
    'guest · stopped · torn · 12 of 40 locks and conditions · 1 with waiters · 1 deadlock · 10 not drawn: use the filter',
  );
  expect(summary({ ...shown, state: 'ended', isTorn: true })).toMatch(/^the session has ended · 2 locks/);
  expect(cyclesOf([...rows, { ...vnode, key: 3 }])).toEqual([CYCLE]);
});

test('an empty picture says why, in one sentence', () => {
  const empty = { ...shown, rows: [] };
  expect(emptyWords({ ...empty, total: 0 })).toBe('No thread holds a lock or waits for one.');
  expect(emptyWords({ ...empty, query: { scope: 'all', filter: 'zz' } })).toContain('“zz”');
  expect(emptyWords({ ...empty, query: { scope: 'cycles', filter: '' } })).toMatch(/in a cycle\.$/);
  expect(emptyWords({ ...empty, query: { scope: 'contended', filter: '' } })).toMatch(/^No thread waits/);
});

test('all of it can be said in the user’s language', () => {
  const crowd = {
    ...vnode,
    key: 3,
    waiters: Array.from({ length: 20 }, (_, index) => ({ ...vnode.waiters[0], thread: index + 20 })),
  };
  const graph = {
    ...shown,
    rows: [...rows, crowd] as LockRow[],
    state: 'stopped',
    isTorn: true,
    total: 40,
    hidden: 10,
  } as const;
  const { nodes, edges } = graphOf(graph.rows);
  const told = inMarkedLanguage(() => [
    summary(graph),
    ...[...nodes.values()].flatMap((node) => [nodeSentence(node, graph), nodeDetail(node)]),
    ...edges.map((edge) => edgeWords(edge, 4e9)),
    ...[shown.query, { scope: 'cycles', filter: '' } as const, { scope: 'all', filter: 'zz' } as const].map((query) =>
      emptyWords({ ...shown, rows: [], query }),
    ),
    emptyWords({ ...shown, total: 0 }),
  ]);
  const ownWords = told.flatMap((text) => wordsOutside(text.replaceAll(/vnode \/x|thread a|Reader::read/g, '')));
  expect(ownWords).toEqual([]);
});
