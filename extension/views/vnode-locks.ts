/** The *Vnode Locks* view: one row a vnode, contended ones first, with holders and waiters below. */
import * as l10n from '@vscode/l10n';
import {
  formatAddress,
  type LockHolder,
  type LockWaiter,
  type ViewSnapshot,
  type VnodeLockRow,
} from '../../debug-adapter/protocol.ts';
import { formatBytes, formatSince } from '../../debug-adapter/units.ts';
import { escapeMarkdown, fact, factTable, formatCount, type RowTone, type ViewNode } from './node.ts';
import { modeName } from './words.ts';

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
  const deadlock = row.cycle !== undefined ? l10n.t('deadlock') : '';
  const waiting = row.waiters.length > 0 ? l10n.t('{0} waiting', formatCount(row.waiters.length)) : '';
  return [deadlock, waiting, holderSummary(row, now)].filter((part) => part !== '').join(' · ');
}

function holderSummary(row: VnodeLockRow, now: number): string {
  const [holder] = row.holders;
  if (row.mode === 'free' || !holder) {
    return modeName(row.mode);
  }
  if (row.holders.length > 1) {
    return l10n.t('shared by {0} readers', formatCount(row.holders.length));
  }
  const time = formatSince(now, holder.since);
  return holder.mode === 'exclusive'
    ? l10n.t('written by {0} for {1}', holder.threadName, time)
    : l10n.t('read by {0} for {1}', holder.threadName, time);
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
      fact(`${id}/cycle`, l10n.t('deadlock'), cycle, { icon: 'error', tone: 'error', tooltip: () => cycleText(cycle) }),
    );
  }
  for (const holder of row.holders) {
    rows.push(
      threadFact(
        `${id}/holder/${holder.thread}`,
        holder,
        l10n.t('holds {0} · {1}', formatSince(now, holder.since), modeName(holder.mode)),
        { icon: 'key' },
      ),
    );
  }
  for (const [place, waiter] of row.waiters.entries()) {
    const node = threadFact(`${id}/waiter/${waiter.thread}`, waiter, waiterText(waiter, place, now), {
      icon: 'watch',
      tone: 'warning',
    });
    rows.push(node);
  }
  const inode = [row.fileSystem, row.number, formatBytes(row.size)] as const;
  rows.push(
    fact(
      `${id}/inode`,
      typeName(row.type),
      row.references === 1
        ? l10n.t('{0} {1}, {2}, 1 reference', ...inode)
        : l10n.t('{0} {1}, {2}, {3} references', ...inode, formatCount(row.references)),
    ),
    fact(`${id}/count`, l10n.t('acquired'), acquired(row)),
  );
  return rows;
}

function waiterText(waiter: LockWaiter, place: number, now: number): string {
  const what = [formatSince(now, waiter.since), modeName(waiter.mode)] as const;
  return place === 0 ? l10n.t('waits {0} · {1} · next', ...what) : l10n.t('waits {0} · {1}', ...what);
}

function acquired({ acquisitions, contentions }: VnodeLockRow): string {
  const contended = formatCount(contentions);
  return acquisitions === 1
    ? l10n.t('1 time, {0} contended', contended)
    : l10n.t('{0} times, {1} contended', formatCount(acquisitions), contended);
}

function typeName(type: VnodeLockRow['type']): string {
  switch (type) {
    case 'regular':
      return l10n.t('regular');
    case 'directory':
      return l10n.t('directory');
    case 'other':
      return l10n.t('vnode');
  }
}

function threadFact(id: string, who: LockHolder | LockWaiter, description: string, parts: Partial<ViewNode>): ViewNode {
  const tooltip = () => `${escapeMarkdown(who.threadName)} \\#${who.thread} ${description}`;
  return fact(id, who.threadName, description, { tooltip, thread: who.thread, ...parts });
}

function cycleText(cycle: string): string {
  return `**${l10n.t('Deadlock')}**\n\n${escapeMarkdown(cycle)}`;
}

function tooltip(row: VnodeLockRow, now: number): string {
  const table = factTable(escapeMarkdown(row.path), [
    [l10n.t('lock'), escapeMarkdown(holderSummary(row, now))],
    [l10n.t('waiters'), row.waiters.map((waiter) => escapeMarkdown(waiter.threadName)).join(', ') || l10n.t('none')],
    [l10n.t('acquired'), acquired(row)],
    [l10n.t('vnode'), `\`${formatAddress(row.key)}\``],
    [l10n.t('its lock'), `\`${formatAddress(row.lock)}\``],
  ]);
  return row.cycle === undefined ? table : `${cycleText(row.cycle)}\n\n${table}`;
}
