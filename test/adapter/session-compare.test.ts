/** Two moments of a guest compared: with each other's views as the truth, as cores and live, with a session and without. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type {
  PoolClassRow,
  PoolPageRow,
  SnapshotComparison,
  ViewName,
  ViewRows,
} from '../../debug-adapter/protocol.ts';
import { ROOT, Session, SPROUT_ELF, Traces } from './client.ts';

const COMPARE = join(inject('folder'), 'bundle/compare.cjs');
/** One CPU: no object is on its way from one CPU to another. */
const LEAKING = { memory: '64M', cpus: 1, commandLine: '--track-allocations workload leak load=50 threads=8' };

/** What the views of one moment say. */
interface Truth {
  rows: { [V in ViewName]: ViewRows[V][] };
  /** Addresses of live objects, by class. */
  objects: Map<string, Set<number>>;
}

let folder: string;
let early: string;
let late: string;
let before: Truth;
let after: Truth;
/** As the session said when its guest stood at the second moment. */
let live: SnapshotComparison;

beforeAll(async () => {
  folder = mkdtempSync(join(inject('folder'), 'compare-'));
  [early, late] = [join(folder, 'early.core'), join(folder, 'late.core')];
  const session = Session.start();
  await session.launch(LEAKING);
  await session.breakAt({ name: 'sprout::workload::Workload::start_worker', hitCondition: '4' });
  await session.request('configurationDone');
  const { threadId } = await session.stopped();
  before = await truthOf(session);
  await session.custom('unikernel/saveSnapshot', { file: early });
  await session.breakAt({ name: 'sprout::workload::Worker::write_shared_file', hitCondition: '60' });
  await session.run('continue', threadId);
  after = await truthOf(session);
  await session.custom('unikernel/saveSnapshot', { file: late });
  live = await session.custom('unikernel/compareSnapshots', { before: early });
  await session.end();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function truthOf(session: Session): Promise<Truth> {
  const rows: Partial<Record<ViewName, unknown>> = {};
  for (const view of ['threads', 'vnodeLocks', 'mallocPools', 'timerSets', 'waitsFor'] as const) {
    const snapshot = await session.custom('unikernel/view', { view });
    expect(snapshot.quality, view).toBe('whole');
    rows[view] = snapshot.rows;
  }
  const objects = new Map<string, Set<number>>();
  for (const { key, objectSize } of classes(rows as Truth['rows'])) {
    const { pages, total } = await session.custom('unikernel/poolPages', { pool: key, start: 0, count: 1000 });
    expect(pages.length).toBe(total);
    objects.set(key, new Set(pages.flatMap((page) => liveObjects(page, objectSize))));
  }
  return { rows: rows as Truth['rows'], objects };
}

function classes({ mallocPools }: Truth['rows']): PoolClassRow[] {
  return mallocPools.filter((row): row is PoolClassRow => row.kind === 'class');
}

function liveObjects({ address, capacity, liveMap }: PoolPageRow, size: number): number[] {
  const bits = [...Buffer.from(liveMap, 'base64')].map((byte) =>
    [...byte.toString(2).padStart(8, '0')].reverse().join(''),
  );
  return [...bits.join('').slice(0, capacity)].flatMap((bit, index) => (bit === '1' ? [address + index * size] : []));
}

function without(all: Set<number>, others: Set<number>): Set<number> {
  return new Set([...all].filter((one) => !others.has(one)));
}

/** With an adapter that has no guest. */
async function compared(older: string, newer: string, more: object = {}): Promise<SnapshotComparison> {
  const session = Session.start();
  await session.initialize();
  try {
    return await session.custom('unikernel/compareSnapshots', {
      before: older,
      after: newer,
      kernel: SPROUT_ELF,
      ...more,
    });
  } finally {
    await session.end();
  }
}

describe('from the fourth worker’s start to the 60th write of a file', () => {
  test('two cores say what a core and the live guest say', async () => {
    const { before: first, after: second, ...rest } = await compared(early, late);
    expect([first.name, second.name]).toEqual(['early.core', 'late.core']);
    expect({ ...rest, before: first, after: { ...second, name: 'the guest now' } }).toEqual(live);
    expect(live.notes).toEqual([]);
    expect([first.isWhole, second.isWhole]).toEqual([true, true]);
  });

  test('pools: every class that changed, with objects, bytes and pages of the views', () => {
    const wanted = classes(after.rows).flatMap((now) => {
      const old = classes(before.rows).find(({ key }) => key === now.key);
      const pages = (row: PoolClassRow | undefined): number => (row ? row.slabs * row.pagesPerSlab : 0);
      const made = now.allocations - (old?.allocations ?? 0);
      return made === 0
        ? []
        : [
            {
              key: now.key,
              objectSize: now.objectSize,
              liveObjects: { before: old?.liveObjects ?? 0, after: now.liveObjects },
              bytes: { before: (old?.liveObjects ?? 0) * now.objectSize, after: now.liveObjects * now.objectSize },
              pages: { before: pages(old), after: pages(now) },
              allocations: made,
              frees: now.frees - (old?.frees ?? 0),
            },
          ];
    });
    const told = live.pools.map(({ appeared: _, disappeared: __, newObjects: ___, ...pool }) => pool);
    expect(told.toSorted((a, b) => a.objectSize - b.objectSize)).toEqual(wanted);
    expect(wanted.length).toBeGreaterThan(3);
    const growth = told.map(({ bytes }) => bytes.after - bytes.before);
    expect(growth).toEqual(growth.toSorted((a, b) => b - a));
  });

  test('objects: those that appeared and went, and what some of them are', () => {
    for (const { key, appeared, disappeared, newObjects, liveObjects: count } of live.pools) {
      const old = before.objects.get(key) ?? new Set();
      const now = after.objects.get(key) ?? new Set();
      const born = without(now, old);
      expect([appeared, disappeared], key).toEqual([born.size, without(old, now).size]);
      expect(appeared - disappeared, key).toBe(count.after - count.before);
      expect(newObjects.length, key).toBe(Math.min(8, born.size));
      for (const { address, description } of newObjects) {
        expect(born.has(address)).toBe(true);
        expect(description).toMatch(/^object \d+ of the \d+-byte class, live/);
      }
    }
    const told = live.pools.flatMap(({ newObjects }) => newObjects.map(({ description = '' }) => description));
    expect(told.filter((text) => /; allocated by \S+ in .+\.cc:\d+/.test(text)).length).toBeGreaterThan(5);
  });

  test('RAM: pages by kind, in sum as many as before', () => {
    const ofRam = ({ rows }: Truth) => rows.mallocPools.find((row) => row.kind === 'ram')?.byKind;
    const told = (moment: 'before' | 'after') =>
      Object.fromEntries(live.ram.map(({ kind, pages }) => [kind, pages[moment]]).filter(([, pages]) => pages !== 0));
    expect([told('before'), told('after')]).toEqual([ofRam(before), ofRam(after)]);
    expect(live.ram.reduce((sum, { pages }) => sum + pages.after - pages.before, 0)).toBe(0);
  });

  test('threads: the other workers are new; the rest where they stand, and what they ran', () => {
    const old = new Map(before.rows.threads.map((row) => [row.id, row]));
    for (const row of after.rows.threads) {
      const told = live.threads.find(({ id }) => id === row.id);
      const ran = row.cpuTime - (old.get(row.id)?.cpuTime ?? 0);
      if (!told) {
        expect(ran, row.name).toBe(0);
        continue;
      }
      expect(told).toMatchObject({ change: old.has(row.id) ? 'changed' : 'new', name: row.name, cpuTime: ran });
      expect(told.after?.state).toBe(row.state);
      expect(told.after?.waitsFor).toBe(row.waitsFor?.description);
    }
    const fresh = live.threads.filter(({ change }) => change === 'new').map(({ name }) => name);
    expect(fresh.filter((name) => /^(writer|reader|allocator|timer|renamer)-\d$/.test(name)).length).toBeGreaterThan(3);
  });

  test('vnodes and timers', () => {
    const old = new Map(before.rows.vnodeLocks.map((row) => [row.key, row]));
    const contended = live.vnodes.filter(({ change }) => change === 'changed');
    for (const { key, acquisitions, size } of contended) {
      const now = after.rows.vnodeLocks.find((row) => row.key === key);
      expect(acquisitions).toBe((now?.acquisitions ?? 0) - (old.get(key)?.acquisitions ?? 0));
      expect(size).toEqual({ before: old.get(key)?.size, after: now?.size });
    }
    expect(live.vnodes.some(({ acquisitions, path }) => acquisitions > 0 && path.startsWith('/data/'))).toBe(true);
    const [set] = after.rows.timerSets;
    expect(live.timerSets).toMatchObject([
      { cpu: 0, fired: (set?.fired ?? 0) - (before.rows.timerSets[0]?.fired ?? 0), armed: { after: set?.armed } },
    ]);
    expect(live.timers.filter(({ change }) => change === 'new').length).toBeGreaterThan(0);
  });

  test('allocations: what leaks grows most', () => {
    const leak = live.allocations?.find(({ callers }) => callers.join().includes('leak'));
    expect(leak?.count.after).toBeGreaterThan(leak?.count.before ?? 0);
    const growth = live.allocations?.map(({ requested }) => requested.after - requested.before) ?? [];
    expect(growth).toEqual(growth.toSorted((a, b) => b - a));
  });
});

test('a moment and itself: nothing', async () => {
  const same = await compared(late, late);
  const { before: _, after: __, ram, ...changes } = same;
  expect(Object.values(changes).flat()).toEqual([]);
  expect(ram.every(({ pages }) => pages.before === pages.after)).toBe(true);
});

test('the wrong way round: what is new is gone, and a note says so', async () => {
  const back = await compared(late, early);
  expect(back.notes).toEqual(['early.core is of an earlier moment than late.core, or of another boot.']);
  expect(back.threads.filter(({ change }) => change === 'gone').length).toBe(
    live.threads.filter(({ change }) => change === 'new').length,
  );
});

test('what cannot be compared is told in one sentence', async () => {
  for (const [given, sentence] of [
    [{ before: join(folder, 'nowhere') }, /^The memory dump \S+nowhere cannot be read: ENOENT\.$/],
    [{ before: '' }, '"before" must name a snapshot.'],
    [{ after: SPROUT_ELF }, /is an ELF file but no memory dump/],
    [{ after: undefined }, 'No guest has been started.'],
    [{ kernel: '/bin/true' }, /is a dump of another kernel or build than \/bin\/true/],
    [{ kernel: undefined, cwd: folder }, /^No kernel that is known stands in/],
    [{ gdb: '/nowhere/gdb' }, /\/nowhere\/gdb/],
  ] as const) {
    const answer = await compared(early, late, given).catch((error: Error) => error.message);
    expect([given, answer]).toEqual([given, expect.stringMatching(sentence)]);
  }
});

test('a session that ends takes its comparison along', async () => {
  const session = Session.start();
  await session.initialize();
  const answer = session.custom('unikernel/compareSnapshots', { before: early, after: late, kernel: SPROUT_ELF });
  answer.catch(() => undefined);
  await session.end();
});

describe('in the terminal', () => {
  const run = async (...parameters: string[]) => {
    const traces = new Traces();
    const ended = await promisify(execFile)(process.execPath, [COMPARE, ...parameters], {
      env: traces.environment(),
      cwd: ROOT,
    }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
    await traces.untilNothingIsLeft();
    return ended;
  };

  test('the same, as tables and as JSON', async () => {
    const { stdout, stderr } = await run(early, late, `--kernel=${SPROUT_ELF}`);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^What changed from early\.core to late\.core \([\d.]+ m?s later\)$/m);
    for (const title of [
      'In all',
      'Pages of RAM',
      'Malloc pools',
      'Threads',
      'Vnodes',
      'Live allocations by their callers',
    ]) {
      expect(stdout).toContain(`\n${title}\n`);
    }
    expect(stdout).toMatch(/^ {2}new +\d+ +writer-\d/m);
    const { stdout: json } = await run(early, late, `--kernel=${SPROUT_ELF}`, '--json');
    const told: SnapshotComparison = JSON.parse(json);
    expect({ ...told, after: { ...told.after, name: 'the guest now' } }).toEqual(live);
  });

  test('a wrong command line and a wrong file: a sentence, and exit code 2', async () => {
    expect(await run(early)).toMatchObject({ code: 2, stderr: 'Tell two snapshots; --help tells the rest.\n' });
    expect(await run(early, late, '--rows=0')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--rows takes'),
    });
    const wrong = await run(early, SPROUT_ELF, `--kernel=${SPROUT_ELF}`);
    expect(wrong).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^\S+ is an ELF file but no memory dump[^\n]*\.\n$/),
    });
    expect((await run('--help')).stdout).toMatch(/^usage: unikernel-workbench compare/);
  });
});
