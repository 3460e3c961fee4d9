import { expect, test } from 'vitest';
import type { ThreadRow, ViewName, ViewSnapshot } from '../protocol.ts';
import type { Observation } from '../worker/observation.ts';
import { type KernelNode, kernelScope } from './kernel-scope.ts';

const waiting: ThreadRow = {
  key: -0x7fff_0000_0000,
  id: 7,
  name: 'writer-0',
  state: 'waiting',
  cpu: 1,
  priority: 16,
  cpuTime: 2_000_000,
  switches: 5,
  waitsFor: {
    kind: 'vnode',
    mode: 'exclusive',
    object: -0x7fff_0000_0000,
    description: 'vnode /data/a',
    since: 1_000_000,
  },
  holds: [],
} as unknown as ThreadRow;

function observation(rows: Partial<Record<ViewName, object[]>>): Observation {
  const view = async (name: ViewName): Promise<ViewSnapshot> =>
    ({
      view: name,
      sequence: 1,
      running: false,
      quality: 'whole',
      guestTime: 3_000_000,
      notes: [],
      rows: rows[name] ?? [],
    }) as never;
  return { view } as unknown as Observation;
}

async function child(node: KernelNode | undefined, name: string): Promise<KernelNode> {
  const children = (await node?.children?.()) ?? [];
  const found = children.find((one) => one.name === name);
  if (!found) {
    throw new Error(`no ${name} among ${children.map((one) => one.name).join(', ')}`);
  }
  return found;
}

test('a row says what one wants to know, and opens to its fields', async () => {
  const threads = await child(kernelScope(observation({ threads: [waiting] })), 'Threads');
  expect(threads.value).toBe('1');
  const row = await child(threads, 'writer-0');
  expect(row.value).toBe('waiting for vnode /data/a (2.0 ms)');
  expect(row.memoryReference).toBe('0xffff800100000000');
  expect((await child(row, 'cpuTime')).value).toBe('2.0 ms');
  const wait = await child(row, 'waitsFor');
  expect(wait.value).toBe('vnode /data/a');
  expect((await child(wait, 'since')).value).toBe('1.0 ms after boot');
});

test('a long list tells its length, so that a client can page', async () => {
  const many = Array.from({ length: 150 }, (_, index) => ({ ...waiting, id: index, name: `t-${index}` }));
  const threads = await child(kernelScope(observation({ threads: many })), 'Threads');
  expect(threads.count).toBe(150);
  expect((await child(kernelScope(observation({})), 'Timer sets')).count).toBeUndefined();
});
