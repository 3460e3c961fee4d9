import type { Address } from '../guest/address.ts';
import type { LockKind, LockMode, ThreadRow, WaitCycle, WaitsForRow, WaitsForThread } from './model.ts';

/**
 * The waits-for graph, from the threads alone: everything that a thread holds or waits for, with its holders and its waiters, the
 * longest queue first. A sleep waits for nobody and is left out.
 */
export function waitsForRows(threads: readonly ThreadRow[], cycles: readonly WaitCycle[]): WaitsForRow[] {
  const rows = new Map<Address, WaitsForRow>();
  const row = (key: Address, kind: LockKind, description: string): WaitsForRow => {
    const known = rows.get(key) ?? { key, kind, description, holders: [], waiters: [] };
    rows.set(key, known);
    return known;
  };
  const byKey = new Map(threads.map((thread) => [thread.key, thread]));
  for (const thread of threads) {
    for (const { lock, kind, description, mode, since } of thread.holds) {
      row(lock, kind, description).holders.push(entry(thread, mode, since));
    }
  }
  for (const thread of threads) {
    const wait = thread.waitsFor;
    if (wait && wait.kind !== 'sleep') {
      const waited = row(wait.object, wait.kind, wait.description);
      waited.waiters.push(entry(thread, wait.mode, wait.since));
      const joined = wait.kind === 'join' ? byKey.get(wait.object) : undefined;
      if (joined && waited.holders.length === 0) {
        waited.holders.push(entry(joined, 'exclusive', wait.since));
      }
    }
  }
  markCycles(rows, threads, cycles);
  return [...rows.values()].map(inWakeOrder).sort((a, b) => b.waiters.length - a.waiters.length || a.key - b.key);
}

function entry({ id, name, frame }: ThreadRow, mode: LockMode, since: number | undefined): WaitsForThread {
  return {
    thread: id,
    threadName: name,
    mode,
    ...(since !== undefined && { since }),
    ...(frame !== undefined && { frame }),
  };
}

/** Queues are first come, first served. */
function inWakeOrder(row: WaitsForRow): WaitsForRow {
  row.waiters.sort((a, b) => (a.since ?? 0) - (b.since ?? 0));
  return row;
}

function markCycles(
  rows: ReadonlyMap<Address, WaitsForRow>,
  threads: readonly ThreadRow[],
  cycles: readonly WaitCycle[],
): void {
  const byId = new Map(threads.map((thread) => [thread.id, thread]));
  for (const cycle of cycles) {
    for (const [index, { thread }] of cycle.threads.entries()) {
      const row = rows.get(byId.get(thread)?.waitsFor?.object ?? 0);
      if (row) {
        row.cycle = cycle.description;
        const next = cycle.threads[(index + 1) % cycle.threads.length]?.thread;
        mark(row.waiters, thread);
        mark(row.holders, next);
      }
    }
  }
}

function mark(entries: readonly WaitsForThread[], thread: number | undefined): void {
  const found = entries.find((candidate) => candidate.thread === thread);
  if (found) {
    found.inCycle = true;
  }
}
