/** The graph as it is drawn: threads and locks as nodes, waiting and holding as edges. */
import type { LockRow, LockThread } from './messages.ts';

/** More waiters or holders of one lock are drawn as one node that counts them. */
const MOST_DRAWN = 12;

interface AnyNode {
  /** The same at every refresh. */
  key: string;
  inCycle: boolean;
}

export interface ThreadNode extends AnyNode {
  kind: 'thread';
  thread: number;
  name: string;
  /** Where it waits. */
  frame: string | undefined;
  /** For something in the graph. */
  waits: boolean;
}

export interface LockNode extends AnyNode {
  kind: 'lock';
  row: LockRow;
}

/** Threads that are not drawn one by one. */
export interface CrowdNode extends AnyNode {
  kind: 'crowd';
  count: number;
  role: 'waits' | 'holds';
}

export type GraphNode = ThreadNode | LockNode | CrowdNode;

/** From who waits to what is waited for, and from what is held to who holds it: along the arrows is who must go on first. */
export interface GraphEdge {
  key: string;
  from: string;
  to: string;
  role: 'waits' | 'holds';
  /** Of a crowd undefined. */
  mode: LockThread['mode'] | undefined;
  since: number | undefined;
  inCycle: boolean;
}

export interface Graph {
  nodes: ReadonlyMap<string, GraphNode>;
  edges: readonly GraphEdge[];
}

export function threadKey(thread: number): string {
  return `thread/${thread}`;
}

export function lockKey(lock: number): string {
  return `lock/${lock}`;
}

export function graphOf(rows: readonly LockRow[]): Graph {
  const nodes = new Map<string, GraphNode>();
  const edges: GraphEdge[] = [];
  for (const row of rows) {
    nodes.set(lockKey(row.key), { kind: 'lock', key: lockKey(row.key), row, inCycle: row.cycle !== undefined });
    addThreads(nodes, edges, row, 'holds');
    addThreads(nodes, edges, row, 'waits');
  }
  return { nodes, edges };
}

function addThreads(nodes: Map<string, GraphNode>, edges: GraphEdge[], row: LockRow, role: 'waits' | 'holds'): void {
  const lock = lockKey(row.key);
  const threads = role === 'waits' ? row.waiters : row.holders;
  const drawn = shown(threads);
  for (const entry of drawn) {
    const key = threadKey(entry.thread);
    const known = nodes.get(key);
    const inCycle = entry.inCycle === true;
    nodes.set(key, {
      kind: 'thread',
      key,
      thread: entry.thread,
      name: entry.threadName,
      frame: entry.frame,
      waits: role === 'waits' || (known?.kind === 'thread' && known.waits),
      inCycle: inCycle || known?.inCycle === true,
    });
    edges.push({ ...ends(role, lock, key), role, mode: entry.mode, since: entry.since, inCycle });
  }
  const count = threads.length - drawn.length;
  if (count > 0) {
    const key = `crowd/${role}/${row.key}`;
    nodes.set(key, { kind: 'crowd', key, count, role, inCycle: false });
    edges.push({ ...ends(role, lock, key), role, mode: undefined, since: undefined, inCycle: false });
  }
}

/** The first ones, and whoever is part of a deadlock. One more than the bound needs no crowd of one. */
function shown(threads: readonly LockThread[]): readonly LockThread[] {
  return threads.length <= MOST_DRAWN + 1
    ? threads
    : threads.filter((thread, index) => index < MOST_DRAWN || thread.inCycle);
}

function ends(role: 'waits' | 'holds', lock: string, thread: string): Pick<GraphEdge, 'key' | 'from' | 'to'> {
  const [from, to] = role === 'waits' ? [thread, lock] : [lock, thread];
  return { key: `${role} ${from} ${to}`, from, to };
}

/** The nodes at the other ends of a node's edges. */
export function neighboursOf({ edges }: Graph, key: string): string[] {
  return edges.flatMap(({ from, to }) => (from === key ? [to] : to === key ? [from] : []));
}
