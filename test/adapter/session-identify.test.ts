/** What lies at an address, against what the views and the kernel's own structures tell at the same stop; and while the guest runs. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { formatAddress, type Identification, type ThreadRow, type VnodeLockRow } from '../../debug-adapter/protocol.ts';
import { QmpWitness } from '../bench/qmp-witness.ts';
import { BUSY, BUSY_FUNCTION, Session, type Stopped, THREADS_ELF } from './client.ts';

const PAGE = 0x1000;
const LINEAR_BASE = -(2 ** 47);

describe('a busy guest that tracks its allocations', () => {
  let session: Session;
  let stop: Stopped;
  let frameId: number;
  let witness: QmpWitness;

  beforeAll(async () => {
    session = Session.start();
    const socket = join(mkdtempSync(join(inject('folder'), 'witness-')), 'qmp');
    await session.launch({
      cpus: 2,
      commandLine: `--track-allocations ${BUSY}`,
      extraQemuArguments: ['-qmp', `unix:${socket},server=on,wait=off`],
    });
    await session.breakAt({ name: BUSY_FUNCTION, hitCondition: '40' });
    await session.request('configurationDone');
    stop = await session.stopped();
    await session.breakAt();
    frameId = (await session.top(stop.threadId)).id;
    witness = await QmpWitness.connect(socket);
  });
  afterAll(async () => {
    witness.close();
    await session.end();
  });

  function identify(address: number | string): Promise<Identification> {
    const text = typeof address === 'number' ? formatAddress(address) : address;
    return session.custom('unikernel/identify', { address: text });
  }

  /** A number that the kernel itself has, read by gdb. */
  async function number(expression: string): Promise<number> {
    const { result } = await session.evaluate(`(long)(${expression})`, { frameId });
    return Number(result);
  }

  async function text(expression: string): Promise<string> {
    const { result } = await session.evaluate(expression, { frameId });
    return result;
  }

  async function threads(): Promise<ThreadRow[]> {
    return (await session.custom('unikernel/view', { view: 'threads' })).rows as ThreadRow[];
  }

  async function vnodes(): Promise<VnodeLockRow[]> {
    return (await session.custom('unikernel/view', { view: 'vnodeLocks' })).rows as VnodeLockRow[];
  }

  /** The address of the first element of a list of pages, as the page that it describes. */
  async function firstPageOf(list: string): Promise<number> {
    const { variablesReference } = await session.evaluate(list, { frameId });
    const [first] = await session.variables(variablesReference, { start: 0, count: 1 });
    const frame = await number(`(sprout::Page *)${first?.memoryReference} - sprout::g_pages.pages`);
    return LINEAR_BASE + frame * PAGE;
  }

  describe('stacks', () => {
    test('of every thread, at its top, in its middle and at its end', async () => {
      const rows = (await threads()).filter(({ stack }) => stack !== undefined);
      expect(rows.length).toBeGreaterThan(8);
      for (const { id, name, stack } of rows) {
        const { base, size } = stack ?? { base: 0, size: 0 };
        for (const depth of [1, size / 2, size]) {
          expect(await identify(base + size - depth)).toMatchObject({
            kind: 'stack',
            description: `stack of thread ${id} "${name}", 0x${depth.toString(16)} below its top`,
            thread: { thread: id, threadName: name },
            base,
            size,
          });
        }
      }
    });

    test('the stack pointer of the thread that stopped lies in its stack', async () => {
      expect(await identify(await number('$rsp'))).toMatchObject({ kind: 'stack', thread: { thread: stop.threadId } });
    });

    test('the page below a stack is its guard', async () => {
      for (const { id, name, stack } of (await threads()).filter((row) => row.stack && row.name.includes('writer'))) {
        expect(await identify((stack?.base ?? 0) - 8)).toMatchObject({
          kind: 'guard',
          description: `the guard page below the stack of thread ${id} "${name}"`,
        });
      }
    });
  });

  describe('objects', () => {
    test('a vnode by its path, and who allocated it, innermost first', async () => {
      const rows = (await vnodes()).filter(({ path }) => path.startsWith('/data/'));
      expect(rows.length).toBeGreaterThan(8);
      for (const { key, path } of rows.slice(0, 8)) {
        const found = await identify(Number(key));
        expect(found).toMatchObject({ kind: 'object', base: key });
        expect(found.description).toMatch(
          new RegExp(`^object \\d+ of the ${found.size}-byte class, live: the Vnode of ${path}; allocated by .+ in .+`),
        );
        expect(found.allocation?.requested).toBeLessThanOrEqual(found.size ?? 0);
        expect(found.allocation?.callers.join()).toMatch(/ramfs.*\(.*ramfs\w*\.cc:\d+\)/);
      }
    });

    test('a thread by its name, and inside it, at which offset', async () => {
      const created = (await threads()).filter(({ name }) => name.startsWith('writer-'));
      expect(created.length).toBeGreaterThan(1);
      for (const { key, name } of created) {
        const found = await identify(Number(key) + 0x30);
        expect(found.description).toMatch(/^object \d+ of the \d+-byte class, live: the Thread "/);
        expect(found.description).toContain(
          `the Thread "${name}", at +0x${(Number(key) + 0x30 - (found.base ?? 0)).toString(16)}`,
        );
        expect(found.pool).toBe(`${found.size} B`);
      }
    });

    /** A malloc pool with a slab that has free objects, and the list that it is in. */
    async function poolWithRoom(): Promise<[pool: string, list: string]> {
      for (let index = 0; index < 32; index++) {
        const pool = `sprout::g_malloc_pools[${index}]`;
        const list = `${pool}.cpus[0].partial`;
        const { indexedVariables = 0 } = await session.evaluate(list, { frameId });
        if (indexedVariables > 0) {
          return [pool, list];
        }
      }
      throw new Error('No malloc pool has a slab with room.');
    }

    test('the index in the slab, and a free neighbour, as the slab itself tells', async () => {
      const [pool, list] = await poolWithRoom();
      const slab = await firstPageOf(list);
      const size = await number(`${pool}.object_size`);
      const frame = `sprout::g_pages.pages[${(slab - LINEAR_BASE) / PAGE}]`;
      const capacity = await number(`${frame}.capacity`);
      const free = new Set<number>();
      for (let at = await number(`${frame}.free_objects`); at !== 0; at = await number(`*(long *)${at}`)) {
        free.add((at - slab) / size);
      }
      for (let index = 0; index < capacity; index++) {
        const found = await identify(slab + index * size + 1);
        expect(found.description).toMatch(new RegExp(`^object ${index} of the ${size}-byte class, `));
        // What another CPU freed is free too, though not in this list.
        if (free.has(index)) {
          expect(found.kind).toBe('freeObject');
        }
      }
      expect(await number(`${frame}.live_objects`)).toBe(capacity - free.size);
    });

    test('a large allocation, who asked for it and how much', async () => {
      const list = await session.evaluate('sprout::g_large_allocations.list', { frameId });
      const rows = await session.variables(list.variablesReference, { start: 0, count: 5 });
      for (const { memoryReference } of rows) {
        const large = `((sprout::LargeAllocation *)${memoryReference})`;
        const frame = await number(`${large}->head - sprout::g_pages.pages`);
        const requested = await number(`${large}->requested`);
        const found = await identify(LINEAR_BASE + frame * PAGE + PAGE + 5);
        expect(found).toMatchObject({ kind: 'large', size: (await number(`${large}->pages`)) * PAGE });
        expect(found.description).toMatch(
          new RegExp(`^a large allocation of ${requested} bytes, at \\+0x1005; allocated by`),
        );
      }
      expect(rows).toHaveLength(Math.min(5, await number('sprout::g_large_allocations.count')));
    });
  });

  describe('pages', () => {
    test('a free block, anywhere in it', async () => {
      const order = Array.from({ length: 19 }, (_, index) => 18 - index);
      for (const power of order) {
        if ((await number(`sprout::g_page_allocator.free_blocks[${power}]`)) === 0) {
          continue;
        }
        const first = await firstPageOf(`sprout::g_page_allocator.free[${power}]`);
        const description = power === 0 ? 'a free page' : `a free page, part of a free block of ${2 ** power} pages`;
        for (const page of [0, 2 ** power - 1]) {
          const found = await identify(first + page * PAGE + 17);
          expect(found).toMatchObject({ kind: 'page', description, base: first + page * PAGE, size: PAGE });
        }
      }
    });

    test('a page in a CPU’s pool', async () => {
      for (const cpu of [0, 1]) {
        const pool = `sprout::g_page_pools.slots[${cpu}].value`;
        if ((await number(`${pool}.count`)) > 0) {
          const { description } = await identify(await firstPageOf(`${pool}.pages`));
          expect(description).toBe(`a free page in the L1 of CPU ${cpu}`);
        }
      }
      const { description } = await identify(await firstPageOf('sprout::g_global_page_pool.pages'));
      expect(description).toBe('a free page in the L2 page pool');
    });

    test('a page of a file, by path and index', async () => {
      const written = (await vnodes()).filter(({ path, size }) => path.startsWith('/data/') && size > PAGE);
      for (const { key, path } of written.slice(0, 3)) {
        const file = `((sprout::RamfsFile *)${formatAddress(Number(key))})`;
        const tree = await session.evaluate(`${file}->pages`, { frameId });
        const pages = await session.variables(tree.variablesReference, { start: 0, count: 3 });
        for (const { name, memoryReference } of pages) {
          const frame = await number(`(sprout::Page *)${memoryReference} - sprout::g_pages.pages`);
          const found = await identify(LINEAR_BASE + frame * PAGE);
          expect(found).toMatchObject({ kind: 'file', description: `page ${name.slice(1, -1)} of the file ${path}` });
        }
      }
      expect(written.length).toBeGreaterThan(0);
    });
  });

  test('what is no RAM: registers of devices by name, and what the firmware keeps', async () => {
    for (const [field, name] of [
      ['local_apic', 'local APIC'],
      ['hpet', 'HPET'],
    ]) {
      const { kind, description } = await identify(
        LINEAR_BASE + (await number(`sprout::arch::g_acpi.${field}`)) + 0x20,
      );
      expect([kind, description.replace(/^0x\w+: /, '')]).toEqual(['nothing', `registers of the ${name}`]);
    }
    // The screen of a PC, which has records of pages around it; and RAM above all that e820 calls usable.
    for (const physical of [0xb8000, (await number('sprout::g_pages.count')) * PAGE]) {
      const { kind, description } = await identify(LINEAR_BASE + physical);
      expect([kind, description.replace(/^0x\w+: /, '')]).toEqual([
        'nothing',
        `physical 0x${physical.toString(16)} is no RAM that the kernel may use, but a device's or the firmware's`,
      ]);
    }
  });

  test('pages of the kernel itself: tables, records, and its image, which is mapped twice', async () => {
    // The tables that map the linear map were made early; those for stacks, entry 384 of the root, later.
    const root = LINEAR_BASE + (await number('(long)$cr3'));
    const below = LINEAR_BASE + (await number(`*(long *)(${root} + 384 * 8) & 0xffffffffff000`));
    const records = await number('sprout::g_pages.pages');
    const of = (description: string) => expect.objectContaining({ kind: 'page', description, size: PAGE });
    expect(await identify(root)).toEqual(of('a page of the early arena'));
    expect(await identify(below)).toEqual(of('a page table'));
    expect(await identify(records)).toEqual(of('a page of the records of all pages'));
    expect(await identify(LINEAR_BASE)).toEqual(
      of('a page that nobody may use: the first of RAM, or where other CPUs begin'),
    );
    const linked = await number('&sprout::g_truth');
    const again = linked + 2 ** 31 + LINEAR_BASE;
    expect(await identify(again + 8)).toMatchObject({
      kind: 'symbol',
      description: expect.stringMatching(/^sprout::g_truth\+0x8 in \.\w+$/),
      base: again,
    });
  });

  test('symbols with an offset, of data and of code, with their section', async () => {
    const truth = await number('&sprout::g_truth');
    expect(await identify(truth)).toMatchObject({
      kind: 'symbol',
      base: truth,
      size: await number('sizeof(sprout::g_truth)'),
    });
    expect((await identify(truth + 8)).description).toMatch(/^sprout::g_truth\+0x8 in \.\w+$/);
    expect((await identify(await number('$rip'))).description).toContain('write_shared_file');
  });

  test.each([
    ['0x0', /nothing|0x0/],
    ['0x10', /^0x10: nothing is mapped here$/],
    ['0xdeadbeef', /^0xdeadbeef: nothing is mapped here$/],
    ['0xffffa00000000000', /^0xffffa00000000000: nothing is mapped here$/],
  ])('at %s is nothing', async (address, sentence) => {
    const found = await identify(address);
    expect(found.kind).toBe('nothing');
    expect(found.description).toMatch(sentence);
  });

  test.each([
    ['0x123456789abcdef0', 'That is no address.'],
    ['rip', '"rip" is no address.'],
    ['', '"" is no address.'],
    ['0x', '"0x" is no address.'],
    ['-1', '"-1" is no address.'],
    ['0x11111111111111111', '"0x11111111111111111" is no address.'],
  ])('%j is refused in one sentence', async (address, sentence) => {
    expect(await session.refusal('unikernel/identify', { address })).toBe(sentence);
  });

  describe('a hover', () => {
    const hover = (expression: string) => session.evaluate(expression, { frameId, context: 'hover' });

    test('over a pointer tells what it leads to, behind its value', async () => {
      const { result } = await hover('this->truth_->thread');
      expect(result).toMatch(/^0xffff[0-9a-f]{12} → object \d+ of the \d+-byte class, live: the Thread "writer-\d+"/);
      const [name] = /writer-\d+/.exec(result) ?? [];
      expect(await text('this->truth_->name')).toBe(`"${name}"`);
      expect((await hover('this')).result).toMatch(/ → (object|stack|a large)/);
    });

    test('over an address that is written in the source', async () => {
      const [row] = await vnodes();
      expect((await hover(formatAddress(Number(row?.key)))).result).toContain(` → object `);
    });

    test('over what is no address, and in a watch, tells the value alone', async () => {
      expect((await hover('sprout::arch::g_cpu_count')).result).toBe('2');
      expect((await hover('(sprout::Thread *)0')).result).toBe('0x0');
      expect((await hover('&sprout::g_truth')).result).not.toContain('→');
      expect(await text('this->truth_->thread')).not.toContain('→');
    });
  });

  test('while the guest runs, without one stop', async () => {
    const [writer] = (await threads()).filter(({ name }) => name.startsWith('writer-'));
    const [file] = (await vnodes()).filter(({ path }) => path.startsWith('/data/'));
    await session.request('continue', { threadId: stop.threadId });
    const before = witness.stops;
    const { base, size } = writer?.stack ?? { base: 0, size: 0 };
    expect(await identify(base + size - 0x40)).toMatchObject({
      kind: 'stack',
      description: `stack of thread ${writer?.id} "${writer?.name}", 0x40 below its top`,
    });
    expect((await identify(Number(file?.key))).description).toContain(`the Vnode of ${file?.path}; allocated by `);
    expect((await identify('0x10')).kind).toBe('nothing');
    const live = await session.evaluate('sprout::g_truth.workers[0].thread', { context: 'hover' });
    expect(live.result).toMatch(/^0xffff[0-9a-f]{12} → object \d+ of the \d+-byte class, live: the Thread "\w+-\d+"/);
    expect(witness.stops).toBe(before);
    stop = await session.run('pause', stop.threadId);
  });
});

test('in a kernel that is not known one sentence says so, and a hover tells the value', async () => {
  const session = Session.start();
  const stop = await session.launchTo('leaf', { kernel: THREADS_ELF, commandLine: '' });
  expect(await session.refusal('unikernel/identify', { address: '0x1000' })).toMatch(
    /threads\.elf is no kernel that the views know/,
  );
  const frame = await session.top(stop.threadId);
  const hover = await session.evaluate('&g_stacks', { frameId: frame.id, context: 'hover' });
  expect(hover.result).toMatch(/^0x[0-9a-f]+ <g_stacks>$|^\(.*\) 0x/);
  await session.end();
});
