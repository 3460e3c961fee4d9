import { expect, test } from 'vitest';
import type { WaitInfo } from '../../debug-adapter/protocol.ts';
import { exampleThread } from './examples.ts';
import { arrange, type ThreadOrder } from './thread-order.ts';

const NOW = 1e9;
const waitsFor = (description: string, since: number): WaitInfo => ({
  kind: 'mutex',
  mode: 'exclusive',
  object: -0x1000,
  description,
  since,
});
const threads = [
  exampleThread({ key: 1, id: 1, name: 'main', state: 'waiting', cpu: 0, waitsFor: waitsFor('event', 100) }),
  exampleThread({ key: 2, id: 2, name: 'writer-10', state: 'running', cpu: 1, cpuTime: 50, stackHighWater: 900 }),
  exampleThread({ key: 3, id: 3, name: 'writer-2', state: 'waiting', cpu: 1, waitsFor: waitsFor('mutex "a"', 50) }),
  exampleThread({ key: 4, id: 4, name: 'idle-0', state: 'ready', cpu: 0, cpuTime: 90, stackHighWater: 800 }),
];

/** Names, those of a group behind its name. */
function names(order: Partial<ThreadOrder>): string[] {
  const share = (key: number): number | undefined => ({ 2: 0.2, 4: 0.7 })[key];
  return arrange(threads, { group: 'none', sort: 'kernel', filter: '', ...order }, NOW, share).map(
    ({ name, rows }) => `${name === undefined ? '' : `${name}: `}${rows.map((row) => row.name).join(' ')}`,
  );
}

test('threads come in the kernel’s order, and are sorted by what is asked', () => {
  expect(names({})).toEqual(['main writer-10 writer-2 idle-0']);
  expect(names({ sort: 'name' })).toEqual(['idle-0 main writer-2 writer-10']);
  expect(names({ sort: 'cpuShare' })).toEqual(['idle-0 writer-10 main writer-2']);
  expect(names({ sort: 'cpuTime' })).toEqual(['main writer-2 idle-0 writer-10']);
  expect(names({ sort: 'waiting' })).toEqual(['writer-2 main writer-10 idle-0']);
  expect(names({ sort: 'stack' })).toEqual(['writer-10 idle-0 main writer-2']);
});

test('groups are named, and their threads sorted', () => {
  expect(names({ group: 'state' })).toEqual(['ready: idle-0', 'running: writer-10', 'waiting: main writer-2']);
  expect(names({ group: 'cpu', sort: 'name' })).toEqual(['CPU 0: idle-0 main', 'CPU 1: writer-2 writer-10']);
  expect(names({ group: 'waitsFor' })).toEqual([
    'ready: idle-0',
    'running: writer-10',
    'waits for event: main',
    'waits for mutex "a": writer-2',
  ]);
});

test('a filter is words that the row must all tell', () => {
  expect(names({ filter: ' WRITER  waiting ' })).toEqual(['writer-2']);
  expect(names({ filter: 'mutex "a"' })).toEqual(['writer-2']);
  expect(names({ filter: '#4' })).toEqual(['idle-0']);
  expect(names({ filter: '(\\w+)*$' })).toEqual(['']);
  expect(names({ filter: 'nothing', group: 'state' })).toEqual([]);
});
