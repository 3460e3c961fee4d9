/** The *Vnode Locks* view: one row a vnode, contended ones first, with holders and waiters below. */
import {
  formatAddress,
  type LockHolder,
  type LockWaiter,
  type ViewSnapshot,
  type VnodeLockRow,
} from '../../debug-adapter/protocol.ts';
import { formatBytes, formatSince } from '../../debug-adapter/units.ts';
import { counted, escapeMarkdown, fact, factTable, formatCount, type RowTone, type ViewNode } from './node.ts';

export function vnodeLockNodes(snapshot: ViewSnapshot<'vnodeLocks'>): ViewNode[] {
  return [...snapshot.rows].sort(byContention).map((row) => vnodeLockNode(row, snapshot.guestTime));
}

/** Deadlocks, then the longest queues, then what is held, then what is free; the kernel's order among equals. */
function byContention(left: VnodeLockRow, right: VnodeLockRow): number {
  return (
    Number(right.cycle !== undefined) - Number(left.cycle !== undefined) ||
    right.waiters.length - left.waiters.length ||
    heldness(right) - heldness(left)
  );
}

function heldness(row: VnodeLockRow): number {
  return { free: 0, shared: 1, exclusive: 2 }[row.mode];
}

function vnodeLockNode(row: VnodeLockRow, now: number): ViewNode {
  return {
    id: `vnode/${row.key}`,
    label: row.path,
    description: describe(row, now),
    tooltip: () => tooltip(row, now),
    ...lockIcon(row),
    address: row.key,
    children: () => details(row, now),
  };
}

function describe(row: VnodeLockRow, now: number): string {
  const deadlock = row.cycle !== undefined ? 'deadlock' : '';
  const waiting = row.waiters.length > 0 ? `${formatCount(row.waiters.length)} waiting` : '';
  return [deadlock, waiting, holderSummary(row, now)].filter((part) => part !== '').join(' · ');
}

function holderSummary(row: VnodeLockRow, now: number): string {
  const [holder] = row.holders;
  if (row.mode === 'free' || !holder) {
    return row.mode;
  }
  if (row.holders.length > 1) {
    return `shared by ${counted(row.holders.length, 'reader')}`;
  }
  const verb = holder.mode === 'exclusive' ? 'written' : 'read';
  return `${verb} by ${holder.threadName} for ${formatSince(now, holder.since)}`;
}

function lockIcon(row: VnodeLockRow): { icon: string; tone?: RowTone } {
  if (row.cycle !== undefined) {
    return { icon: 'error', tone: 'error' };
  }
  if (row.waiters.length > 0) {
    return { icon: 'lock', tone: 'warning' };
  }
  if (row.mode === 'free') {
    return { icon: row.type === 'directory' ? 'folder' : 'file', tone: 'quiet' };
  }
  return { icon: row.mode === 'exclusive' ? 'lock' : 'book' };
}

function details(row: VnodeLockRow, now: number): ViewNode[] {
  const id = `vnode/${row.key}`;
  const rows: ViewNode[] = [];
  if (row.cycle !== undefined) {
    const cycle = row.cycle;
    rows.push(
      fact(`${id}/cycle`, 'deadlock', cycle, { icon: 'error', tone: 'error', tooltip: () => cycleText(cycle) }),
    );
  }
  for (const holder of row.holders) {
    rows.push(threadFact(`${id}/holder/${holder.thread}`, holder, 'holds', now, { icon: 'key' }));
  }
  for (const [place, waiter] of row.waiters.entries()) {
    const node = threadFact(`${id}/waiter/${waiter.thread}`, waiter, 'waits', now, { icon: 'watch', tone: 'warning' });
    rows.push(place === 0 ? { ...node, description: `${node.description} · next` } : node);
  }
  const inode = `${row.fileSystem} ${row.number}, ${formatBytes(row.size)}, ${counted(row.references, 'reference')}`;
  rows.push(
    fact(`${id}/inode`, row.type === 'other' ? 'vnode' : row.type, inode),
    fact(`${id}/count`, 'acquired', `${counted(row.acquisitions, 'time')}, ${formatCount(row.contentions)} contended`),
  );
  return rows;
}

function threadFact(
  id: string,
  who: LockHolder | LockWaiter,
  verb: string,
  now: number,
  parts: Partial<ViewNode>,
): ViewNode {
  const description = `${verb} ${formatSince(now, who.since)} · ${who.mode}`;
  const tooltip = () => `${escapeMarkdown(who.threadName)} \\#${who.thread} ${description}`;
  return fact(id, who.threadName, description, { tooltip, thread: who.thread, ...parts });
}

function cycleText(cycle: string): string {
  return `**Deadlock**\n\n${escapeMarkdown(cycle)}`;
}

function tooltip(row: VnodeLockRow, now: number): string {
  const table = factTable(escapeMarkdown(row.path), [
    ['lock', escapeMarkdown(holderSummary(row, now))],
    ['waiters', row.waiters.map((waiter) => escapeMarkdown(waiter.threadName)).join(', ') || 'none'],
    ['acquired', `${formatCount(row.acquisitions)}, ${formatCount(row.contentions)} contended`],
    ['vnode', `\`${formatAddress(row.key)}\``],
    ['its lock', `\`${formatAddress(row.lock)}\``],
  ]);
  return row.cycle === undefined ? table : `${cycleText(row.cycle)}\n\n${table}`;
}
