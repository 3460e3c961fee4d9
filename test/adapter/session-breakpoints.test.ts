/** Breakpoints of every kind. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUSY_FUNCTION, lineOf, Session, type Stopped, source } from './client.ts';

const FILE = source('workload/worker_files.cc');
const FILL = 'place = word';
const WRITE = 'vfs_write_locked(*shared.file';

describe('one busy CPU', () => {
  let session: Session;
  let stop: Stopped;

  beforeAll(async () => {
    session = Session.start();
    stop = await session.launchTo(BUSY_FUNCTION);
    await session.breakAt();
  });
  afterAll(() => session.end());

  /** Lets it run to the next stop. */
  async function proceed(): Promise<Stopped> {
    stop = await session.run('continue', stop.threadId);
    return stop;
  }

  test('a line: verified, at its place, hit with its id', async () => {
    const line = lineOf(FILE, FILL);
    const [breakpoint] = await session.breakAtLines(FILE, { line });
    expect(breakpoint).toMatchObject({ verified: true, line, source: { path: FILE } });
    expect((await proceed()).hitBreakpointIds).toEqual([breakpoint?.id]);
    expect(await session.top(stop.threadId)).toMatchObject({ name: BUSY_FUNCTION, line, source: { path: FILE } });
  });

  test('a line without code moves to the next that has some; one behind the end is not verified', async () => {
    const comment = lineOf(FILE, '// Fills the file with one word');
    const [moved, behind] = await session.breakAtLines(FILE, { line: comment }, { line: 100_000 });
    expect(moved).toMatchObject({ verified: true });
    expect(moved?.line).toBeGreaterThan(comment);
    expect(behind).toMatchObject({ verified: false, message: expect.stringMatching(/^No line 100000 /) });
    const [foreign] = await session.breakAtLines('/nowhere/strange.cc', { line: 1 });
    expect(foreign).toMatchObject({ verified: false, message: expect.stringMatching(/strange\.cc/) });
    await session.breakAtLines('/nowhere/strange.cc');
    await session.breakAtLines(FILE);
  });

  test('an unknown function is not verified and one sentence tells why; the others work', async () => {
    const [unknown, known] = await session.breakAt({ name: 'no_such_function' }, { name: BUSY_FUNCTION });
    expect(unknown).toMatchObject({ verified: false, message: 'Function "no_such_function" not defined.' });
    expect(known).toMatchObject({ verified: true });
    expect((await proceed()).hitBreakpointIds).toEqual([known?.id]);
  });

  test('a condition holds at each stop; a bad one is told', async () => {
    await session.breakAt({ name: BUSY_FUNCTION, condition: 'shared.path[0] == 47 && this->index_ == 5' });
    for (let round = 0; round < 3; round++) {
      await proceed();
      const frameId = (await session.top(stop.threadId)).id;
      expect((await session.evaluate('this->index_', { frameId })).result).toBe('5');
    }
    const [bad] = await session.breakAt({ name: BUSY_FUNCTION, condition: 'no_such_variable > 3' });
    expect(bad).toMatchObject({ verified: false, message: expect.stringMatching(/no_such_variable/) });
    const [never] = await session.breakAt({ name: BUSY_FUNCTION, condition: 'this == 0' });
    expect(never).toMatchObject({ verified: true });
    await session.breakAt();
  });

  test('hit counts: the third on, from the second on, after the second, every fourth, the second only', async () => {
    // The condition counts the hits: it is looked at before they are.
    const condition = '($hits = $hits + 1) > 0';
    const line = lineOf(FILE, WRITE);
    for (const [hitCondition, stops] of [
      ['3', [3, 4, 5]],
      ['>= 2', [2, 3]],
      ['> 2', [3, 4]],
      ['% 4', [4, 8, 12]],
      ['== 2', [2]],
    ] as const) {
      await session.evaluate('-exec set $hits = 0', { context: 'repl' });
      const [breakpoint] = await session.breakAtLines(FILE, { line, condition, hitCondition });
      for (const hits of stops) {
        expect(await proceed()).toMatchObject({ reason: 'breakpoint', hitBreakpointIds: [breakpoint?.id] });
        expect([hitCondition, (await session.evaluate('$hits')).result]).toEqual([hitCondition, `${hits}`]);
      }
    }
    // Only that once: other breakpoints are hit, this one no more.
    const [counted, sentinel] = await session.breakAtLines(
      FILE,
      { line, condition, hitCondition: '== 2' },
      { line: lineOf(FILE, FILL), hitCondition: '3' },
    );
    expect(counted?.verified).toBe(true);
    expect((await proceed()).hitBreakpointIds).toEqual([sentinel?.id]);
    const [bad] = await session.breakAtLines(FILE, { line, hitCondition: 'often' });
    expect(bad).toMatchObject({ verified: false, message: expect.stringMatching(/^"often" is no hit count/) });
    await session.breakAtLines(FILE);
  });

  test('a log point tells values and never stops', async () => {
    const line = lineOf(FILE, FILL);
    const logMessage = 'to {shared.path} by {this->name_}: {missing} \\{so\\}';
    const [point] = await session.breakAtLines(FILE, { line, logMessage });
    expect(point).toMatchObject({ verified: true, line });
    const stops = session.count('stopped');
    await session.request('continue', { threadId: stop.threadId });
    await session.shown(
      /^to \/data\/shared-\d+ by writer-\d: <No symbol "missing" in current context.> \{so\}$/m,
      'console',
    );
    expect(session.count('stopped')).toBe(stops);
    const told = await session.event<{ output: string; line: number; source: { path: string } }>('output', (body) =>
      (body as { output: string }).output.startsWith('to '),
    );
    expect(told).toMatchObject({ line, source: { path: FILE } });
    stop = await session.run('pause', stop.threadId);
    await session.breakAtLines(FILE);
  });

  test('an instruction', async () => {
    await session.breakAt({ name: BUSY_FUNCTION });
    const { instructionPointerReference } = await session.top((await proceed()).threadId);
    await session.breakAt();
    const { breakpoints } = await session.request<{ breakpoints: { id: number }[] }>('setInstructionBreakpoints', {
      breakpoints: [{ instructionReference: instructionPointerReference }, { instructionReference: 'nonsense' }],
    });
    expect(breakpoints).toMatchObject([{ verified: true }, { verified: false, message: '"nonsense" is no address.' }]);
    expect((await proceed()).hitBreakpointIds).toEqual([breakpoints[0]?.id]);
    await session.request('setInstructionBreakpoints', { breakpoints: [] });
  });

  test('set and removed while the guest runs: it runs on, and no stop is told', async () => {
    await session.request('continue', { threadId: stop.threadId });
    const { stopped, continued } = { stopped: session.count('stopped'), continued: session.count('continued') };
    for (let round = 0; round < 10; round++) {
      const [breakpoint] = await session.breakAt({ name: BUSY_FUNCTION, condition: 'this == 0' });
      expect(breakpoint).toMatchObject({ verified: true });
      expect(await session.breakAt()).toEqual([]);
    }
    expect(session.count('stopped')).toBe(stopped);
    expect(session.count('continued')).toBe(continued);
    expect(await session.custom('unikernel/status', {})).toMatchObject({ running: true });
    const [live] = await session.breakAt({ name: BUSY_FUNCTION });
    stop = await session.stopped();
    expect(stop.hitBreakpointIds).toEqual([live?.id]);
    await session.breakAt();
  });

  test('what stays in the list keeps its id', async () => {
    const line = lineOf(FILE, FILL);
    const [first] = await session.breakAtLines(FILE, { line });
    const [again, added] = await session.breakAtLines(FILE, { line }, { line: line + 1 });
    expect(again).toEqual(first);
    expect(added?.id).not.toBe(first?.id);
    await session.breakAtLines(FILE);
  });
});
