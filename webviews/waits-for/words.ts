/** What the graph says in words: on the nodes, in the list, to a screen reader. Pure. */
import * as l10n from '@vscode/l10n';
import { formatSince } from '../../debug-adapter/units.ts';
import type { GraphEdge, GraphNode } from './graph.ts';
import type { LockRow, LockThread, ShowGraph } from './messages.ts';

/** `writer-0 holds it exclusive for 2.3 s`. */
export function holderWords({ threadName, mode, since }: LockThread, row: LockRow, now: number): string {
  if (row.kind === 'join') {
    return l10n.t('{0} is waited for', threadName);
  }
  if (since === undefined) {
    return mode === 'shared' ? l10n.t('{0} holds it shared', threadName) : l10n.t('{0} holds it exclusive', threadName);
  }
  const time = formatSince(now, since);
  return mode === 'shared'
    ? l10n.t('{0} holds it shared for {1}', threadName, time)
    : l10n.t('{0} holds it exclusive for {1}', threadName, time);
}

/** `reader-1 waits shared for 12 ms in Worker::read (worker.cc:88)`. */
export function waiterWords({ threadName, mode, since, frame }: LockThread, row: LockRow, now: number): string {
  return within(frame, waitWords(threadName, row.kind === 'readerWriterLock' ? mode : undefined, now, since));
}

function waitWords(name: string, mode: LockThread['mode'] | undefined, now: number, since: number | undefined): string {
  const time = since === undefined ? undefined : formatSince(now, since);
  switch (mode) {
    case undefined:
      return time === undefined ? l10n.t('{0} waits', name) : l10n.t('{0} waits for {1}', name, time);
    case 'shared':
      return time === undefined ? l10n.t('{0} waits shared', name) : l10n.t('{0} waits shared for {1}', name, time);
    case 'exclusive':
      return time === undefined
        ? l10n.t('{0} waits exclusive', name)
        : l10n.t('{0} waits exclusive for {1}', name, time);
  }
}

/** What is said of a thread, with where it is. */
function within(frame: string | undefined, words: string): string {
  return frame === undefined ? words : l10n.t('{0} in {1}', words, frame);
}

/** `vnode /data/a, reader-writer lock: deadlock`. */
export function lockTitle({ description, cycle }: LockRow): string {
  return cycle === undefined ? description : l10n.t('{0}: deadlock', description);
}

/** The second line of a node. */
export function nodeDetail(node: GraphNode): string {
  if (node.kind === 'lock') {
    const { kind, holders, waiters } = node.row;
    const parts = [
      holders.length > 0 && kind !== 'join' ? holderCount(holders.length) : '',
      waiters.length > 0 ? waiterCount(waiters.length) : '',
    ];
    return joined(parts);
  }
  if (node.kind === 'thread') {
    return node.frame !== undefined ? shortFrame(node.frame) : node.waits ? l10n.t('waits') : l10n.t('not waiting');
  }
  return node.role === 'waits' ? l10n.t('also wait') : l10n.t('also hold it');
}

export function nodeTitle(node: GraphNode): string {
  return node.kind === 'lock'
    ? node.row.description
    : node.kind === 'thread'
      ? node.name
      : l10n.t('{0} more threads', formatCount(node.count));
}

/** On an edge: `2.3 s`; with how it is held or wanted where that matters. */
export function edgeWords({ since, mode, role }: GraphEdge, now: number): string {
  const words = [
    role === 'holds' && mode === 'shared' ? l10n.t('shared') : '',
    since === undefined ? '' : formatSince(now, since),
  ];
  return words.filter((word) => word !== '').join(' ');
}

/** Of a node and everything at it, for who does not see the picture. */
export function nodeSentence(node: GraphNode, graph: ShowGraph): string {
  if (node.kind === 'lock') {
    const { row } = node;
    const parts = [
      ...row.holders.slice(0, 3).map((holder) => holderWords(holder, row, graph.guestTime)),
      ...row.waiters.slice(0, 3).map((waiter) => waiterWords(waiter, row, graph.guestTime)),
    ];
    const others = row.holders.length + row.waiters.length - parts.length;
    const threads = parts.join(', ');
    return others > 0
      ? l10n.t('{0}. {1}, and {2} more.', lockTitle(row), threads, formatCount(others))
      : `${lockTitle(row)}. ${threads}.`;
  }
  if (node.kind === 'thread') {
    const holds = graph.rows.filter((row) => row.holders.some(({ thread }) => thread === node.thread));
    const waits = graph.rows.filter((row) => row.waiters.some(({ thread }) => thread === node.thread));
    const parts = [
      ...holds
        .slice(0, 5)
        .map((row) => (row.kind === 'join' ? l10n.t('is joined') : l10n.t('holds {0}', row.description))),
      ...waits.map((row) => within(node.frame, l10n.t('waits for {0}', row.description))),
    ];
    const facts = parts.join(', ');
    return node.inCycle ? l10n.t('{0}, in a deadlock: {1}.', node.name, facts) : `${node.name}: ${facts}.`;
  }
  return `${nodeTitle(node)} ${nodeDetail(node)}.`;
}

/** What all of it is: `live · 12 locks and conditions · 3 with waiters · 1 deadlock`. */
export function summary({ rows, state, isTorn, session, hidden, total, query }: ShowGraph): string {
  const shown = rows.length + hidden;
  const waited = rows.filter(({ waiters }) => waiters.length > 0).length;
  const deadlocks = cyclesOf(rows).length;
  return joined([
    session,
    stateName(state),
    isTorn && state !== 'ended' ? l10n.t('torn') : '',
    shown === total
      ? l10n.t('{0} locks and conditions', formatCount(shown))
      : l10n.t('{0} of {1} locks and conditions', formatCount(shown), formatCount(total)),
    waited > 0 ? l10n.t('{0} with waiters', formatCount(waited)) : '',
    deadlocks > 0 ? deadlockCount(deadlocks) : '',
    hidden > 0 ? hiddenWords(hidden, query.filter !== '') : '',
  ]);
}

function stateName(state: ShowGraph['state']): string {
  switch (state) {
    case 'live':
      return l10n.t('live');
    case 'stopped':
      return l10n.t('stopped');
    case 'ended':
      return l10n.t('the session has ended');
  }
}

function hiddenWords(hidden: number, isFiltered: boolean): string {
  return isFiltered
    ? l10n.t('{0} not drawn: use the filter more', formatCount(hidden))
    : l10n.t('{0} not drawn: use the filter', formatCount(hidden));
}

/** Every deadlock, once. */
export function cyclesOf(rows: readonly LockRow[]): string[] {
  return [...new Set(rows.flatMap(({ cycle }) => cycle ?? []))];
}

/** Why there is nothing to see. */
export function emptyWords({ total, query }: ShowGraph): string {
  if (total === 0) {
    return l10n.t('No thread holds a lock or waits for one.');
  }
  if (query.filter !== '') {
    return l10n.t('No lock or thread has “{0}” in its name.', query.filter);
  }
  return query.scope === 'cycles'
    ? l10n.t('No threads wait for each other in a cycle.')
    : l10n.t('No thread waits for a lock.');
}

/** Without namespaces, which begin small, and the place: the list has all of it. */
function shortFrame(frame: string): string {
  return frame.replace(/^(?:(?:[a-z_]\w*|\(anonymous namespace\))::)+/, '').replace(/ \([^()]*:\d+\)$/, '');
}

/** `1,234`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

function holderCount(count: number): string {
  return count === 1 ? l10n.t('1 holder') : l10n.t('{0} holders', formatCount(count));
}

function waiterCount(count: number): string {
  return count === 1 ? l10n.t('1 waiter') : l10n.t('{0} waiters', formatCount(count));
}

function deadlockCount(count: number): string {
  return count === 1 ? l10n.t('1 deadlock') : l10n.t('{0} deadlocks', formatCount(count));
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}
