/** What a stopped guest shows: stacks, variables, expressions, memory, instructions. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUSY_FUNCTION, Session, type Stopped, source } from './client.ts';

/** A worker that is on no CPU. */
const PARKED = /^(?!idle)\w+-\d+: (?!running)/;

describe('two busy CPUs', () => {
  let session: Session;
  let stop: Stopped;
  let frameId: number;

  beforeAll(async () => {
    session = Session.start();
    // A moment into its work: others sleep and wait.
    const name = BUSY_FUNCTION;
    await session.launch({ cpus: 2 });
    await session.breakAt({ name, hitCondition: '40' });
    await session.request('configurationDone');
    stop = await session.stopped();
    await session.breakAt();
    frameId = (await session.top(stop.threadId)).id;
  });
  afterAll(() => session.end());

  async function parkedThread(): Promise<number> {
    const parked = (await session.threads()).find(({ name }) => PARKED.test(name));
    return parked?.id ?? 0;
  }

  function named(variables: DebugProtocol.Variable[], name: string): DebugProtocol.Variable {
    const found = variables.find((variable) => variable.name === name);
    if (!found) {
      throw new Error(`There is no ${name}, but ${variables.map((variable) => variable.name).join(', ')}.`);
    }
    return found;
  }

  test('the stack of a running thread, whole and in pages', async () => {
    const frames = await session.stack(stop.threadId);
    expect(frames.map(({ name }) => name).slice(0, 4)).toEqual([
      BUSY_FUNCTION,
      'sprout::workload::Worker::do_writing',
      'sprout::workload::Worker::do_one_piece',
      'sprout::workload::Worker::run',
    ]);
    expect(frames[0]).toMatchObject({ source: { path: source('workload/worker_files.cc') } });
    expect(frames.at(-1)?.name).toBe('sprout_thread_start');
    const body = await session.request<DebugProtocol.StackTraceResponse['body']>('stackTrace', {
      threadId: stop.threadId,
      startFrame: 1,
      levels: 2,
    });
    expect(body.stackFrames.map(({ name }) => name)).toEqual(frames.slice(1, 3).map(({ name }) => name));
    expect(body.totalFrames).toBeGreaterThan(3);
  });

  test('every thread has a stack that ends where threads begin', async () => {
    for (const { id, name } of await session.threads()) {
      const frames = await session.stack(id);
      expect([name, frames.length]).not.toEqual([name, 0]);
      expect([name, frames.at(-1)?.name]).toEqual([
        name,
        expect.stringMatching(/^(sprout_thread_start|long_mode_high|secondary_high)$/),
      ]);
    }
  });

  test('locals of a running and of a parked thread, arguments first', async () => {
    const locals = await session.scope(frameId, 'Locals');
    expect(locals.slice(0, 3).map(({ name }) => name)).toEqual(['this', 'shared', 'word']);
    const shared = named(locals, 'shared');
    expect(named(await session.variables(shared.variablesReference), 'path').value).toMatch(/^"\/data\/shared-\d+"/);

    const parked = await session.stack(await parkedThread());
    const run = parked.find(({ name }) => name === 'sprout::workload::Worker::run');
    const self = named(await session.scope(run?.id ?? 0, 'Locals'), 'this');
    expect(named(await session.variables(self.variablesReference), 'name_').value).toMatch(/^"\w+-\d+"$/);
  });

  test('registers of a running thread, and of a parked one as far as they were saved', async () => {
    const registers = await session.scope(frameId, 'Registers', { format: { hex: true } });
    const { instructionPointerReference } = await session.top(stop.threadId);
    expect(BigInt(named(registers, 'rip').value.split(' ')[0] ?? '')).toBe(BigInt(instructionPointerReference ?? ''));
    expect(named(registers, 'cr3').value).toMatch(/^0x[0-9a-f]+000 \[ PDBR=\d+ /);
    expect(named(registers, 'eflags').value).toMatch(/^0x[0-9a-f]+ \[ .*\]$/);

    const top = await session.top(await parkedThread());
    const saved = await session.scope(top.id, 'Registers');
    expect(named(saved, 'rbx').value).not.toMatch(/unavailable/);
    expect(named(saved, 'rax').value).toBe('<unavailable>');
  });

  test('a parked thread is for reading: no register is written and nothing is called there', async () => {
    const top = await session.top(await parkedThread());
    const refusal = 'The thread is not on a CPU: its registers cannot be written, and no function can be called in it.';
    const { scopes } = await session.request<DebugProtocol.ScopesResponse['body']>('scopes', { frameId: top.id });
    const reference = scopes.find(({ name }) => name === 'Registers')?.variablesReference;
    await session.variables(reference ?? 0);
    expect(await session.refusal('setVariable', { variablesReference: reference, name: 'rbx', value: '1' })).toContain(
      refusal,
    );
    const call = { expression: 'sprout::now()', frameId: top.id, context: 'repl' };
    expect(await session.refusal('evaluate', call)).toContain(refusal);
  });

  test('a variable is set, and set back', async () => {
    const { scopes } = await session.request<DebugProtocol.ScopesResponse['body']>('scopes', { frameId });
    const variablesReference = scopes[0]?.variablesReference ?? 0;
    const before = named(await session.variables(variablesReference), 'word').value;
    const set = (value: string): Promise<{ value: string }> =>
      session.request('setVariable', { variablesReference, name: 'word', value });
    expect(await set('4711 + 1')).toMatchObject({ value: '4712' });
    expect((await session.evaluate('word', { frameId })).result).toBe('4712');
    expect(await set(before)).toMatchObject({ value: before });
    expect(await session.refusal('setVariable', { variablesReference, name: 'word', value: 'nonsense' })).toBe(
      'No symbol "nonsense" in current context.',
    );
    expect(await session.refusal('setVariable', { variablesReference, name: 'nothing', value: '1' })).toMatch(
      /^nothing cannot be/,
    );
    expect(
      await session.request('setExpression', { expression: 'this->index_', value: '(this->index_)', frameId }),
    ).toMatchObject({
      value: (await session.evaluate('this->index_', { frameId })).result,
    });
  });

  test('expressions in watch, hover and console; a hover calls nothing', async () => {
    const watch = await session.evaluate('shared', { frameId });
    expect(watch.variablesReference).toBeGreaterThan(0);
    expect((await session.evaluate('this->index_ + 1', { frameId, context: 'hover' })).result).toMatch(/^\d+$/);
    const hex = await session.evaluate('4711', { frameId, format: { hex: true } });
    expect(hex.result).toBe('0x1267');
    expect(await session.refusal('evaluate', { expression: 'sprout::now()', frameId, context: 'hover' })).toMatch(
      /call/i,
    );
    const called = await session.evaluate('sprout::now()', { frameId, context: 'repl' });
    expect(Number(called.result)).toBeGreaterThan(0);
    // The call ended as if it had not been: same frame, same place.
    expect((await session.top(stop.threadId)).name).toBe(BUSY_FUNCTION);
    expect(await session.refusal('evaluate', { expression: 'missing', frameId, context: 'watch' })).toBe(
      'No symbol "missing" in current context.',
    );
    expect(await session.refusal('evaluate', { expression: '1 +', frameId, context: 'repl' })).toMatch(/syntax error/);
    expect(await session.refusal('evaluate', { expression: '1', frameId: 4711, context: 'watch' })).toBe(
      'This stack frame is of an earlier stop.',
    );
  });

  test('gdb’s own commands, in the frame that is looked at', async () => {
    const { result } = await session.evaluate('-exec info line', { frameId, context: 'repl' });
    expect(result).toContain('worker_files.cc');
    expect((await session.evaluate('-exec print $_exitcode', { frameId, context: 'repl' })).result).toBe('$1 = void');
    expect(await session.refusal('evaluate', { expression: '-exec nonsense', frameId, context: 'repl' })).toMatch(
      /^Undefined command: "nonsense"/,
    );
  });

  test('completions of names, members and commands', async () => {
    const complete = async (text: string): Promise<string[]> => {
      const parameters = { text, column: text.length + 1, frameId };
      const { targets } = await session.request<DebugProtocol.CompletionsResponse['body']>('completions', parameters);
      return targets.map((one) => text.slice(0, one.start) + one.label);
    };
    expect(await complete('this->ind')).toContain('this->index_');
    expect(await complete('sprout::g_tru')).toContain('sprout::g_truth');
    expect(await complete('-exec info regi')).toContain('-exec info registers');
    expect(await complete('zzzz')).toEqual([]);
  });

  test('an array is told with its length and read in pages', async () => {
    const workers = await session.evaluate('sprout::g_truth.workers');
    expect(workers.indexedVariables).toBeGreaterThan(20);
    const page = await session.variables(workers.variablesReference, { filter: 'indexed', start: 5, count: 3 });
    expect(page.map(({ name }) => name)).toEqual(['[5]', '[6]', '[7]']);
    expect(page[0]?.evaluateName).toBe('(sprout::g_truth.workers)[5]');
    const beyond = { filter: 'indexed', start: (workers.indexedVariables ?? 0) - 1, count: 100 };
    expect(await session.variables(workers.variablesReference, beyond)).toHaveLength(1);
    expect(await session.refusal('variables', { variablesReference: 99_999 })).toBe(
      'These variables are of an earlier stop.',
    );
  });

  test('the Kernel scope has the views, each row with its fields', async () => {
    const kernel = await session.scope(frameId, 'Kernel');
    expect(kernel.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['Threads', 'Vnode locks', 'Malloc pools', 'Timer sets']),
    );
    const threads = await session.variables(named(kernel, 'Threads').variablesReference);
    expect(threads).toHaveLength((await session.threads()).filter(({ name }) => !name.startsWith('CPU')).length);
    const writer = named(threads, 'writer-0');
    expect(named(await session.variables(writer.variablesReference), 'name').value).toBe('writer-0');
    const pools = await session.variables(named(kernel, 'Malloc pools').variablesReference);
    expect(named(pools, 'class 64').value).toMatch(/^\d+ live of \d+$/);
    const reference = named(kernel, 'Threads').variablesReference;
    expect(await session.refusal('setVariable', { variablesReference: reference, name: 'x', value: '1' })).toBe(
      'The Kernel scope is for reading.',
    );
  });

  test('instructions, forwards and backwards', async () => {
    const { instructionPointerReference: memoryReference = '' } = await session.top(stop.threadId);
    const disassemble = async (
      instructionOffset: number,
      instructionCount: number,
    ): Promise<DebugProtocol.DisassembledInstruction[]> => {
      const parameters = { memoryReference, instructionOffset, instructionCount };
      return (
        await session.request<{ instructions: DebugProtocol.DisassembledInstruction[] }>('disassemble', parameters)
      ).instructions;
    };
    const forwards = await disassemble(0, 50);
    expect(forwards).toHaveLength(50);
    expect(BigInt(forwards[0]?.address ?? 0)).toBe(BigInt(memoryReference));
    const around = await disassemble(-200, 400);
    expect(around).toHaveLength(400);
    expect(around.slice(200, 250)).toEqual(forwards.map((one, at) => ({ ...one, ...pick(around[200 + at]) })));
    expect(BigInt(around[200]?.address ?? 0)).toBe(BigInt(memoryReference));
    for (const [index, instruction] of around.slice(1).entries()) {
      const before = around[index];
      const length = (before?.instructionBytes ?? '').split(' ').length;
      expect(BigInt(instruction.address)).toBe(BigInt(before?.address ?? 0) + BigInt(length));
    }
    expect(around.some(({ symbol }) => symbol?.includes('write_shared_file'))).toBe(true);
    expect(around.some(({ location, line }) => location?.path?.endsWith('worker_files.cc') && line)).toBe(true);
    const nowhere = await session.request<{ instructions: DebugProtocol.DisassembledInstruction[] }>('disassemble', {
      memoryReference: '0x123',
      instructionOffset: -5,
      instructionCount: 10,
    });
    expect(nowhere.instructions).toHaveLength(10);
    expect(nowhere.instructions[7]).toMatchObject({ presentationHint: 'invalid' });
  });

  test('memory is read, written and read again; what is not mapped is said so', async () => {
    const address = (await session.evaluate('&this->buffer_[0]', { frameId })).memoryReference ?? '';
    const read = (
      memoryReference: string,
      count: number,
      offset = 0,
    ): Promise<NonNullable<DebugProtocol.ReadMemoryResponse['body']>> =>
      session.request('readMemory', { memoryReference, offset, count });
    const before = await read(address, 16);
    expect(Buffer.from(before.data ?? '', 'base64')).toHaveLength(16);
    const data = Buffer.from('unikernel workbench').subarray(0, 16).toString('base64');
    expect(await session.request('writeMemory', { memoryReference: address, data })).toMatchObject({
      bytesWritten: 16,
    });
    expect((await read(address, 16)).data).toBe(data);
    expect((await read(address, 8, 8)).data).toBe(Buffer.from(data, 'base64').subarray(8).toString('base64'));
    expect((await session.evaluate('(char)this->buffer_[0]', { frameId })).result).toContain("'u'");
    await session.request('writeMemory', { memoryReference: address, data: before.data });
    expect(await read('0x123', 64)).toMatchObject({ unreadableBytes: 64 });
    expect(await session.refusal('writeMemory', { memoryReference: '0x123', data })).toMatch(/0x123/);
    expect(await session.refusal('readMemory', { memoryReference: 'rubbish', count: 1 })).toBe(
      '"rubbish" is no address.',
    );
    // A page that is mapped, with a guard below it.
    const stack = await session.evaluate('$rsp', { frameId });
    const bottom = `0x${(BigInt(stack.memoryReference ?? stack.result.split(' ')[0] ?? '0') & ~0xffffn).toString(16)}`;
    expect(await read(bottom, 8192)).toMatchObject({ unreadableBytes: expect.any(Number) });
  });

  test('a stop makes frames and references of the one before invalid', async () => {
    stop = await session.run('next', stop.threadId);
    expect(await session.refusal('scopes', { frameId })).toBe('This stack frame is of an earlier stop.');
    frameId = (await session.top(stop.threadId)).id;
  });
});

/** What says where a run of instructions begins differs with where it begins. */
function pick(
  instruction: DebugProtocol.DisassembledInstruction | undefined,
): Partial<DebugProtocol.DisassembledInstruction> {
  const { location, line } = instruction ?? {};
  return { ...(location && { location }), ...(line !== undefined && { line }) };
}
