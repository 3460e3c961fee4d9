/** What the graph says in words: on the nodes, in the list, to a screen reader. */
import { formatSince } from '../../debug-adapter/units.ts';
import type { GraphEdge, GraphNode } from './graph.ts';
import type { LockRow, LockThread, ShowGraph } from './messages.ts';

/** `writer-0 holds it exclusive for 2.3 s`. */
export function holderWords({ threadName, mode, since }: LockThread, row: LockRow, now: number): string {
  if (row.kind === 'join') {
    return `${threadName} is waited for`;
  }
  return `${threadName} holds it ${mode}${lasting(now, since)}`;
}

/** `reader-1 waits shared for 12 ms in Worker::read (worker.cc:88)`. */
export function waiterWords({ threadName, mode, since, frame }: LockThread, row: LockRow, now: number): string {
  const how = row.kind === 'readerWriterLock' ? ` ${mode}` : '';
  return `${threadName} waits${how}${lasting(now, since)}${frame === undefined ? '' : ` in ${frame}`}`;
}

/** `vnode /data/a, reader-writer lock: deadlock`. */
export function lockTitle({ description, cycle }: LockRow): string {
  return cycle === undefined ? description : `${description}: deadlock`;
}

/** The second line of a node. */
export function nodeDetail(node: GraphNode): string {
  if (node.kind === 'lock') {
    const { kind, holders, waiters } = node.row;
    const parts = [
      holders.length > 0 && kind !== 'join' ? counted(holders.length, 'holder') : '',
      waiters.length > 0 ? counted(waiters.length, 'waiter') : '',
    ];
    return joined(parts);
  }
  if (node.kind === 'thread') {
    return node.frame === undefined ? (node.waits ? 'waits' : 'not waiting') : shortFrame(node.frame);
  }
  return node.role === 'waits' ? 'also wait' : 'also hold it';
}

export function nodeTitle(node: GraphNode): string {
  return node.kind === 'lock'
    ? node.row.description
    : node.kind === 'thread'
      ? node.name
      : `${count(node.count)} more threads`;
}

/** On an edge: `2.3 s`; with how it is held or wanted where that matters. */
export function edgeWords({ since, mode, role }: GraphEdge, now: number): string {
  const words = [
    role === 'holds' && mode === 'shared' ? 'shared' : '',
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
    return `${lockTitle(row)}. ${parts.join(', ')}${others > 0 ? `, and ${count(others)} more` : ''}.`;
  }
  if (node.kind === 'thread') {
    const holds = graph.rows.filter((row) => row.holders.some(({ thread }) => thread === node.thread));
    const waits = graph.rows.filter((row) => row.waiters.some(({ thread }) => thread === node.thread));
    const parts = [
      ...holds.slice(0, 5).map((row) => (row.kind === 'join' ? 'is joined' : `holds ${row.description}`)),
      ...waits.map((row) => `waits for ${row.description}${node.frame === undefined ? '' : ` in ${node.frame}`}`),
    ];
    return `${node.name}${node.inCycle ? ', in a deadlock' : ''}: ${parts.join(', ')}.`;
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
    state === 'ended' ? 'the session has ended' : state,
    isTorn && state !== 'ended' ? 'torn' : '',
    `${count(shown)}${shown === total ? '' : ` of ${count(total)}`} locks and conditions`,
    waited > 0 ? `${count(waited)} with waiters` : '',
    deadlocks > 0 ? counted(deadlocks, 'deadlock') : '',
    hidden > 0 ? `${count(hidden)} not drawn: use the filter${query.filter === '' ? '' : ' more'}` : '',
  ]);
}

/** Every deadlock, once. */
export function cyclesOf(rows: readonly LockRow[]): string[] {
  return [...new Set(rows.flatMap(({ cycle }) => cycle ?? []))];
}

/** Why there is nothing to see. */
export function emptyWords({ total, query }: ShowGraph): string {
  if (total === 0) {
    return 'No thread holds a lock or waits for one.';
  }
  if (query.filter !== '') {
    return `No lock or thread has “${query.filter}” in its name.`;
  }
  return query.scope === 'cycles' ? 'No threads wait for each other in a cycle.' : 'No thread waits for a lock.';
}

function lasting(now: number, since: number | undefined): string {
  return since === undefined ? '' : ` for ${formatSince(now, since)}`;
}

/** Without namespaces, which begin small, and the place: the list has all of it. */
function shortFrame(frame: string): string {
  return frame.replace(/^(?:(?:[a-z_]\w*|\(anonymous namespace\))::)+/, '').replace(/ \([^()]*:\d+\)$/, '');
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}

function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}
