/** Stops that a kernel makes by itself, deadlocks, panics and failed assertions; and who waits for whom when it stands. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { placesIn } from '../../debug-adapter/elf/symboliser.ts';
import type {
  LockHolder,
  ThreadRow,
  ViewChangedEvent,
  ViewName,
  ViewRows,
  VnodeLockRow,
  WaitsForRow,
} from '../../debug-adapter/protocol.ts';
import { QmpWitness } from '../bench/qmp-witness.ts';
import { BUSY, type Launch, lineOf, ROOT, Session, SPROUT_ELF, type Stopped, source } from './client.ts';
import { buildKernelTests, TESTS_ELF } from './kernel-tests.ts';
import { selectedFrame } from './selected-frame.ts';

beforeAll(buildKernelTests);

/** Launches with these exception filters, and lets the guest run. */
async function launchWith(filters: string[], options: Launch): Promise<Session> {
  const session = Session.start();
  await session.launch(options);
  await session.request('setExceptionBreakpoints', { filters });
  await session.request('configurationDone');
  return session;
}

async function rowsOf<V extends ViewName>(session: Session, view: V): Promise<ViewRows[V][]> {
  const snapshot = await session.custom('unikernel/view', { view });
  expect([view, snapshot.quality]).toEqual([view, 'whole']);
  return snapshot.rows as ViewRows[V][];
}

async function threadNamed(session: Session, pattern: RegExp): Promise<DebugProtocol.Thread> {
  const threads = await session.threads();
  const found = threads.find(({ name }) => pattern.test(name));
  if (!found) {
    throw new Error(`No thread is named like ${pattern}: ${threads.map(({ name }) => name).join(', ')}`);
  }
  return found;
}

/** Holders and waiters as the views tell them alike, in a stable order. */
function people(list: readonly LockHolder[]): LockHolder[] {
  return list
    .map(({ thread, threadName, mode, since }) => ({ thread, threadName, mode, ...(since !== undefined && { since }) }))
    .sort((a, b) => a.thread - b.thread);
}

/** The three views of one stop say the same. */
async function expectAgreement(session: Session): Promise<WaitsForRow[]> {
  const graph = await rowsOf(session, 'waitsFor');
  const vnodes = await rowsOf(session, 'vnodeLocks');
  const threads = await rowsOf(session, 'threads');
  const byLock = new Map(graph.map((row) => [row.key, row]));
  for (const vnode of vnodes) {
    const row: Partial<WaitsForRow> = byLock.get(vnode.lock) ?? { holders: [], waiters: [] };
    expect([vnode.path, people(row.holders ?? [])]).toEqual([vnode.path, people(vnode.holders)]);
    expect([vnode.path, people(row.waiters ?? [])]).toEqual([vnode.path, people(vnode.waiters)]);
    expect([vnode.path, row.cycle]).toEqual([vnode.path, vnode.cycle]);
  }
  for (const { id, name, holds, waitsFor, frame } of threads) {
    for (const { lock, mode, since } of holds) {
      expect(byLock.get(lock)?.holders).toContainEqual(
        expect.objectContaining({ thread: id, threadName: name, mode, since }),
      );
    }
    if (waitsFor && waitsFor.kind !== 'sleep') {
      const { object, mode, since, kind, description } = waitsFor;
      expect(byLock.get(object)).toMatchObject({ kind, description });
      const waiter = byLock.get(object)?.waiters.find(({ thread }) => thread === id);
      expect(waiter).toMatchObject({ threadName: name, mode, since, ...(frame !== undefined && { frame }) });
    }
  }
  const ends = graph.flatMap(({ holders, waiters }) => [...holders, ...waiters]);
  expect(ends.length).toBe(
    threads.reduce((sum, { holds }) => sum + holds.length, 0) +
      threads.filter(({ waitsFor }) => waitsFor && waitsFor.kind !== 'sleep').length +
      graph.filter(({ kind, holders }) => kind === 'join' && holders.length > 0).length,
  );
  return graph;
}

describe('a deadlock', () => {
  test('is found without a stop, and stops where its threads wait', async () => {
    const socket = join(mkdtempSync(join(inject('folder'), 'witness-')), 'qmp');
    const session = Session.start();
    await session.launch({
      commandLine: `${BUSY} --deadlock`,
      cpus: 2,
      extraQemuArguments: ['-qmp', `unix:${socket},server=on,wait=off`],
    });
    await session.request('setExceptionBreakpoints', { filters: ['deadlock'] });
    const witness = await QmpWitness.connect(socket);
    await session.request('configurationDone');
    const stop = await session.stopped();
    const text =
      'deadlock-a holds vnode /data/a, waits for vnode /data/b; deadlock-b holds vnode /data/b, waits for vnode /data/a';
    expect(stop).toMatchObject({ reason: 'exception', description: 'Deadlock', text });
    // The stop that was told is the only one that the machine made.
    await expect.poll(() => witness.stops).toBe(1);
    witness.close();
    expect(await session.request('exceptionInfo', { threadId: stop.threadId })).toEqual({
      exceptionId: 'Deadlock',
      description: text,
      breakMode: 'always',
    });

    const line = lineOf(source('workload/faults.cc'), 'TruthfulLock theirs(');
    for (const [name, path] of [
      ['deadlock-a', '/data/b'],
      ['deadlock-b', '/data/a'],
    ] as const) {
      const thread = await threadNamed(session, new RegExp(`^${name}: `));
      expect(thread.name).toMatch(
        new RegExp(`vnode ${path} .*Crossing::hold_one_and_want_the_other.*faults.cc:${line}`),
      );
      const frame = await selectedFrame(session, thread.id);
      expect(frame).toMatchObject({ name: expect.stringContaining('hold_one_and_want_the_other'), line });
      expect(frame?.source?.path).toBe(source('workload/faults.cc'));
    }
    expect((await threadNamed(session, /^deadlock-a/)).id).toBe(stop.threadId);

    const graph = await expectAgreement(session);
    const red = graph.filter(({ cycle }) => cycle !== undefined);
    expect(red.map(({ description }) => description).sort()).toEqual(['vnode /data/a', 'vnode /data/b']);
    for (const { cycle, holders, waiters } of red) {
      expect(cycle).toBe(text);
      expect([...holders, ...waiters].map(({ inCycle }) => inCycle)).toEqual([true, true]);
    }
    const { cycles, quality } = await session.custom('unikernel/cycles', {});
    expect({ quality, told: cycles.map(({ description }) => description) }).toEqual({ quality: 'whole', told: [text] });

    // A thread of the list is brought to the front, as by a click.
    const other = await threadNamed(session, /^deadlock-b/);
    await session.custom('unikernel/focusThread', { thread: other.id });
    expect(await session.stopped()).toMatchObject({ reason: 'pause', threadId: other.id, allThreadsStopped: true });
    expect(await session.refusal('unikernel/focusThread', { thread: 123_456 })).toBe('There is no thread 123456.');

    // It stays a deadlock when the guest goes on, and is told no second time.
    await session.request('continue', { threadId: stop.threadId });
    expect(await session.refusal('unikernel/focusThread', { thread: other.id })).toMatch(/^The guest runs/);
    await settle(session);
    expect(await session.run('pause', stop.threadId)).toMatchObject({ reason: 'pause' });
    expect(await session.refusal('exceptionInfo', { threadId: stop.threadId })).toMatch(
      /did not stop for an exception/,
    );
    await session.end();
  });

  test('of readers that want to write names both, and that they share', async () => {
    const session = await launchWith(['deadlock'], { commandLine: `${BUSY} --reader-writer-cycle`, cpus: 2 });
    const stop = await session.stopped();
    expect(stop).toMatchObject({
      description: 'Deadlock',
      text: 'cycle-c holds vnode /data/c, waits for vnode /data/d; cycle-d holds vnode /data/d, waits for vnode /data/c',
    });
    const red = (await expectAgreement(session)).filter(({ cycle }) => cycle !== undefined);
    expect(red).toHaveLength(2);
    for (const { holders, waiters } of red) {
      expect(holders.map(({ mode }) => mode)).toEqual(['shared']);
      expect(waiters.map(({ mode }) => mode)).toEqual(['exclusive']);
    }
    await session.end();
  });

  test('does not stop a guest whose user did not ask for it; asked for later, it does', async () => {
    const session = await launchWith([], { commandLine: `${BUSY} --deadlock`, cpus: 2 });
    await settle(session);
    expect(session.count('stopped')).toBe(0);
    expect(await session.refusal('exceptionInfo', { threadId: 1 })).toBe('The guest did not stop for an exception.');
    await session.request('setExceptionBreakpoints', { filters: ['deadlock'] });
    expect(await session.stopped()).toMatchObject({ description: 'Deadlock' });
    await session.end();
  });
});

/** Waits until the deadlock can be seen while the guest runs, and for some looks more than it takes to find it. */
async function settle(session: Session): Promise<void> {
  const { subscription } = await session.custom('unikernel/subscribe', { views: ['vnodeLocks', 'threads'], rate: 5 });
  const isDeadlocked = ({ changed }: ViewChangedEvent): boolean =>
    (changed as VnodeLockRow[]).some(({ cycle }) => cycle !== undefined);
  await session.event<ViewChangedEvent>('unikernel/viewChanged', isDeadlocked);
  for (let looks = 0; looks < 10; looks++) {
    await session.event<ViewChangedEvent>('unikernel/viewChanged', ({ view }) => view === 'threads');
  }
  await session.custom('unikernel/unsubscribe', { subscription });
}

describe('the graph', () => {
  async function stopIn(name: string, program: string): Promise<{ session: Session; graph: WaitsForRow[] }> {
    const session = Session.start();
    await session.launchTo(name, { kernel: TESTS_ELF, commandLine: program, cpus: 2 });
    return { session, graph: await expectAgreement(session) };
  }
  const names = (list: readonly LockHolder[]): string[] => list.map(({ threadName }) => threadName);

  test('has mutexes and reader-writer locks, with all readers that hold one', async () => {
    const { session, graph } = await stopIn(
      'check_blocked_thread',
      'test-locks a_blocked_thread_tells_what_it_holds_and_wants',
    );
    const inner = graph.find(({ description }) => description === 'mutex "inner"');
    expect(inner).toMatchObject({ kind: 'mutex' });
    expect(names(inner?.holders ?? [])).toEqual(['main']);
    expect(names(inner?.waiters ?? [])).toEqual(['blocked', 'blocked', 'blocked']);
    const since = inner?.waiters.map((waiter) => waiter.since ?? 0) ?? [];
    expect(since).toEqual([...since].sort((a, b) => a - b));
    const outer = graph.find(({ description }) => description === 'reader-writer lock "outer"');
    expect(outer?.holders.map(({ threadName, mode }) => [threadName, mode])).toEqual(
      Array(3).fill(['blocked', 'shared']),
    );
    expect(inner?.waiters[0]?.frame).toMatch(/hold_outer_wait_for_inner \(locks\.cc:\d+\)$/);
    await session.end();
  });

  test('has condition variables, which nobody holds', async () => {
    const { session, graph } = await stopIn(
      'sprout::ConditionVariable::notify_one',
      'test-locks a_condition_wakes_in_order',
    );
    const condition = graph.find(({ kind }) => kind === 'condition');
    expect(condition).toMatchObject({ description: 'condition "signal"', holders: [] });
    expect(names(condition?.waiters ?? [])).toEqual(Array(4).fill('listener'));
    expect(graph.find(({ description }) => description === 'mutex "signal"')?.holders).toMatchObject([
      { threadName: 'main', mode: 'exclusive' },
    ]);
    await session.end();
  });

  test('has threads that are joined', async () => {
    const session = Session.start();
    await session.launch({ kernel: TESTS_ELF, commandLine: 'test-locks a_join_is_a_wait', cpus: 2 });
    const path = source('tests/image/locks.cc');
    await session.breakAtLines(path, { line: lineOf(path, 'CHECK(joiner.wait.kind == WaitKind::join)') });
    await session.request('configurationDone');
    await session.stopped();
    const graph = await expectAgreement(session);
    const joined = graph.find(({ description }) => description === 'thread target');
    expect(joined).toMatchObject({
      kind: 'join',
      holders: [{ threadName: 'target' }],
      waiters: [{ threadName: 'joiner' }],
    });
    const threads: ThreadRow[] = await rowsOf(session, 'threads');
    expect(joined?.key).toBe(threads.find(({ name }) => name === 'target')?.key);
    await session.end();
  });
});

describe('a failure', () => {
  /** The stop of a failure: why, and where a client looks first. */
  async function expectFailure(session: Session, stop: Stopped, text: RegExp | string, place: RegExp): Promise<void> {
    expect(stop).toMatchObject({ reason: 'exception', description: 'Panic' });
    expect(stop.text).toMatch(text);
    expect(await session.request('exceptionInfo', { threadId: stop.threadId })).toEqual({
      exceptionId: 'Panic',
      description: stop.text,
      breakMode: 'always',
    });
    const frame = await selectedFrame(session, stop.threadId);
    expect(`${frame?.name} ${frame?.source?.path}:${frame?.line}`).toMatch(place);
  }

  test('a panic stops in its caller, with its reason', async () => {
    const session = await launchWith(['panic'], { commandLine: 'workload panic=0', cpus: 2 });
    const line = lineOf(source('workload/faults.cc'), 'the workload was told to panic');
    const place = new RegExp(`panic_later.*faults\\.cc:${line}$`);
    const stop = await session.stopped();
    await expectFailure(session, stop, /^the workload was told to panic after 0 seconds$/, place);
    // The other CPU was stopped by an NMI, which has a stack of its own.
    const onCpu = (await session.threads()).filter(({ name }) => /running on CPU/.test(name));
    expect(onCpu).toHaveLength(2);
    const stopped = onCpu.find(({ id }) => id !== stop.threadId);
    const names = (await session.stack(stopped?.id ?? 0)).map(({ name }) => name);
    expect(names).toContain('<signal handler called>');
    expect(names.at(-1)).toMatch(/^(sprout_thread_start|secondary_high)$/);
    await session.end();
  });

  test('the addresses of its stack are named alike by the session and by the file', async () => {
    const session = await launchWith(['panic'], { commandLine: 'workload panic=0', sourceMap: { [ROOT]: '/moved/' } });
    const stop = await session.stopped();
    const frames = await session.stack(stop.threadId);
    // A call lies before the address that it returns to, which may be another function's.
    const addresses = frames.map(
      ({ instructionPointerReference = '' }, level) =>
        `0x${(BigInt(instructionPointerReference) - (level > 0 ? 1n : 0n)).toString(16)}`,
    );
    const { places } = await session.custom('unikernel/symbolise', { addresses });
    const inFile = placesIn(
      SPROUT_ELF,
      addresses.map((address) => Number(BigInt.asIntN(64, BigInt(address)))),
    );
    expect(places.length).toBeGreaterThan(3);
    for (const [index, place] of places.entries()) {
      const own = inFile[index];
      expect(place?.symbol).toContain(/[\w~]+(?=\(|$)/.exec(frames[index]?.name ?? '')?.[0]);
      expect(place).toMatchObject({ offset: own?.offset, line: own?.line });
      expect(place?.file).toBe(own?.file?.replace(ROOT, '/moved/'));
    }
    const nowhere = await session.custom('unikernel/symbolise', { addresses: ['0x10', '0xffff800000000000'] });
    expect(nowhere.places).toEqual([null, null]);
    expect(await session.refusal('unikernel/symbolise', { addresses: ['here'] })).toBe('"here" is no address.');
    expect(await session.refusal('unikernel/symbolise', {})).toBe('"addresses" must be a list of at most 1000.');
    await session.end();
  });

  test('an assertion stops in the function that made it, with its condition', async () => {
    const session = await launchWith(['panic'], { commandLine: BUSY });
    const path = source('fs/vnode.cc');
    const line = lineOf(path, 'ASSERT(before != 0)');
    await session.breakAtLines(path, { line });
    const stop = await session.stopped();
    const { id } = await session.top(stop.threadId);
    await session.breakAtLines(path);
    // What never happens in a kernel without mistakes: the debugger makes it so.
    await session.request('setExpression', { frameId: id, expression: 'before', value: '0' });
    await session.request('continue', { threadId: stop.threadId });
    const text = new RegExp(`^assertion failed: before != 0 \\(.*vnode\\.cc:${line}\\)$`);
    await expectFailure(session, await session.stopped(), text, new RegExp(`vnode_put.*vnode\\.cc:${line}$`));
    await session.end();
  });

  test('a fault stops at the instruction that made it', async () => {
    const session = await launchWith(['panic'], { commandLine: 'workload --stack-overflow' });
    await expectFailure(
      session,
      await session.stopped(),
      /^stack overflow in thread "stack-overflow"$/,
      /use_stack.*faults\.cc:\d+$/,
    );
    await session.end();
  });

  test('a fault before there are threads stops in the function that made it', async () => {
    const session = await launchWith(['panic'], { commandLine: BUSY });
    await session.breakAt({ name: 'sprout::arch::read_acpi' });
    const { threadId } = await session.stopped();
    await session.breakAt();
    const { id } = await session.top(threadId);
    // What never happens in a kernel without mistakes: the debugger makes it so.
    await session.request('setExpression', { frameId: id, expression: '$rip', value: '0x1000000000' });
    await session.request('continue', { threadId });
    const stop = await session.stopped();
    const text = /^page fault: cannot execute 0x1000000000$/;
    await expectFailure(session, stop, text, /initialize_memory.*main\.cc:\d+$/);
    expect(await session.threads()).toEqual([{ id: stop.threadId, name: 'CPU 0' }]);
    // The kernel has none yet, which is no reason to say nothing.
    expect(await rowsOf(session, 'threads')).toEqual([]);
    expect(await session.custom('unikernel/identify', { address: '0xffff800000400000' })).toMatchObject({
      kind: 'nothing',
      description: expect.stringMatching(/^0xffff800000400000: (nothing is mapped here|the kernel keeps no records)/),
    });
    await session.end();
  });

  test('a mistake with a lock stops in the function that made it', async () => {
    const session = await launchWith(['panic'], { kernel: TESTS_ELF, commandLine: 'test-lock-mistake twice' });
    await expectFailure(
      session,
      await session.stopped(),
      /takes lock "twice" that it holds already$/,
      /twice.*locks_panic\.cc:\d+$/,
    );
    await session.end();
  });
});
