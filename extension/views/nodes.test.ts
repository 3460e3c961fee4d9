/** The four views' rows: what a person reads, in which order, with which mark. */
import { expect, test } from 'vitest';
import type { HeldLockInfo, LockWaiter, ViewSnapshot, WaitInfo } from '../../debug-adapter/protocol.ts';
import { inMarkedLanguage, wordsOutside } from '../test/marked-language.ts';
import {
  examplePoolClass,
  exampleSnapshot,
  exampleThread,
  exampleTimer,
  exampleTimerSet,
  exampleVnodeLock,
} from './examples.ts';
import { mallocPoolNodes, slabNodes } from './malloc-pools.ts';
import { escapeMarkdown, type ViewNode } from './node.ts';
import { arrange, GROUPINGS } from './thread-order.ts';
import { threadNodes } from './threads.ts';
import { timerSetNodes } from './timer-sets.ts';
import { vnodeLockNodes } from './vnode-locks.ts';

/** A row as a person sees it, those below it indented. */
function text(nodes: ViewNode[], indent = ''): string[] {
  return nodes.flatMap((node) => [
    `${indent}${node.label}${node.description === undefined ? '' : ` | ${node.description}`}`,
    ...text(node.children?.() ?? [], `${indent}  `),
  ]);
}

/** Every id of a tree, rows below included. */
function ids(nodes: ViewNode[]): string[] {
  return nodes.flatMap((node) => [node.id, ...ids(node.children?.() ?? [])]);
}

const waitsFor: WaitInfo = {
  kind: 'readerWriterLock',
  mode: 'exclusive',
  object: -0x1000,
  description: 'vnode /data/log',
  since: 1e9 - 12_000_000,
};
const held: HeldLockInfo = {
  lock: -0x2000,
  kind: 'mutex',
  mode: 'exclusive',
  description: 'mutex "mounts"',
  since: 1e9 - 5_000,
};

test('a waiting thread says for what, how long, and what it holds meanwhile', () => {
  const thread = exampleThread({ state: 'waiting', waitsFor, holds: [held], stack: { base: -0x8000, size: 16384 } });
  const nodes = threadNodes(exampleSnapshot('threads', [thread]));
  expect(text(nodes)).toEqual([
    'worker-3 | waits for vnode /data/log · 12.0 ms',
    '  waits for vnode /data/log | exclusive · 12.0 ms',
    '  holds mutex "mounts" | exclusive · 5 µs',
    '  CPU time | 3.2 ms',
    '  switches | 120, 3 preempted',
    '  thread | #7, priority 16',
    '  stack | 16 KiB at 0xffffffffffff8000',
  ]);
  expect(nodes[0]).toMatchObject({ icon: 'lock', tone: 'warning', thread: 7 });
});

test('a thread tells its share of a CPU, and how deep its stack ever was', () => {
  const stack = { base: -0x8000, size: 16384 };
  const nodes = threadNodes(
    exampleSnapshot('threads', [
      exampleThread({ stack, stackHighWater: 15_000 }),
      exampleThread({ key: 9, name: 'idle' }),
    ]),
    undefined,
    (key) => (key === 9 ? 0.004 : 0.376),
  );
  expect(text(nodes)).toEqual(
    expect.arrayContaining([
      'worker-3 | 38 % · running on CPU 1',
      '  CPU time | 3.2 ms, 37.6 % of a CPU in the last second',
      '  stack | at most 15 KiB of 16 KiB at 0xffffffffffff8000',
      '  stack nearly used up | ',
      'idle | running on CPU 1',
      '  CPU time | 3.2 ms, 0.4 % of a CPU in the last second',
    ]),
  );
});

test('threads in groups are rows of their own, with ids of their own', () => {
  const row = exampleThread();
  const groups = ['ready', 'running'].map((name) => ({ name, rows: [row] }));
  const nodes = threadNodes(exampleSnapshot('threads', [row]), groups);
  expect(nodes.map(({ label, description }) => [label, description])).toEqual([
    ['ready', '1 thread'],
    ['running', '1 thread'],
  ]);
  expect(new Set(ids(nodes)).size).toBe(ids(nodes).length);
});

test('threads keep the order of the kernel; their states have marks', () => {
  const states = (['running', 'ready', 'waiting', 'created', 'finished'] as const).map((state, index) =>
    exampleThread({ key: index, id: index, name: state, state }),
  );
  const nodes = threadNodes(exampleSnapshot('threads', states));
  expect(nodes.map((node) => node.label)).toEqual(['running', 'ready', 'waiting', 'created', 'finished']);
  expect(nodes.map((node) => node.description)).toEqual([
    'running on CPU 1',
    'ready on CPU 1',
    'waiting',
    'created',
    'finished',
  ]);
  expect(new Set(nodes.map((node) => node.icon)).size).toBe(5);
});

test('vnode locks: deadlocks first, then the longest queue, then what is held, then what is free', () => {
  const someone = { thread: 7, threadName: 'worker-3', mode: 'exclusive', since: 1e9 - 2e6 } as const;
  const reader = { ...someone, mode: 'shared' } as const;
  const rows = [
    exampleVnodeLock({ key: 1, path: '/free' }),
    exampleVnodeLock({ key: 2, path: '/read', mode: 'shared', holders: [reader, { ...reader, thread: 8 }] }),
    exampleVnodeLock({ key: 3, path: '/queue', mode: 'exclusive', holders: [someone], waiters: [someone, reader] }),
    exampleVnodeLock({
      key: 4,
      path: '/cycle',
      mode: 'exclusive',
      holders: [someone],
      waiters: [reader],
      cycle: 'A; B',
    }),
    exampleVnodeLock({ key: 5, path: '/written', mode: 'exclusive', holders: [someone] }),
  ];
  const nodes = vnodeLockNodes(exampleSnapshot('vnodeLocks', rows));
  expect(nodes.map((node) => `${node.label} | ${node.description}`)).toEqual([
    '/cycle | deadlock · 1 waiting · written by worker-3 for 2.0 ms',
    '/queue | 2 waiting · written by worker-3 for 2.0 ms',
    '/written | written by worker-3 for 2.0 ms',
    '/read | shared by 2 readers',
    '/free | free',
  ]);
  expect(nodes.map((node) => node.tone)).toEqual(['error', 'warning', undefined, undefined, 'quiet']);
  const [first] = text(nodes[0]?.children?.() ?? []);
  expect(first).toBe('deadlock | A; B');
});

test('who waits for a vnode lock stands in wake order', () => {
  const since = 1e9 - 1e6;
  const waiters = ['b', 'a'].map(
    (threadName, index) => ({ thread: 9 - index, threadName, mode: 'shared', since }) as const,
  );
  const [node] = vnodeLockNodes(exampleSnapshot('vnodeLocks', [exampleVnodeLock({ mode: 'exclusive', waiters })]));
  expect(text(node?.children?.() ?? []).slice(0, 2)).toEqual([
    'b | waits 1.0 ms · shared · next',
    'a | waits 1.0 ms · shared',
  ]);
});

test('malloc pools go from RAM to classes to CPUs', () => {
  const nodes = mallocPoolNodes(
    exampleSnapshot('mallocPools', [
      { kind: 'ram', key: 'ram', totalPages: 65536, freePages: 60000, byKind: { pool: 12, free: 60000 } },
      examplePoolClass(),
      {
        kind: 'pagePool',
        key: 'l1-0',
        level: 'L1',
        cpu: 0,
        pages: 3,
        lowMark: 4,
        highMark: 16,
        refills: 1,
        returns: 0,
      },
      { kind: 'pagePool', key: 'l2', level: 'L2', pages: 40, lowMark: 8, highMark: 64, refills: 2, returns: 1 },
      { kind: 'freeRange', key: 'order-4', order: 4, blocks: 3 },
      { kind: 'large', key: 'large-1', address: -0x9000, pages: 4, requested: 16000, thread: 7, time: 0 },
    ]),
  );
  expect(text(nodes)).toEqual([
    'RAM | 234.4 MiB free of 256.0 MiB',
    '  free | 234.4 MiB',
    '  pool | 48 KiB',
    'Size classes | 100 live objects · 6.3 KiB',
    '  64 B | 100 of 128 live · 2 slabs',
    '    CPU 0 | 100 live · 2 slabs · 5 remote frees',
    'Page pools | 172 KiB',
    '  L1 of CPU 0 | 3 pages · marks 4–16',
    '  L2 | 40 pages · marks 8–64',
    'Free ranges | 192 KiB',
    '  64 KiB | 3 blocks',
    'Large allocations | 1 · 16 KiB',
    '  0xffffffffffff7000 | 16 KiB in 4 pages · thread #7 · 1.0 s ago',
  ]);
  const below = nodes[2]?.children?.() ?? [];
  expect(below.map((node) => node.tone)).toEqual(['warning', 'quiet']); // L1 is below its low mark
});

test('a CPU without slabs does not open', () => {
  const cpus = [0, 1].map((cpu) => ({ cpu, slabs: cpu, emptySlabs: 0, liveObjects: 0, remoteFrees: 0 }));
  const [group] = mallocPoolNodes(exampleSnapshot('mallocPools', [examplePoolClass({ cpus })]));
  const rows = group?.children?.()[0]?.children?.() ?? [];
  expect(rows.map((row) => row.slabs)).toEqual([undefined, { pool: 'class-64', cpu: 1 }]);
});

test("a slab's tooltip draws which objects live", () => {
  const liveMap = Buffer.from([0b0000_0101, 0b10]).toString('base64');
  const [slab] = slabNodes('c', [{ address: -0x3000, cpu: 0, liveObjects: 3, capacity: 10, liveMap }]);
  expect(slab?.label).toBe('0xffffffffffffd000');
  expect(slab?.description).toBe('3 of 10 live');
  expect(slab?.tooltip?.()).toContain('█░█░░░░░░█\n');
});

test('a live map that is too short draws free objects, and a long one is cut', () => {
  const [slab] = slabNodes('c', [{ address: 0, cpu: 0, liveObjects: 0, capacity: 600, liveMap: '' }]);
  const lines = slab?.tooltip?.().match(/^[░█]+$/gm) ?? [];
  expect(lines).toHaveLength(16);
  expect(slab?.tooltip?.()).toContain('\n…\n');
});

test('timers stand in the order in which they expire, periodic ones with their owner', () => {
  const owner = { thread: 3, threadName: 'flusher' };
  const timers = [
    exampleTimer({ key: 1, name: 'late', deadline: 3e9, remaining: 2e9 }),
    exampleTimer({ key: 2, name: 'tick', deadline: 1.001e9, remaining: 1e6, period: 10e6, owner }),
    exampleTimer({ key: 3, name: 'missed', deadline: 0.9e9, remaining: -5e6 }),
  ];
  const nodes = timerSetNodes(exampleSnapshot('timerSets', [exampleTimerSet({ armed: 3, timers })]));
  expect(text(nodes)).toEqual([
    'CPU 0 | 3 armed · next in 3.2 ms',
    '  missed | overdue by 5.0 ms',
    '  tick | in 1.0 ms · every 10.0 ms · flusher',
    '  late | in 2.0 s',
  ]);
});

test('a clock that went backwards is told above the timers', () => {
  const [node] = timerSetNodes(exampleSnapshot('timerSets', [exampleTimerSet({ backwardSteps: 2, clamped: 1 })]));
  expect(text(node?.children?.() ?? [])[0]).toBe('backward steps | 2, 1 clamped');
});

test('every row has an id of its own, the same at the next snapshot', () => {
  const thread = exampleThread({ state: 'waiting', waitsFor, holds: [held] });
  const locks = [exampleVnodeLock({ key: 1 }), exampleVnodeLock({ key: 2, cycle: 'A; B', mode: 'exclusive' })];
  const build = (guestTime: number) => {
    const at = <V extends ViewSnapshot['view']>(snapshot: ViewSnapshot<V>) => ({ ...snapshot, guestTime });
    return [
      threadNodes(at(exampleSnapshot('threads', [thread, exampleThread({ key: 5, id: 8 })]))),
      vnodeLockNodes(at(exampleSnapshot('vnodeLocks', locks))),
      mallocPoolNodes(at(exampleSnapshot('mallocPools', [examplePoolClass(), examplePoolClass({ key: 'class-8' })]))),
      timerSetNodes(
        at(exampleSnapshot('timerSets', [exampleTimerSet(), exampleTimerSet({ key: 1, cpu: 1, timers: [] })])),
      ),
    ].map(ids);
  };
  for (const view of build(1e9)) {
    expect(new Set(view).size).toBe(view.length);
  }
  expect(build(2e9)).toEqual(build(1e9));
});

test('text of the guest cannot become markdown', () => {
  expect(escapeMarkdown('[x](command:evil) | <b>\n# y')).toBe('\\[x\\]\\(command:evil\\) \\| \\<b\\> \\# y');
  const [node] = threadNodes(exampleSnapshot('threads', [exampleThread({ name: '[a](b)|c' })]));
  expect(node?.tooltip?.()).toContain('**\\[a\\]\\(b\\)\\|c \\#7**');
});

/** All that can be read of rows and of their hovers. */
function everything(nodes: ViewNode[]): string[] {
  return nodes.flatMap((node) => [
    node.label,
    node.description ?? '',
    // Code, and the guest's memory, are no language.
    (node.tooltip?.() ?? '').replace(/`[^`]*`|<br>/g, ' '),
    ...everything(node.children?.() ?? []),
  ]);
}

test('all of it is told in the language of the window', () => {
  // What comes from the guest is numbers here.
  const lock = { description: '1', mode: 'exclusive' as const };
  const waiting = { ...waitsFor, ...lock };
  const stack = { base: -0x8000, size: 16384 };
  const threads = [
    exampleThread({ name: '1', state: 'waiting', waitsFor: waiting, holds: [{ ...held, ...lock }] }),
    exampleThread({ name: '2', state: 'waiting', migrations: 2 }),
    exampleThread({ name: '3', stack, stackHighWater: 16000 }),
    ...(['created', 'ready', 'finished'] as const).map((state) => exampleThread({ name: '4', state })),
  ];
  const who: LockWaiter = { thread: 1, threadName: '1', mode: 'exclusive', since: 1 };
  const vnode = { path: '/1', fileSystem: '1' };
  const locks = [
    exampleVnodeLock({ ...vnode, references: 1, acquisitions: 1 }),
    exampleVnodeLock({ ...vnode, mode: 'exclusive', holders: [who], waiters: [who, who], type: 'other', cycle: '1' }),
    exampleVnodeLock({ ...vnode, mode: 'shared', holders: [{ ...who, mode: 'shared' }], type: 'directory' }),
    exampleVnodeLock({ ...vnode, mode: 'shared', holders: [who, who] }),
  ];
  const [cpu] = examplePoolClass().cpus;
  const pools: ViewSnapshot<'mallocPools'>['rows'] = [
    { kind: 'ram', key: 'ram', totalPages: 100, freePages: 10, byKind: {} },
    examplePoolClass({
      liveObjects: 1,
      slabs: 1,
      cpus: cpu
        ? [
            { ...cpu, emptySlabs: 1, remoteFrees: 1 },
            { ...cpu, cpu: 1 },
          ]
        : [],
    }),
    { kind: 'pagePool', key: 'l1', level: 'L1', cpu: 1, pages: 1, lowMark: 2, highMark: 3, refills: 1, returns: 2 },
    { kind: 'freeRange', key: '1', order: 1, blocks: 1 },
    { kind: 'freeRange', key: '2', order: 2, blocks: 2 },
    { kind: 'large', key: '1', address: -1, pages: 2, requested: 5000, thread: 1, time: 1 },
  ];
  const timer = { name: '1', callback: '1' };
  const timers = [
    exampleTimer({ ...timer, remaining: -5, period: 1e9, owner: { thread: 1, threadName: '1' } }),
    exampleTimer({ ...timer, fired: 1 }),
  ];
  const sets = [
    exampleTimerSet({ backwardSteps: 2, timers }),
    { ...exampleTimerSet({ timers: [] }), next: undefined } as never,
  ];
  const shown = inMarkedLanguage(() => {
    const threadRows = exampleSnapshot('threads', threads);
    const groups = GROUPINGS.flatMap((group) => arrange(threads, { group, sort: 'kernel', filter: '' }, 1e9, () => 1));
    const views = [
      threadNodes(threadRows, groups, () => 0.5),
      vnodeLockNodes(exampleSnapshot('vnodeLocks', locks)),
      mallocPoolNodes(exampleSnapshot('mallocPools', pools)),
      timerSetNodes(exampleSnapshot('timerSets', sets)),
    ];
    return views.map(everything);
  });
  for (const view of shown) {
    expect(view.filter((text) => text.includes('«')).length).toBeGreaterThan(10);
    expect(view.filter((text) => wordsOutside(text).length > 0)).toEqual([]);
  }
});
