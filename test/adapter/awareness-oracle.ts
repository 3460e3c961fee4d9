import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { expect } from 'vitest';
import type { Views } from './awareness-agreement.ts';
import { type Guest, SPROUT_ELF } from './awareness-guest.ts';

/** What oracle.py prints. */
interface Oracle {
  threads: {
    key: number;
    id: number;
    name: string;
    state: string;
    cpu: number;
    switches: number;
    held: [number, string][];
    kind?: string;
    queue?: number;
  }[];
  vnodes: {
    key: number;
    number: number;
    path: string | null;
    size: number;
    fileSystem: string;
    holders: [number, string][];
    waiters: [number, string][];
    acquisitions: number;
  }[];
  /** `busy`: stopped in the middle of a change, where the counts of a pool and of its slabs may differ by one. */
  pools: { size: number; live: number; slabs: number; busy: boolean }[];
  large: [number, number, number][];
  freePages: number;
  timers: { key: number; bucket: number; deadline: number; callback: string; line: number; owner: number | null }[][];
}

/** Reads the stopped guest with gdb and holds the views to it. The guest runs afterwards: gdb lets go of it. */
export async function compareWithOracle(guest: Guest, views: Views): Promise<void> {
  const oracle = await readWithGdb(guest);
  expect(sorted(views.threads.map(threadFacts))).toEqual(sorted(oracle.threads.map(oracleThread)));
  expect(sorted(views.vnodeLocks.map(vnodeFacts))).toEqual(sorted(oracle.vnodes.map(oracleVnode)));
  const classes = views.mallocPools.filter((row) => row.kind === 'class');
  expect(classes).toHaveLength(oracle.pools.length);
  const settled = oracle.pools.filter(({ busy }) => !busy);
  expect(settled.length).toBeGreaterThan(oracle.pools.length / 2);
  for (const { size, live, slabs } of settled) {
    const row = classes.find(({ objectSize }) => objectSize === size);
    expect({ size, live: row?.liveObjects, slabs: row?.slabs }).toEqual({ size, live, slabs });
  }
  const large = views.mallocPools.filter((row) => row.kind === 'large');
  expect(large.map((row) => [row.pages, row.requested, row.thread])).toEqual(oracle.large);
  const ram = views.mallocPools.find((row) => row.kind === 'ram');
  expect(ram?.freePages).toBe(oracle.freePages);
  const free = views.mallocPools.filter((row) => row.kind === 'freeRange');
  expect(free.reduce((sum, row) => sum + row.blocks * 2 ** row.order, 0)).toBe(oracle.freePages);
  const timers = views.timerSets.map((set) =>
    [...set.timers]
      .sort((a, b) => a.key - b.key)
      .map((timer) => ({
        key: timer.key,
        bucket: timer.bucket,
        deadline: timer.deadline,
        callback: timer.callback.replace(/ \(.*$/, '').replace(/\(.*$/, ''),
        line: Number(timer.callback.match(/:(\d+)\)$/)?.[1]),
        owner: timer.owner?.thread ?? null,
      })),
  );
  expect(timers).toEqual(
    oracle.timers.map((set) => set.map((timer) => ({ ...timer, callback: timer.callback.replace(/\(.*$/, '') }))),
  );
}

function threadFacts(row: Views['threads'][number]): unknown {
  const waitsFor = row.waitsFor && { kind: row.waitsFor.kind };
  const held = row.holds.map((hold) => [hold.lock, hold.mode] as const);
  return { facts: pick(row), held: sorted(held), ...waitsFor };
}

function oracleThread(row: Oracle['threads'][number]): unknown {
  const kind = row.kind && { kind: row.kind === 'reader_writer_lock' ? 'readerWriterLock' : row.kind };
  // A thread that was taken out of its queue is about to be made ready.
  const state = row.state === 'waiting' && !row.kind ? 'ready' : row.state;
  return { facts: pick({ ...row, state }), held: sorted(row.held), ...kind };
}

function pick(row: { key: number; id: number; name: string; state: string; cpu: number; switches: number }): unknown[] {
  return [row.key, row.id, row.name, row.state, row.cpu, row.switches];
}

function vnodeFacts(row: Views['vnodeLocks'][number]): unknown {
  const holders = row.holders.map((holder) => [holder.thread, holder.mode]);
  const waiters = row.waiters.map((waiter) => [waiter.thread, waiter.mode]);
  const path = row.path.startsWith('/') ? row.path : null;
  return [row.key, row.number, path, row.size, row.fileSystem, holders, waiters, row.acquisitions];
}

function oracleVnode(row: Oracle['vnodes'][number]): unknown {
  return [row.key, row.number, row.path, row.size, row.fileSystem, row.holders, row.waiters, row.acquisitions];
}

function sorted<T>(list: readonly T[]): T[] {
  return [...list].sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}

async function readWithGdb(guest: Guest): Promise<Oracle> {
  const settings = ['set debuginfod enabled off', 'set confirm off', 'set architecture i386:x86-64'];
  // biome-ignore format: one option a line says more
  const gdb = spawn('gdb', ['-nx', '-q', '--batch', ...settings.flatMap((setting) => ['-iex', setting]), SPROUT_ELF,
    '-ex', `target remote ${guest.gdbServer}`,
    '-x', join(import.meta.dirname, 'oracle.py'),
    '-ex', 'detach'], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  const parts: string[] = [];
  const complaints: string[] = [];
  (gdb.stdio[3] as Readable).on('data', (text) => parts.push(String(text)));
  (gdb.stdio[2] as Readable).on('data', (text) => complaints.push(String(text)));
  await once(gdb, 'close');
  try {
    return JSON.parse(parts.join(''));
  } catch {
    throw new Error(`gdb's own reading failed: ${complaints.join('')}`);
  }
}
