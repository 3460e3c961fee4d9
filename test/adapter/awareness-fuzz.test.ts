/**
 * Awareness over broken memory: structures of a real Sprout, and of the fixture that stands for OSv, are bent, torn and filled with
 * nonsense. Every reading ends soon, throws nothing but what is documented, and tells nothing as whole that cannot be.
 * FUZZ_SEED and FUZZ_ROUNDS repeat a run, or make it longer.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildId } from '../../debug-adapter/elf/build-id.ts';
import type { SymbolTable } from '../../debug-adapter/elf/symbols.ts';
import { MissingLayout } from '../../debug-adapter/guest/layouts.ts';
import { UnreadableMemory } from '../../debug-adapter/guest/memory.ts';
import type { Snapshot } from '../../debug-adapter/guest/snapshot.ts';
import { EventLog } from '../../debug-adapter/history/event-log.ts';
import { latencies } from '../../debug-adapter/history/latency.ts';
import { flameTree, Profile } from '../../debug-adapter/history/profile.ts';
import { buildTimeline } from '../../debug-adapter/history/timeline.ts';
import type { Kernel, KernelViewName } from '../../debug-adapter/kernels/kernel.ts';
import { findCycles } from '../../debug-adapter/kernels/waits-for.ts';
import { waitsForRows } from '../../debug-adapter/kernels/waits-for-graph.ts';
import type { ProfileReading, TraceReading, ViewRows } from '../../debug-adapter/protocol.ts';
import { BuildFacts } from '../../debug-adapter/worker/facts.ts';
import { Window } from '../../debug-adapter/worker/window.ts';
import { LAYOUT_SCRIPT, SproutBuild } from './awareness-build.ts';
import { Guest } from './awareness-guest.ts';
import { broken, brokenSlabs } from './fuzz-invariants.ts';
import { FuzzedRam, Mutator, Random, type Target } from './fuzz-memory.ts';

const SEED = Number(process.env.FUZZ_SEED ?? 1);
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 60);
/** Of this process's CPU time, in milliseconds: a hundred times what a reading of these guests takes. */
const LONGEST_READING = 4000;
const VIEWS: readonly KernelViewName[] = ['threads', 'vnodeLocks', 'mallocPools', 'timerSets'];

/** A kernel over RAM that can be broken. */
interface Subject {
  kernel: Kernel;
  ram: FuzzedRam;
  buildId: BuildId | undefined;
  targets: Target[];
  /** Addresses to identify. */
  addresses: number[];
}

/** Everything that can be read, each by itself: its name and what it breaks. */
function* readings({ kernel, addresses }: Subject): Generator<[string, (snapshot: Snapshot) => string[]]> {
  for (const view of VIEWS) {
    yield [
      view,
      (snapshot) => {
        const { rows, consistent } = kernel.view(view, snapshot);
        return consistent ? (broken[view] as (rows: readonly ViewRows[KernelViewName][]) => string[])(rows) : [];
      },
    ];
  }
  yield [
    'waitsFor',
    (snapshot) => {
      const { rows, consistent } = kernel.view('threads', snapshot);
      const told = waitsForRows(rows, findCycles(rows));
      return consistent ? broken.waitsFor(told) : [];
    },
  ];
  yield [
    'pool pages',
    (snapshot) => {
      const { rows } = kernel.view('mallocPools', snapshot);
      const pools = rows.flatMap((row) => (row.kind === 'class' ? [row.key] : []));
      return pools.flatMap((pool) => {
        const { pages, total, consistent } = kernel.poolPages(snapshot, pool, 0, 1000);
        return consistent ? brokenSlabs(pages, total) : [];
      });
    },
  ];
  for (const address of addresses) {
    yield [
      `identify ${address}`,
      (snapshot) => (kernel.identify(snapshot, address).description === '' ? ['nothing is said'] : []),
    ];
  }
  const others: [string, (snapshot: Snapshot) => unknown][] = [
    ['allocations', (snapshot) => kernel.allocations(snapshot)],
    ['trace', (snapshot) => kernel.trace(snapshot, [], 100_000)],
    ['history', (snapshot) => tellHistory(kernel.trace(snapshot, [], 2000))],
    ['profile', (snapshot) => tellProfile(kernel.profile(snapshot, []))],
    ['boot phases', (snapshot) => kernel.bootPhases(snapshot)],
    ['page map', (snapshot) => kernel.pageMap(snapshot)],
    ['programs', (snapshot) => kernel.programs?.(snapshot)],
    ['slab', (snapshot) => kernel.slab?.(snapshot, addresses[0] ?? 0)],
    ['guest time', (snapshot) => kernel.guestTime(snapshot)],
    ['threads at a stop', (snapshot) => kernel.threadsAtStop(snapshot, [0n, 0xffff_c000_0001_0000n])],
    ['parked registers', (snapshot) => [1, 2, 5, 9].map((id) => kernel.parkedRegisters(snapshot, id))],
  ];
  for (const [name, read] of others) {
    yield [
      name,
      (snapshot) => {
        read(snapshot);
        return [];
      },
    ];
  }
}

/** What a client makes of the rings. */
function tellHistory(reading: TraceReading | undefined): void {
  if (reading) {
    const log = new EventLog();
    log.add(reading);
    latencies(log, buildTimeline(log));
  }
}

/** What a client makes of the samples. */
function tellProfile(reading: ProfileReading | undefined): void {
  if (reading) {
    const profile = new Profile();
    profile.add(reading);
    flameTree(profile);
  }
}

/** Does every reading, as the worker does, and holds each to its bounds. @returns what went wrong, and how many were whole */
function readAll(subject: Subject): { wrong: string[]; slowest: number } {
  const window = new Window(subject.ram, subject.kernel, subject.buildId);
  const wrong: string[] = [];
  let slowest = 0;
  for (const [name, read] of readings(subject)) {
    const before = process.cpuUsage();
    try {
      const { value } = window.take(false, name, (snapshot) => ({ broken: read(snapshot), consistent: true }));
      wrong.push(...value.broken.map((promise) => `${name}: ${promise}`));
    } catch (error) {
      if (!isDocumented(error)) {
        wrong.push(`${name}: ${error instanceof Error ? error.stack : error}`);
      }
    }
    const { user, system } = process.cpuUsage(before);
    const took = (user + system) / 1000;
    slowest = Math.max(slowest, took);
    if (took > LONGEST_READING) {
      wrong.push(`${name}: took ${took.toFixed(0)} ms`);
    }
  }
  return { wrong, slowest };
}

/** A root that cannot be read, a layout that is missing, or one sentence for the user: never a TypeError or a RangeError. */
function isDocumented(error: unknown): boolean {
  return (
    error instanceof UnreadableMemory ||
    error instanceof MissingLayout ||
    (error instanceof Error && error.constructor === Error && /^[A-Z][^\n]*\.$/.test(error.message))
  );
}

/** Structures of the kernel's: its own variables, and what its views name. */
function targetsOf(symbols: SymbolTable, names: RegExp, subject: Omit<Subject, 'targets' | 'addresses'>): Target[] {
  const window = new Window(subject.ram, subject.kernel, subject.buildId);
  const variables = symbols
    .largest(100_000)
    .filter(({ name, size }) => names.test(name) && size > 0 && size < 1 << 20)
    .map(({ name, address, size }) => ({ name, address, size }));
  const { value } = window.take(false, 'targets', (snapshot) => {
    const read = <V extends KernelViewName>(view: V) => subject.kernel.view(view, snapshot).rows;
    const found: Target[] = [
      ...read('threads').map(({ key, name }) => ({ name: `thread ${name}`, address: key, size: 640 })),
      ...read('threads').flatMap(({ stack }) =>
        stack ? [{ name: 'stack', address: stack.base + stack.size - 512, size: 512 }] : [],
      ),
      ...read('vnodeLocks').map(({ key, path }) => ({ name: `vnode ${path}`, address: key, size: 320 })),
      ...read('timerSets').flatMap(({ timers }) =>
        timers.map(({ key, name }) => ({ name: `timer ${name}`, address: key, size: 96 })),
      ),
    ];
    return { found, consistent: true };
  });
  // Structures that the kernel keeps in stacks and objects are many; its variables few.
  const often = Math.max(1, Math.floor(value.found.length / Math.max(1, variables.length)));
  return [...value.found, ...Array(often).fill(variables).flat()];
}

function fuzz(subject: () => Subject): void {
  it('is whole before it is broken', () => {
    const { kernel, ram, buildId, targets } = subject();
    expect(targets.length).toBeGreaterThan(20);
    const window = new Window(ram, kernel, buildId);
    for (const view of VIEWS) {
      expect(window.take(false, view, (snapshot) => kernel.view(view, snapshot)).quality, view).toBe('whole');
    }
    expect(readAll(subject()).wrong).toEqual([]);
  });

  it(`bears ${ROUNDS} rounds of nonsense in its structures (seed ${SEED})`, { timeout: 600_000 }, () => {
    const one = subject();
    let slowest = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const random = new Random(SEED * 1_000_003 + round);
      const mutator = new Mutator(one.ram, random, one.kernel, one.targets);
      const done = Array.from({ length: 1 + random.below(random.of([1, 4, 40])) }, () => mutator.mutate());
      const read = readAll(one);
      one.ram.mend();
      slowest = Math.max(slowest, read.slowest);
      expect({ round, done: done.slice(0, 10), wrong: read.wrong }).toMatchObject({ wrong: [] });
    }
    console.log(
      `${one.kernel.name}: ${ROUNDS} rounds of seed ${SEED}, the slowest reading took ${slowest.toFixed(0)} ms`,
    );
  });

  it.each(['zeros', 'ones', 'noise', 'shifted'] as const)('bears RAM full of %s', (kind) => {
    const one = subject();
    new Mutator(one.ram, new Random(SEED), one.kernel, one.targets).devastate(kind);
    // What says that this is the right build is nonsense too: the readers are asked all the same.
    const { wrong } = readAll({ ...one, buildId: undefined });
    one.ram.mend();
    expect(wrong).toEqual([]);
  });
}

describe('Sprout', () => {
  let build: SproutBuild;
  let subject: Subject;
  beforeAll(async () => {
    build = await SproutBuild.read();
    const commandLine = '--track-allocations workload threads=12 vnodes=24 objects=400 load=90';
    const guest = await Guest.boot(commandLine, { cpus: 2, megabytes: 64 });
    try {
      const bytes = await wholeRam(guest, build);
      const base = { kernel: build.kernel, ram: new FuzzedRam(bytes), buildId: build.facts.buildId };
      const targets = targetsOf(build.facts.symbols, /^(_ZN6sprout|sprout::).*g_[a-z_]+/, base);
      const addresses = [targets[0]?.address ?? 0, ...someAddresses(targets), -0x8000_0000_0000 + 0x200_0000, 0x1234];
      subject = { ...base, targets, addresses };
    } finally {
      await guest.dispose();
    }
  });
  afterAll(() => build.dispose());
  fuzz(() => subject);
});

/** RAM of a moment at which every view is whole. */
async function wholeRam(guest: Guest, build: SproutBuild): Promise<Buffer> {
  for (;;) {
    await guest.stop();
    const window = build.window(guest.ram);
    const isWhole = VIEWS.every(
      (view) => window.take(false, view, (snapshot) => build.kernel.view(view, snapshot)).quality === 'whole',
    );
    window.close();
    if (isWhole && guest.ram.kind === 'file') {
      return readFileSync(guest.ram.path);
    }
    await guest.resume();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Of different kinds of structures. */
function someAddresses(targets: readonly Target[]): number[] {
  const kinds = new Map(targets.map((target) => [target.name.replace(/ .*/, ''), target.address]));
  return [...kinds.values()].slice(0, 8);
}

describe('OSv', () => {
  let folder: string;
  let facts: BuildFacts;
  let subject: Subject;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'osv-fuzz-'));
    const elf = join(folder, 'osv.elf');
    const flags = ['-std=c++20', '-g', '-O0', '-static', '-no-pie', '-Wl,--build-id,-Ttext-segment=0x40200000'];
    execFileSync('g++', [...flags, join(import.meta.dirname, 'fixtures/osv/osv.cc'), '-o', elf]);
    const file = join(folder, 'plain');
    execFileSync(elf, [file, 'plain']);
    facts = new BuildFacts({
      options: { elf, gdb: 'gdb', cacheDirectory: join(folder, 'cache') },
      layoutScript: LAYOUT_SCRIPT,
    });
    const kernel = await facts.kernel();
    if (!kernel) {
      throw new Error('The fixture is not known as OSv.');
    }
    const base = { kernel, ram: new FuzzedRam(readFileSync(file)), buildId: facts.buildId };
    const isInRam = ({ address }: Target): boolean => {
      try {
        return new Window(base.ram, kernel, undefined).take(false, 'x', (snapshot) => ({
          there: snapshot.read(address, 8).length === 8,
          consistent: true,
        })).value.there;
      } catch {
        return false;
      }
    };
    const targets = targetsOf(
      facts.symbols,
      /sched|memory|mempool|vnode|timer|async|callout|page|pool|thread/,
      base,
    ).filter(isInRam);
    subject = { ...base, targets, addresses: [...someAddresses(targets), 0x1234, 0x4020_1000] };
  });
  afterAll(() => {
    facts?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  fuzz(() => subject);
});
