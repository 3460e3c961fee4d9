/** Values of a guest that runs, read and written in its RAM: what gdb's expressions can tell, and that nothing stops for it. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { LiveValue, SubscribeValuesRequest, ValuesChangedEvent } from '../../debug-adapter/protocol.ts';
import { addressExpression } from '../../extension/values/address-expression.ts';
import { QmpWitness } from '../bench/qmp-witness.ts';
import { BUSY, BUSY_FUNCTION, lineOf, Session, SPROUT_ELF, source, THREADS_ELF } from './client.ts';

/** A busy host may keep a guest waiting. */
const PATIENT = { timeout: 30_000 };

describe('a busy guest that runs, with a witness of its stops', () => {
  let session: Session;
  let witness: QmpWitness;

  beforeAll(async () => {
    session = Session.start();
    const socket = join(mkdtempSync(join(inject('folder'), 'witness-')), 'qmp');
    const extraQemuArguments = ['-qmp', `unix:${socket},server=on,wait=off`];
    await session.launchTo(BUSY_FUNCTION, { cpus: 2, extraQemuArguments });
    await session.breakAt();
    await session.request('continue', { threadId: 0 });
    witness = await QmpWitness.connect(socket);
  });
  afterAll(async () => {
    const { stops } = witness;
    witness.close();
    await session.end();
    // Whatever was asked for in here: the guest never stood still.
    expect(stops).toBe(0);
  });

  function value(expression: string, hexadecimal = false): Promise<LiveValue> {
    return session.custom('unikernel/liveValue', { expression, hexadecimal });
  }

  async function children(expression: string, start = 0, count = 1000): Promise<LiveValue[]> {
    return (await session.custom('unikernel/liveChildren', { expression, start, count })).children;
  }

  async function watch(given: SubscribeValuesRequest): Promise<() => Promise<ValuesChangedEvent>> {
    const { subscription } = await session.custom('unikernel/subscribeValues', given);
    return () =>
      session.event<ValuesChangedEvent>('unikernel/valuesChanged', (event) => event.subscription === subscription);
  }

  test.each([
    ['a global', 'sprout::arch::g_cpu_count', '2'],
    ['a member', 'sprout::g_truth.magic', String(0x54555254)],
    ['a member through a pointer', 'sprout::arch::g_cpus[1].self->index', '1'],
    [
      'an element of a member of what a pointer points to',
      'sprout::g_threads.list.sentinel.next->next->previous != 0',
      'true',
    ],
    ['what a pointer points to', '*sprout::g_truth.workers[0].thread->name', expect.stringMatching(/^\d+ '[a-z]'$/)],
    ['text', 'sprout::g_main_thread.name', '"main"'],
    ['an element of text', 'sprout::g_truth.workers[0].thread->name[1]', expect.stringMatching(/^\d+ '[a-z]'$/)],
    ['a cast', '((sprout::Thread *)(void *)&sprout::g_main_thread)->name', '"main"'],
    ['an enumerator', 'sprout::ThreadState::waiting', 'sprout::ThreadState::waiting'],
    ['a number as an enumeration', '(sprout::ThreadState)3', 'sprout::ThreadState::waiting'],
    ['arithmetic', '(sprout::arch::g_cpu_count + 5) * 3 - 1', '20'],
    ['arithmetic on what an atomic holds', 'sprout::g_truth.operations * 0 + 7', '7'],
    ['a size', 'sizeof(sprout::TraceRecord)', '32'],
    ['an element of a list', 'sprout::g_threads.list[0].name', '"main"'],
    ['an element of a list, by an expression', 'g_threads.list[arch::g_cpu_count - 1].name', '"idle-0"'],
    ['its address', '&g_threads.list[0]', expect.stringMatching(/^0xffffffff[0-9a-f]+ <sprout::g_main_thread>$/)],
    ['an element of a list in one of each CPU', 'sprout::g_timer_sets[7].buckets[63]', '{0 elements}'],
    ['a type with arguments', 'sizeof(sprout::PerCpu<sprout::TimerSet>) > 64', 'true'],
  ])('%s: %s', async (_, expression, expected) => {
    expect((await value(expression)).value).toEqual(expected);
  });

  test('an address has its symbol, its type and where it leads', async () => {
    const found = await value('&sprout::g_truth');
    expect(found).toMatchObject({ type: 'sprout::Truth *', value: expect.stringMatching(/<sprout::g_truth>$/) });
    expect(found.value.startsWith(found.memoryReference ?? '?')).toBe(true);
    expect((await value('sprout::g_truth')).memoryReference).toBe(found.memoryReference);
    expect((await value('sprout::g_truth.magic', true)).value).toBe('0x54555254');
  });

  test('an atomic is the number that it holds, and grows while the guest works', async () => {
    const first = Number((await value('sprout::g_truth.operations')).value);
    await expect
      .poll(async () => Number((await value('sprout::g_truth.operations')).value), PATIENT)
      .toBeGreaterThan(first);
  });

  test('what is written is read back, and the guest goes on with it', async () => {
    const mask = 'sprout::g_trace_mask';
    const before = (await value(mask)).value;
    const set = await session.custom('unikernel/setLiveValue', { expression: mask, value: '0' });
    expect(set.value).toBe('0');
    // With no kind of event to record, no ring grows.
    const written = async (): Promise<string> =>
      (await Promise.all([0, 1].map((cpu) => value(`sprout::g_trace_rings.slots[${cpu}].value.written`))))
        .map((one) => one.value)
        .join();
    const operations = async (): Promise<number> => Number((await value('sprout::g_truth.operations')).value);
    const [silent, done] = [await settled(written), await operations()];
    await expect.poll(operations, PATIENT).toBeGreaterThan(done + 20);
    expect(await written()).toBe(silent);
    await session.custom('unikernel/setLiveValue', { expression: mask, value: before });
    await expect.poll(written, PATIENT).not.toBe(silent);
    expect((await value(mask)).value).toBe(before);
  });

  /** What `read` says when it says the same twice: an event may have been on its way. */
  async function settled(read: () => Promise<string>): Promise<string> {
    let last = await read();
    for (let now = await read(); now !== last; now = await read()) {
      last = now;
    }
    return last;
  }

  test('an atomic, text of a structure and a member through a pointer can be written', async () => {
    const place = 'sprout::g_truth.workers[255]';
    for (const [member, given, told] of [
      ['id', '77', '77'],
      ['sequence', '78', '78'],
      ['name[0]', "'x'", "120 'x'"],
      ['calls_vfs', 'true', 'true'],
      ['thread', 'sprout::g_truth.workers[0].thread', expect.stringMatching(/^0xffff/)],
      ['locks[3].state', 'sprout::TruthLockState::holding', 'sprout::TruthLockState::holding'],
    ] as const) {
      const expression = `(&${place})->${member}`;
      const { value: before } = await value(expression);
      const answer = await session.custom('unikernel/setLiveValue', { expression, value: given });
      expect([member, answer.value]).toEqual([member, told]);
      expect((await value(expression)).value).toEqual(told);
      const back = before.replace(/ '.*'$/, '');
      await session.custom('unikernel/setLiveValue', { expression, value: back });
      expect((await value(expression)).value).toBe(before);
    }
  });

  describe('containers', () => {
    test('a list has its elements, each with an expression of its own', async () => {
      const list = 'sprout::g_threads.list';
      const { value: text, indexed } = await value(list);
      expect(text).toBe(`{${indexed} elements}`);
      const threads = await children(list);
      expect(threads.map(({ name }) => name).slice(0, 3)).toEqual(['[0]', '[1]', '[2]']);
      const names = await Promise.all(
        threads.map(async ({ expression }) => (await value(`(${expression}).name`)).value.slice(1, -1)),
      );
      const { rows } = await session.custom('unikernel/view', { view: 'threads' });
      const known = rows.map((row) => ('name' in row ? row.name : ''));
      expect(names.slice(0, 3)).toEqual(['main', 'idle-0', 'idle-1']);
      expect(known).toEqual(expect.arrayContaining(names.filter((name) => /^(main|idle-|writer-|reader-)/.test(name))));
    });

    test('what stands for each CPU is shown as that', async () => {
      expect(await value('sprout::g_timer_sets')).toMatchObject({ value: '{8 elements}', indexed: 8 });
      const sets = await children('sprout::g_timer_sets');
      expect(sets).toHaveLength(8);
      const count = await value(`(${sets[1]?.expression}).non_empty_buckets`);
      expect(count.value).toMatch(/^\d+$/);
    });

    test('a list in an element of an array in an element', async () => {
      const buckets = 'sprout::g_timer_sets.slots[0].value.buckets';
      expect((await value(buckets)).indexed).toBe(64);
      const armed = async (): Promise<number> =>
        (await children(buckets)).reduce((sum, { indexed }) => sum + indexed, 0);
      await expect.poll(armed, PATIENT).toBeGreaterThan(0);
    });

    test('a radix tree is a map from numbers to pointers', async () => {
      const vnodes = await children('sprout::g_vnodes.list');
      const pages = await Promise.all(
        vnodes.map(async ({ expression }) => {
          const { value: type } = await value(`(${expression}).type`);
          return type.endsWith('::regular') ? children(`((sprout::RamfsFile *)&${expression})->pages`) : [];
        }),
      );
      const some = pages.find((list) => list.length > 0);
      expect(some?.[0]).toMatchObject({ type: 'sprout::Page *', name: expect.stringMatching(/^\[\d+\]$/) });
      expect((await value(`(${some?.[0]?.expression})->kind`)).value).toBe('sprout::PageKind::file');
    });
  });

  test('children come in pages', async () => {
    const array = 'sprout::g_truth.workers';
    expect(await value(array)).toMatchObject({ indexed: 256 });
    const names = async (start: number, count: number): Promise<string[]> =>
      (await children(array, start, count)).map(({ name }) => name);
    expect(await names(0, 3)).toEqual(['[0]', '[1]', '[2]']);
    expect(await names(254, 100)).toEqual(['[254]', '[255]']);
    expect(await names(256, 10)).toEqual([]);
    expect(await names(-5, 0)).toEqual(['[0]']);
    const [worker] = await children(array, 7, 1);
    const members = await children(worker?.expression ?? '');
    expect(members.map(({ name }) => name)).toContain('locks');
    const locks = members.find(({ name }) => name === 'locks');
    expect(await children(locks?.expression ?? '')).toHaveLength(4);
  });

  test('names lack the prefixes that the code around them lacks', async () => {
    const path = source('workload/worker_files.cc');
    const line = lineOf(path, 'vfs_write_locked');
    const at = (expression: string) => session.custom('unikernel/liveValue', { expression, source: { path, line } });
    expect(await at('g_truth.magic')).toMatchObject({ expression: 'sprout::g_truth.magic', value: String(0x54555254) });
    // It lies in sprout::arch, where this code does not.
    await expect(at('g_cpu_count')).rejects.toThrow('No symbol "g_cpu_count" in current context.');
    // Typed somewhere, it is searched for.
    const typed = await value('g_cpus[g_cpu_count - 1].index');
    expect(typed).toMatchObject({
      expression: 'sprout::arch::g_cpus[sprout::arch::g_cpu_count - 1].index',
      value: '1',
    });
    expect((await value('(ThreadState)1')).value).toBe('sprout::ThreadState::ready');
  });

  test.each([
    ['nonsense', /^No symbol "nonsense" in current context\.$/],
    ['sprout::nonsense', /^No symbol "nonsense" in namespace "sprout"\.$/],
    ['sprout::g_truth.nonsense', /^There is no member named nonsense\.$/],
    ['1 +', /^A syntax error in expression, near `'\.$/],
    ['sprout::arch::g_cpus +', /^A syntax error in expression, near `'\.$/],
    ['sprout::g_threads.list[9999]', /^There is no element \[9999\]\.$/],
    ['sprout::g_threads.list[-1]', /^There is no element \[-1\]\.$/],
    ['sprout::g_trace_mask++', /^Writing to memory is not allowed/],
    ['sprout::g_trace_mask = 0', /^Writing to memory is not allowed/],
    ['sprout::thread_yield()', /^Cannot call functions in the program: may-call-functions is off\.$/],
    ['$rip', /./],
    ['"\n\\', /./],
    ['', /^An expression must be a text\.$/],
  ])('%j is refused in one sentence', async (expression, sentence) => {
    const told = await session.refusal('unikernel/liveValue', { expression }).catch(() => 'not refused');
    if (expression !== '$rip') {
      expect(told).toMatch(sentence);
    }
    expect(told).not.toMatch(/Traceback|\n/);
  });

  test('what cannot be written is refused in one sentence', async () => {
    for (const [expression, given, sentence] of [
      ['1', '2', /^Left operand of assignment is not an lvalue\.$/],
      ['sprout::g_truth.magic', 'nonsense', /^No symbol "nonsense" in current context\.$/],
      ['*(int *)16', '1', /^Cannot access memory at address 0x10\.?$/],
      ['$rip', '1', /./],
    ] as const) {
      expect(await session.refusal('unikernel/setLiveValue', { expression, value: given })).toMatch(sentence);
    }
  });

  test('memory that is not mapped is told as the value', async () => {
    expect((await value('*(int *)16')).value).toBe('<Cannot access memory at address 0x10>');
  });

  describe('subscriptions', () => {
    test('the first event has all values, and one comes only when a value is another', async () => {
      const expressions = ['sprout::g_truth.magic', 'nonsense', 'sprout::g_truth.workers[254].id'];
      const next = await watch({ expressions, rate: 50 });
      const first = await next();
      expect(first).toMatchObject({
        sequence: 1,
        values: [
          { expression: expressions[0], value: String(0x54555254) },
          { expression: expressions[1], value: '', error: 'No symbol "nonsense" in current context.' },
          { expression: expressions[2], value: '0' },
        ],
      });
      // Another one counts the rounds: nothing was told in twenty of them.
      const ticks = await watch({ expressions: ['sprout::g_truth.operations'], rate: 50 });
      for (let tick = 0; tick < 20; tick++) {
        await ticks();
      }
      const heard = (): number => session.events.filter(({ body }) => body?.subscription === first.subscription).length;
      expect(heard()).toBe(1);
      await session.custom('unikernel/setLiveValue', { expression: expressions[2] ?? '', value: '9' });
      expect(await next()).toMatchObject({ sequence: 2, values: [{}, {}, { value: '9' }] });
      await session.custom('unikernel/setLiveValue', { expression: expressions[2] ?? '', value: '0' });
      expect(await next()).toMatchObject({ sequence: 3, values: [{}, {}, { value: '0' }] });
      await session.custom('unikernel/unsubscribeValues', { subscription: first.subscription });
    });

    test('the children of opened values are told with them', async () => {
      const next = await watch({
        expressions: ['sprout::g_threads.list'],
        expanded: [
          { expression: 'sprout::g_threads.list', start: 1, count: 2 },
          { expression: 'nonsense' },
          { expression: 'sprout::arch::g_cpus[0]' },
        ],
        hexadecimal: true,
        rate: 20,
      });
      const { children: told, subscription } = await next();
      expect(told?.map((list) => list.length)).toEqual([2, 0, 12]);
      expect(told?.[0]?.map(({ name }) => name)).toEqual(['[1]', '[2]']);
      expect(told?.[2]?.find(({ name }) => name === 'index')?.value).toBe('0x0');
      await session.custom('unikernel/unsubscribeValues', { subscription });
    });

    test('200 expressions, and no more', async () => {
      const expressions = Array.from({ length: 200 }, (_, index) => `sprout::g_truth.workers[${index}].id + ${index}`);
      const next = await watch({ expressions, rate: 10 });
      const { values, subscription } = await next();
      expect(values).toHaveLength(200);
      expect(values.at(-1)).toMatchObject({ value: '199' });
      await session.custom('unikernel/unsubscribeValues', { subscription });
      for (const [given, sentence] of [
        [{ expressions: [...expressions, '1'], rate: 1 }, '"expressions" must be a list of at most 200 texts.'],
        [{ expressions: 'x', rate: 1 }, '"expressions" must be a list of at most 200 texts.'],
        [{ expressions: [5], rate: 1 }, 'An expression must be a text.'],
        [{ expressions: ['1'] }, '"rate" must be a number from 0.1 to 50 a second.'],
        [{ expressions: ['1'], rate: 51 }, '"rate" must be a number from 0.1 to 50 a second.'],
        [
          { expressions: ['1'], rate: 1, expanded: Array(51).fill({ expression: '1' }) },
          '"expanded" must be a list of at most 50 values with "expression".',
        ],
      ] as const) {
        expect(await session.refusal('unikernel/subscribeValues', given)).toBe(sentence);
      }
    });

    test('one that ended is heard of no more; ending it twice is no error', async () => {
      const expressions = ['sprout::g_truth.operations'];
      const next = await watch({ expressions, rate: 50 });
      const { subscription } = await next();
      await session.custom('unikernel/unsubscribeValues', { subscription });
      const heard = (): number => session.events.filter(({ body }) => body?.subscription === subscription).length;
      const before = heard();
      const other = await watch({ expressions, rate: 50 });
      await other();
      await other();
      expect(heard()).toBe(before);
      await session.custom('unikernel/unsubscribeValues', { subscription });
    });
  });
});

test('values are told at a stop too, and what is written there is what the session sees', async () => {
  const session = Session.start();
  const stop = await session.launchTo(BUSY_FUNCTION);
  const { id } = await session.top(stop.threadId);
  const expression = 'sprout::g_truth.workers[255].id';
  const answer = await session.custom('unikernel/setLiveValue', { expression, value: '4711' });
  expect(answer.value).toBe('4711');
  expect((await session.evaluate(expression, { frameId: id })).result).toBe('4711');
  // The other way round too.
  await session.request('setExpression', { expression, value: '4712', frameId: id });
  expect((await session.custom('unikernel/liveValue', { expression })).value).toBe('4712');
  // A container is opened in the session's variables as well.
  const list = await session.evaluate('sprout::g_threads.list', { frameId: id });
  expect(list.result).toBe(`{${list.indexedVariables} elements}`);
  const [main] = await session.variables(list.variablesReference, { start: 0, count: 1 });
  const members = await session.variables(main?.variablesReference ?? 0);
  expect(members.find(({ name }) => name === 'name')?.value).toBe('"main"');
  await session.end();
});

test('a live gdb that dies is replaced', async () => {
  const session = Session.start();
  await session.launchTo(BUSY_FUNCTION);
  await session.breakAt();
  await session.request('continue', { threadId: 0 });
  const gdbs = (): number[] =>
    session.traces
      .processes()
      .filter((process) => process.endsWith(' gdb'))
      .map((process) => Number.parseInt(process, 10));
  const before = gdbs();
  const expression = 'sprout::g_truth.magic';
  const next = (fits: (value: LiveValue | undefined) => boolean) =>
    session.event<ValuesChangedEvent>('unikernel/valuesChanged', ({ values }) => fits(values[0]));
  const { value } = await session.custom('unikernel/liveValue', { expression });
  await session.custom('unikernel/subscribeValues', {
    expressions: [expression, 'sprout::g_truth.operations'],
    rate: 20,
  });
  await next((told) => told?.value === value);
  for (const pid of gdbs().filter((one) => !before.includes(one))) {
    process.kill(pid, 'SIGKILL');
  }
  // Whoever asks at the moment of its death is told; the next round reads again.
  await expect
    .poll(() => session.custom('unikernel/liveValue', { expression }).catch(String), PATIENT)
    .toMatchObject({ value });
  await next((told) => told?.value === value);
  expect(gdbs()).toHaveLength(before.length + 1);
  await session.end();
});

test('a local is named by its type and place: it is read the same way without its frame', async () => {
  const session = Session.start();
  const stop = await session.launchTo(BUSY_FUNCTION);
  const stepped = await session.run('next', stop.threadId);
  const { id } = await session.top(stepped.threadId);
  const locals = await session.scope(id, 'Locals');
  const members = await session.variables(locals.find(({ name }) => name === 'this')?.variablesReference ?? 0);
  const placed = [...locals, ...members].filter(({ memoryReference }) => memoryReference !== undefined);
  for (const { value, type, memoryReference } of placed) {
    const expression = addressExpression(type ?? '', memoryReference ?? '');
    const live = await session.custom('unikernel/liveValue', { expression });
    expect([expression, live.value]).toEqual([expression, value]);
  }
  expect(placed.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['this', 'shared', 'thread_', 'index_', 'name_']),
  );
  await session.end();
});

test('a guest that was saved has the same values, and none can be changed', async () => {
  const running = Session.start();
  await running.launchTo(BUSY_FUNCTION);
  const file = join(mkdtempSync(join(inject('folder'), 'saved-')), 'core');
  await running.custom('unikernel/saveSnapshot', { file });
  const expression = 'sprout::g_threads.list';
  const { value } = await running.custom('unikernel/liveValue', { expression });
  await running.end();

  const saved = Session.start();
  await saved.attach({ core: file });
  await saved.request('configurationDone');
  expect((await saved.custom('unikernel/liveValue', { expression })).value).toBe(value);
  const given = { expression: 'sprout::g_truth.magic', value: '1' };
  expect(await saved.refusal('unikernel/setLiveValue', given)).toMatch(
    /^This is a snapshot of a guest: it cannot be changed/,
  );
  await saved.end();
});

test('before the kernel has page tables, and in another kernel, one sentence says why or the value is told', async () => {
  const early = Session.start();
  await early.launch({ stopAtEntry: true, commandLine: BUSY, kernel: SPROUT_ELF });
  await early.request('configurationDone');
  await early.stopped();
  expect(await early.refusal('unikernel/liveValue', { expression: 'sprout::arch::g_cpu_count' })).toBe(
    'The kernel has no page tables yet: values come once it has booted.',
  );
  // What is watched comes as soon as it can be read.
  const expressions = ['sprout::g_truth.magic'];
  const { subscription } = await early.custom('unikernel/subscribeValues', { expressions, rate: 20 });
  const changed = (fits: (value: LiveValue | undefined) => boolean) =>
    early.event<ValuesChangedEvent>(
      'unikernel/valuesChanged',
      (event) => event.subscription === subscription && fits(event.values[0]),
    );
  await changed((value) => value?.error?.startsWith('The kernel has no page tables yet') ?? false);
  await early.request('continue', { threadId: 0 });
  await changed((value) => value?.value === String(0x54555254));
  await early.end();

  const other = Session.start();
  await other.launchTo('leaf', { kernel: THREADS_ELF, commandLine: '' });
  await other.breakAt();
  await other.request('continue', { threadId: 0 });
  const answer = await other.custom('unikernel/liveValue', { expression: 'sizeof(g_stacks) > 0' }).catch(String);
  expect(JSON.stringify(answer)).toMatch(/"value":"true"|page tables/);
  await other.end();
});
