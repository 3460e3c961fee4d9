/** The awareness of OSv over RAM that a fixture of our own filled: what it knows, changes that are half done, and nonsense. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MallocPoolsRow, ViewName } from '../../debug-adapter/protocol.ts';
import { ObservationWorker } from '../../debug-adapter/worker/client.ts';
import type { MemoryWrite } from '../../debug-adapter/worker/observation.ts';

const SOURCE = fileURLToPath(new URL('fixtures/osv/osv.cc', import.meta.url));
/** Above OSv's own, whose image begins at 0x40000000: what lies below is not part of the file. */
const LINKING = ['-static', '-no-pie', '-Wl,--build-id,-Ttext-segment=0x40200000'];

let folder: string;
let elf: string;
let observation: ObservationWorker;

function compile(output: string, ...more: string[]): void {
  const flags = ['-std=c++20', '-g', '-O0', '-Wall', '-Wextra', '-Werror', ...LINKING, ...more];
  execFileSync('g++', [...flags, SOURCE, '-o', output]);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'osv-'));
  elf = join(folder, 'osv.elf');
  compile(elf);
  observation = ObservationWorker.start({ elf, gdb: 'gdb', cacheDirectory: join(folder, 'cache') });
  expect(await observation.ready).toBe('osv');
});
afterAll(async () => {
  await observation.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function open(variant: string): Promise<void> {
  const path = join(folder, variant);
  execFileSync(elf, [path, variant]);
  await observation.open({ kind: 'core', path, regions: [{ physical: 0, size: statSync(path).size, at: 0 }] });
}

async function held() {
  const { rows, quality } = await observation.view('vnodeLocks');
  const row = rows.find(({ number }) => number === 101);
  return {
    quality,
    holders: row?.holders.map(({ thread }) => thread),
    waiters: row?.waiters.map(({ thread }) => thread),
  };
}

function ofKind<K extends MallocPoolsRow['kind']>(rows: readonly MallocPoolsRow[], kind: K) {
  return rows.filter((row): row is Extract<MallocPoolsRow, { kind: K }> => row.kind === kind);
}

describe('what stands still', () => {
  beforeAll(() => open('plain'));

  it('has every thread, the bring-up thread too', async () => {
    const { rows, quality } = await observation.view('threads');
    expect(quality).toBe('whole');
    expect(rows.map(({ id, name, state, cpu }) => [id, name, state, cpu])).toEqual([
      [1, 'runner', 'running', 0],
      [2, 'first', 'waiting', 1],
      [3, 'second', 'waiting', 0],
      [4, 'third', 'waiting', 1],
      [5, 'ready', 'ready', 0],
      [6, 'ended', 'finished', 1],
      [0x1000_0001, 'bringup', 'finished', 1],
    ]);
    expect(rows.slice(1, 4).map(({ waitsFor }) => waitsFor?.description)).toEqual(Array(3).fill('vnode /data/held'));
    expect(rows[0]?.holds.map(({ description }) => description)).toEqual(['vnode /data/held']);
    expect(rows.map(({ switches }) => switches)).toEqual([10, 20, 30, 40, 50, 60, 0]);
  });

  it('has every vnode, its path and who waits, in wake order', async () => {
    const { rows, quality } = await observation.view('vnodeLocks');
    expect(quality).toBe('whole');
    expect(
      rows.map(({ path, number, fileSystem, references, size }) => [path, number, fileSystem, references, size]),
    ).toEqual([
      ['/free', 100, '/dev/vblk0', 1, 0],
      ['/data/held', 101, 'ramfs', 2, 1000],
      ['/twice', 102, '/dev/vblk0', 3, 2000],
    ]);
    expect(await held()).toEqual({ quality: 'whole', holders: [1], waiters: [2, 3, 4] });
    expect(rows[2]).toMatchObject({ mode: 'exclusive', depth: 2 });
    expect(rows[0]).toMatchObject({ mode: 'free', holders: [], waiters: [] });
  });

  it('counts objects on full pages and freed by other CPUs, and leaves out stale headers', async () => {
    const { rows, quality } = await observation.view('mallocPools');
    expect(quality).toBe('whole');
    const classes = ofKind(rows, 'class').map(({ objectSize, slabs, liveObjects, capacity }) => [
      objectSize,
      slabs,
      liveObjects,
      capacity,
    ]);
    expect(classes).toEqual([
      [64, 0, 0, 0],
      [512, 2, 12, 14],
      [1024, 0, 0, 0],
    ]);
    const [, medium] = ofKind(rows, 'class');
    expect(medium?.cpus.map(({ cpu, liveObjects, remoteFrees }) => [cpu, liveObjects, remoteFrees])).toEqual([
      [0, 7, 1],
      [1, 5, 0],
    ]);
    expect(ofKind(rows, 'pagePool').map(({ key, pages }) => [key, pages])).toEqual([
      ['L1 0', 1],
      ['L1 1', 0],
      ['L2', 0],
    ]);
    expect(ofKind(rows, 'freeRange').map(({ order, blocks }) => [order, blocks])).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(ofKind(rows, 'ram')[0]).toMatchObject({ totalPages: 2048, freePages: 5 });
    const pages = await observation.poolPages({ pool: '512 B #1', start: 0, count: 10 });
    const live = pages.pages.map(({ cpu, liveMap }) => [cpu, Buffer.from(liveMap, 'base64').toString('hex')]);
    expect(live).toEqual([
      [0, '3f'],
      [1, '1f'],
    ]);
  });

  it('has timers, tasks that are not released, and callouts', async () => {
    const { rows, quality, guestTime } = await observation.view('timerSets');
    expect(quality).toBe('whole');
    expect(guestTime).toBe(1_000_001);
    const timers = rows.map((row) => row.timers.map(({ name, deadline, owner }) => [name, deadline, owner?.thread]));
    expect(timers).toEqual([
      [
        ['wake-up', 5_000_000, 2],
        ['TCP keep-alive 10.0.2.15:80 – 10.0.2.2:49152', 7_200_000_000, undefined],
        ['callout', 8_000_000, undefined],
        ['callout', 9_000_000, undefined],
      ],
      [
        ['preemption', 2_000_000, undefined],
        ['async task', 7_000_000, undefined],
      ],
    ]);
    const callbacks = rows.flatMap((row) => row.timers.map(({ callback }) => callback));
    expect(callbacks).toEqual([
      'sched::thread::timer_fired',
      expect.stringMatching(/tcp_timer_keep.*osv\.cc:/),
      expect.stringMatching(/on_callout.*osv\.cc:/),
      expect.stringMatching(/on_callout.*osv\.cc:/),
      'sched::cpu::timer_fired',
      expect.stringMatching(/on_tick.*osv\.cc:/),
    ]);
  });

  it('knows who waits for whom', async () => {
    const { rows, quality } = await observation.view('waitsFor');
    expect(quality).toBe('whole');
    expect(rows).toHaveLength(1);
    expect(rows[0]?.holders.map(({ thread }) => thread)).toEqual([1]);
    expect(rows[0]?.waiters.map(({ thread }) => thread).sort()).toEqual([2, 3, 4]);
  });
});

describe('conditions', () => {
  it('are found where the kernel does not write down who waits for them', async () => {
    await open('conditions');
    const { rows, quality } = await observation.view('threads');
    expect(quality).toBe('whole');
    const waits = rows
      .filter(({ id }) => id > 6)
      .map(({ name, waitsFor }) => [name, waitsFor?.kind, waitsFor?.description]);
    expect(waits).toEqual([
      ['sleeper', 'condition', 'condition (anonymous namespace)::g_condition'],
      ['late', 'condition', 'condition (anonymous namespace)::g_condition'],
      ['worker', 'condition', expect.stringMatching(/^condition .*g_heap\+0x/)],
      ['timed', undefined, undefined],
      ['bringup', undefined, undefined],
    ]);
  });
});

describe('programs', () => {
  beforeAll(() => open('plain'));

  it('tells what was loaded, where, and from which build', async () => {
    const programs = await observation.programs();
    expect(programs.map(({ path }) => path)).toEqual(['/hello', '/usr/lib/a-library-with-a-long-name.so']);
    const [hello, library] = programs;
    expect(hello?.buildId).toBe('deadbeef');
    expect(hello && Buffer.from(hello.headers, 'base64').length).toBe(2 * 56);
    expect(library).toMatchObject({ base: 0x1000_0000_0000 });
    // That page is not in memory.
    expect(library?.buildId).toBeUndefined();
  });
});

describe('allocations', () => {
  beforeAll(() => open('plain'));

  it('groups what lives by who made it', async () => {
    const { groups } = await observation.allocations();
    expect(groups.map(({ count, requested }) => [count, requested])).toEqual([
      [2, 300],
      [1, 50],
    ]);
    expect(groups[0]?.callers).toEqual([expect.stringMatching(/on_tick/), expect.stringMatching(/on_callout/)]);
  });
});

describe('the trace', () => {
  beforeAll(() => open('plain'));

  it('has each record, with names, and stops before one that is being written', async () => {
    const { cpus, kinds, waits, threads, objects } = await observation.trace({ after: [] });
    expect(cpus.map(({ events }) => events.time)).toEqual([[], [100, 200, 300]]);
    const events = cpus[1]?.events;
    expect(events?.kind.map((kind) => kinds[kind])).toEqual(['thread_switch', 'lock_wait', 'vfs_open']);
    // The runner has taken the place of a thread that has ended; the second waits for a vnode; 0x42 is how a file was opened.
    expect(events?.thread.map((thread) => threads[thread])).toEqual(['gone', 'second', 'second']);
    expect(events?.value[0]).toBe(3);
    expect(waits[events?.value[1] ?? -1]).toBe('mutex');
    expect(objects[events?.object[1] ?? 0]).toBe('vnode /data/held');
    expect(events?.object[2]).toBe(0x42);
    // The next page begins with the record that is being written.
    expect(cpus[1]).toMatchObject({ next: 4096, lost: 0 });
  });

  it('knows what it could record, and what of it is on', async () => {
    const { tracepoints } = await observation.tracepoints();
    expect(tracepoints.map(({ name, format, enabled, records }) => [name, format, enabled, records])).toEqual([
      ['sched_switch', 'to %p', true, 1],
      ['mutex_lock_wait', '%p', true, 1],
      ['vfs_open', '%s 0x%x', false, 1],
    ]);
    const { off } = await observation.trace({ after: [] });
    expect(off).toEqual(['thread_wake', 'thread_start', 'lock_acquire']);
  });

  it('goes on where it was', async () => {
    const { cpus } = await observation.trace({ after: [0, 4096] });
    expect(cpus.map(({ events }) => events.time)).toEqual([[], []]);
  });

  it('tells the newest when fewer are asked for', async () => {
    const { cpus } = await observation.trace({ after: [], limit: 1 });
    expect(cpus[1]?.events.time).toEqual([300]);
  });
});

describe('tracepoints', () => {
  const NO_OPERATION = '0f1f440000';
  const JUMP = 'e91b000000';
  const PAGES = 128;

  /** Writes into the guest as the control road does. */
  async function apply(variant: string, writes: MemoryWrite[] = []): Promise<void> {
    const path = join(folder, variant);
    const ram = readFileSync(path);
    for (const { address, bytes, repeat = 1 } of writes) {
      const physical = address < 0x8000_0000 ? address - 0x4000_0000 : address % 2 ** 44;
      ram.write(bytes.repeat(repeat), physical, 'hex');
    }
    writeFileSync(path, ram);
    await observation.open({ kind: 'core', path, regions: [{ physical: 0, size: ram.length, at: 0 }] });
  }
  const patches = (writes: MemoryWrite[] = []) =>
    writes.map(({ bytes }) => bytes).filter((bytes) => bytes === JUMP || bytes === NO_OPERATION);
  const state = async () => (await observation.tracepoints()).tracepoints.map(({ name, enabled }) => [name, enabled]);
  const free = async () => {
    const { quality, rows } = await observation.view('mallocPools');
    return { quality, pages: ofKind(rows, 'ram')[0]?.freePages };
  };

  it('are turned on at each of their sites, with a buffer for each CPU out of free memory, and off', async () => {
    await open('roomy');
    expect(await free()).toEqual({ quality: 'whole', pages: 705 });
    const on = await observation.tracepointWrites('vfs_open', true);
    expect(patches(on)).toEqual([JUMP, JUMP]);
    await apply('roomy', on);
    expect(await state()).toContainEqual(['vfs_open', true]);
    expect(await free()).toEqual({ quality: 'whole', pages: 705 - PAGES - 1 });
    expect(await observation.tracepointWrites('vfs_open', true)).toEqual([]);
    const off = await observation.tracepointWrites('vfs_open', false);
    expect(off).toHaveLength(2 + 2);
    expect(patches(off)).toEqual([NO_OPERATION, NO_OPERATION]);
    await apply('roomy', off);
    expect(await state()).toContainEqual(['vfs_open', false]);
    // The buffers stay.
    expect(patches(await observation.tracepointWrites('vfs_open', true))).toEqual([JUMP, JUMP]);
    expect(await observation.tracepointWrites('vfs_open', true)).toHaveLength(2 + 2);
  });

  it('keep their code while a probe is attached', async () => {
    await open('plain');
    expect(await observation.tracepointWrites('sched_switch', false)).toEqual([
      { address: expect.any(Number), bytes: '00' },
    ]);
    expect(patches(await observation.tracepointWrites('mutex_lock_wait', false))).toEqual([NO_OPERATION]);
  });

  it.each(['allocating', 'tracing'])('wait for a guest that is %s', async (variant) => {
    await open(variant);
    expect(await observation.tracepointWrites('vfs_open', true)).toBeUndefined();
  });

  it('cannot be turned on where there is no memory, or none of that name', async () => {
    await open('plain');
    await expect(observation.tracepointWrites('vfs_open', true)).rejects.toThrow('too little free memory');
    await expect(observation.tracepointWrites('vfs', true)).rejects.toThrow('The kernel has no tracepoint "vfs".');
  });

  it('are never written over code that is no site of theirs', async () => {
    await open('roomy');
    const on = await observation.tracepointWrites('vfs_open', true);
    const site = on?.find(({ bytes }) => bytes === JUMP);
    await apply('roomy', site && [{ ...site, bytes: 'cc' }]);
    await expect(observation.tracepointWrites('vfs_open', true)).rejects.toThrow(
      'is not as the kernel has it: cc1f440000',
    );
  });
});

describe('what is half done', () => {
  it.each([
    ['ahead', [1], [2, 3, 4]],
    ['handoff', [], [2, 3, 4]],
    ['woken', [1], [3, 4]],
    ['reversing', [1], [2]],
  ])('bears and tells a lock that is %s', async (variant, holders, waiters) => {
    await open(variant);
    expect(await held()).toEqual({ quality: 'torn', holders, waiters });
  });
});

describe('nonsense', () => {
  it('ends in circles', async () => {
    await open('circles');
    for (const view of ['vnodeLocks', 'mallocPools', 'timerSets'] as const) {
      expect((await observation.view(view)).quality, view).toBe('torn');
    }
  });

  it('ends in a circle of waiters', async () => {
    await open('waiters');
    expect(await held()).toMatchObject({ quality: 'torn', waiters: [2, 3, 4] });
    expect((await observation.view('threads')).quality).toBe('torn');
  });

  it.each(['random', 'noise'])('never takes %s memory for whole', async (variant) => {
    await open(variant);
    for (const view of [
      'threads',
      'vnodeLocks',
      'mallocPools',
      'timerSets',
      'waitsFor',
    ] as const satisfies ViewName[]) {
      const outcome = await observation.view(view).then(
        ({ quality, rows }) => ({ quality, isBounded: rows.length < 100 }),
        (error: Error) => error.message,
      );
      expect(outcome, view).not.toMatchObject({ quality: 'whole' });
      if (typeof outcome !== 'string') {
        expect(outcome.isBounded, view).toBe(true);
      }
    }
  });
});

describe('the check of kernel awareness', () => {
  it('finds everything in the version that the views were made for', async () => {
    const { kernel, program, needs, notes, buildId } = await observation.awarenessReport();
    expect({ kernel, program, notes }).toEqual({ kernel: 'osv', program: elf, notes: [] });
    expect(buildId).toMatch(/^[0-9a-f]{40}$/);
    expect(needs.filter(({ found, optional }) => !(found || optional))).toEqual([]);
    for (const name of [
      'sched::thread_map',
      'sched::thread',
      'lockfree::mutex.owner',
      'memory::free_page_ranges._free',
    ]) {
      expect(needs.map((need) => need.name)).toContain(name);
    }
  });
});

describe('a version that lacks some', () => {
  let other: ObservationWorker;

  beforeAll(async () => {
    const drifted = join(folder, 'drifted.elf');
    const ram = join(folder, 'drifted');
    compile(drifted, '-DDRIFTED');
    execFileSync(drifted, [ram]);
    other = ObservationWorker.start({ elf: drifted, gdb: 'gdb', cacheDirectory: join(folder, 'cache'), sourceMap: {} });
    await other.open({ kind: 'core', path: ram, regions: [{ physical: 0, size: statSync(ram).size, at: 0 }] });
  });
  afterAll(() => other.dispose());

  it('loses a column, with a sentence; a type with another name is found', async () => {
    const { rows, notes, quality } = await other.view('threads');
    expect(quality).toBe('whole');
    expect(rows.map(({ name }) => name)).toContain('runner');
    expect(notes).toContain(
      'Migrations of threads cannot be told: sched::thread has no field stat_migrations in this build.',
    );
  });

  it('loses a view, with a sentence, and no other', async () => {
    await expect(other.view('mallocPools')).rejects.toThrow(
      "Malloc pools cannot be told: The kernel's debug information has no field memory::pool._size.",
    );
    for (const view of ['vnodeLocks', 'timerSets', 'waitsFor'] as const) {
      expect((await other.view(view)).quality, view).toBe('whole');
    }
    expect(await other.identify(0x4020_0000)).toMatchObject({ kind: expect.any(String) });
  });

  it('says how to have what it was built without', async () => {
    await expect(other.allocations()).rejects.toThrow(/build it with conf_memory_tracker=1 and boot it with --leak/);
  });

  it('is told by the check: what is missing, and what goes by another name', async () => {
    const { needs, notes } = await other.awarenessReport();
    const missing = needs.filter(({ found }) => !found).map(({ name, optional = false }) => [name, optional]);
    expect(missing).toEqual([
      ['memory::pool._size', false],
      ['sched::thread.stat_migrations', true],
    ]);
    expect(needs.filter(({ as }) => as !== undefined).map(({ as }) => as)).toContain(
      'std::pair<unsigned long const, sched::thread*>',
    );
    expect(notes).toHaveLength(2);
  });
});
