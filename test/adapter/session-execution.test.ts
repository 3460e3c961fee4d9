/** Running, stopping and stepping, on four CPUs. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BUSY_FUNCTION, lineOf, Session, type Stopped, source } from './client.ts';

describe('a busy guest on four CPUs', () => {
  let session: Session;
  let stop: Stopped;

  beforeAll(async () => {
    session = Session.start();
    stop = await session.launchTo(BUSY_FUNCTION, { cpus: 4 });
  });
  afterAll(() => session.end());

  /** Each test begins where a writer enters its function. */
  beforeEach(async () => {
    await session.breakAt({ name: BUSY_FUNCTION });
    if ((await session.top(stop.threadId)).name !== BUSY_FUNCTION) {
      stop = await session.run('continue', stop.threadId);
    }
    await session.breakAt();
  });

  test('a stop at a function breakpoint names the thread, which is first on its stack there', async () => {
    expect(stop).toMatchObject({ reason: 'breakpoint', allThreadsStopped: true });
    const threads = await session.threads();
    expect(threads.find(({ id }) => id === stop.threadId)?.name).toMatch(/^writer-\d+: running on CPU \d$/);
    expect((await session.top(stop.threadId)).name).toBe(BUSY_FUNCTION);
  });

  test('next, ten times over calls that block, stays in the same kernel thread', async () => {
    const file = source('workload/worker_files.cc');
    await session.breakAtLines(file, {
      line: lineOf(file, 'TruthfulLock lock(truth_, 0, shared.lock(), LockMode::exclusive'),
    });
    stop = await session.run('continue', stop.threadId);
    await session.breakAtLines(file);
    const thread = stop.threadId;
    const lines: number[] = [];
    for (let step = 0; step < 10; step++) {
      stop = await session.run('next', thread);
      expect(stop).toMatchObject({ reason: 'step', threadId: thread });
      const frame = await session.top(thread);
      expect(frame.name).toMatch(/Worker::(write_shared_file|do_writing|do_one_piece|run)$/);
      lines.push(frame.line);
    }
    expect(new Set(lines).size).toBeGreaterThan(2);
  });

  test.each([
    ['what is logged', { logMessage: 'again' }],
    ['a breakpoint whose count is not reached', { hitCondition: '1000000' }],
  ])('next is not disturbed by %s on its way, and on that of others', async (_, kind) => {
    const thread = stop.threadId;
    const depth = (await session.stack(thread)).length;
    await session.breakAt({ name: BUSY_FUNCTION, ...kind } as DebugProtocol.FunctionBreakpoint);
    for (let step = 0; step < 20; step++) {
      stop = await session.run('next', thread);
      expect(stop).toMatchObject({ reason: 'step', threadId: thread });
      expect((await session.stack(thread)).length).toBeLessThanOrEqual(depth);
    }
    await session.breakAt();
  });

  test('a step goes on over breakpoints that are set meanwhile', async () => {
    const thread = stop.threadId;
    const depth = (await session.stack(thread)).length;
    let interruptions = 0;
    for (let step = 0; step < 10; step++) {
      const stopped = session.run('next', thread);
      let isOver = false;
      void stopped.finally(() => {
        isOver = true;
      });
      for (; !isOver; interruptions++) {
        await session.breakAt(...(interruptions % 2 === 0 ? [{ name: 'sprout::arch::halt_forever' }] : []));
      }
      stop = await stopped;
      expect(stop).toMatchObject({ reason: 'step', threadId: thread });
      expect((await session.stack(thread)).length).toBeLessThanOrEqual(depth);
    }
    expect(interruptions).toBeGreaterThan(10);
    await session.breakAt();
  });

  test('next in a parked thread runs until that thread reaches its next line', async () => {
    const parked = (await session.threads()).find(({ name }) => /^(?!idle)\w+-\d+: (?!running)/.test(name));
    const thread = parked?.id ?? 0;
    const before = await session.stack(thread);
    stop = await session.run('next', thread);
    expect(stop).toMatchObject({ reason: 'step', threadId: thread });
    const after = await session.stack(thread);
    expect(after.at(-1)?.name).toBe(before.at(-1)?.name);
  });

  test('stepIn enters a call, stepOut comes back from it in the same thread', async () => {
    const thread = stop.threadId;
    const depth = (await session.stack(thread)).length;
    for (let entered = false; !entered; entered = (await session.stack(thread)).length > depth) {
      stop = await session.run('stepIn', thread);
      expect(stop).toMatchObject({ reason: 'step', threadId: thread });
    }
    stop = await session.run('stepOut', thread);
    expect(stop).toMatchObject({ reason: 'step', threadId: thread });
    expect((await session.stack(thread)).length).toBe(depth);
  });

  test('an instruction at a time', async () => {
    const thread = stop.threadId;
    const addresses = [(await session.top(thread)).instructionPointerReference];
    for (const command of ['stepIn', 'stepIn', 'next'] as const) {
      stop = await session.run(command, thread, { granularity: 'instruction' });
      expect(stop).toMatchObject({ reason: 'step', threadId: thread });
      addresses.push((await session.top(thread)).instructionPointerReference);
    }
    expect(new Set(addresses).size).toBe(4);
    expect(Number(addresses[1]) - Number(addresses[0])).toBeLessThan(16);
  });

  test('continue and pause, again and again, each told once', async () => {
    const stops = session.count('stopped');
    const threads = await session.threads();
    for (let round = 0; round < 20; round++) {
      await session.request('continue', { threadId: stop.threadId });
      stop = await session.run('pause', stop.threadId);
      expect(stop.reason).toBe('pause');
    }
    expect(session.count('stopped')).toBe(stops + 20);
    expect((await session.threads()).map(({ id }) => id)).toEqual(threads.map(({ id }) => id));
  });

  test('what needs a stopped guest is refused while it runs; threads are still told', async () => {
    await session.request('continue', { threadId: stop.threadId });
    expect(await session.refusal('next', { threadId: stop.threadId })).toBe('The guest is running: pause it first.');
    expect(await session.refusal('stackTrace', { threadId: stop.threadId })).toMatch(/pause it first/);
    expect(await session.refusal('continue', { threadId: stop.threadId })).toMatch(/pause it first/);
    expect(await session.threads()).not.toHaveLength(0);
    stop = await session.run('pause', stop.threadId);
    expect(await session.refusal('next', { threadId: 4711 })).toMatch(/^There is no thread 4711/);
    expect(await session.refusal('stackTrace', {})).toMatch(/thread/);
    // Pausing a stopped guest is no error and tells nothing.
    const stops = session.count('stopped');
    await session.request('pause', { threadId: stop.threadId });
    await session.threads();
    expect(session.count('stopped')).toBe(stops);
  });
});

test('a guest that just began to run has a thread to pause', async () => {
  const session = Session.start();
  await session.launch();
  const configured = session.request('configurationDone');
  expect(await session.threads()).not.toHaveLength(0);
  await configured;
  const [thread] = await session.threads();
  await session.run('pause', thread?.id ?? 0);
  await session.end();
});
