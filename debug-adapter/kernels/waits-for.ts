import type { Address } from '../guest/address.ts';
import type { LockMode, ThreadRow, WaitCycle } from './model.ts';

/** Why one thread cannot go on before another does. */
interface Edge {
  to: ThreadRow;
  /** What the other has: `/data/log`, or its place in the queue for it. */
  because: string;
}

/**
 * Every knot of threads that wait for each other, as one cycle each, the shortest.
 *
 * A thread waits for every holder of what it wants, and in a fair queue for the waiter before it: a reader for the nearest
 * writer ahead, a writer for whoever is ahead. A thread that joins another waits for it. All of them must go on first, so
 * each cycle is a deadlock. Sleeps, conditions and events end by somebody's will and are no edges.
 */
export function findCycles(threads: readonly ThreadRow[]): WaitCycle[] {
  const edges = edgesOf(threads);
  const cycles: WaitCycle[] = [];
  for (const knot of stronglyConnected(threads, edges)) {
    const cycle = shortestCycle(knot, edges);
    if (cycle.length > 0) {
      cycles.push(describe(cycle));
    }
  }
  return cycles;
}

function edgesOf(threads: readonly ThreadRow[]): Map<ThreadRow, Edge[]> {
  const byKey = new Map(threads.map((thread) => [thread.key, thread]));
  const holders = new Map<Address, { thread: ThreadRow; mode: LockMode; description: string }[]>();
  const queues = new Map<Address, ThreadRow[]>();
  for (const thread of threads) {
    for (const { lock, mode, description } of thread.holds) {
      append(holders, lock, { thread, mode, description });
    }
    const wait = thread.waitsFor;
    if (wait && (wait.kind === 'mutex' || wait.kind === 'readerWriterLock')) {
      append(queues, wait.object, thread);
    }
  }
  const edges = new Map<ThreadRow, Edge[]>();
  for (const thread of threads) {
    const joined = thread.waitsFor?.kind === 'join' ? byKey.get(thread.waitsFor.object) : undefined;
    if (joined) {
      append(edges, thread, { to: joined, because: 'is being joined' });
    }
  }
  for (const [lock, queue] of queues) {
    queue.sort((a, b) => (a.waitsFor?.since ?? 0) - (b.waitsFor?.since ?? 0));
    addQueueEdges(edges, queue, holders.get(lock) ?? []);
  }
  return edges;
}

function addQueueEdges(
  edges: Map<ThreadRow, Edge[]>,
  queue: readonly ThreadRow[],
  holders: readonly { thread: ThreadRow; mode: LockMode; description: string }[],
): void {
  let writerAhead: ThreadRow | undefined;
  let ahead: ThreadRow | undefined;
  for (const thread of queue) {
    const shared = thread.waitsFor?.mode === 'shared';
    for (const holder of holders) {
      // Two readers do not keep each other waiting.
      if (!(shared && holder.mode === 'shared')) {
        append(edges, thread, { to: holder.thread, because: `holds ${holder.description}` });
      }
    }
    const blocker = shared ? writerAhead : ahead;
    if (blocker) {
      append(edges, thread, { to: blocker, because: `is ahead in the queue for ${thread.waitsFor?.description}` });
    }
    ahead = thread;
    if (!shared) {
      writerAhead = thread;
    }
  }
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) {
    list.push(value);
  } else {
    map.set(key, [value]);
  }
}

/** Tarjan's strongly connected components with more than one thread or an edge to itself; without recursion. */
function stronglyConnected(threads: readonly ThreadRow[], edges: Map<ThreadRow, Edge[]>): ThreadRow[][] {
  const order = new Map<ThreadRow, number>();
  const low = new Map<ThreadRow, number>();
  const open = new Set<ThreadRow>();
  const stack: ThreadRow[] = [];
  const components: ThreadRow[][] = [];
  for (const root of threads) {
    if (order.has(root)) {
      continue;
    }
    const work: { thread: ThreadRow; next: number }[] = [];
    const enter = (thread: ThreadRow) => {
      low.set(thread, order.size);
      order.set(thread, order.size);
      open.add(thread);
      stack.push(thread);
      work.push({ thread, next: 0 });
    };
    enter(root);
    for (let frame = work.at(-1); frame; frame = work.at(-1)) {
      const { thread } = frame;
      const edge = edges.get(thread)?.[frame.next++];
      if (edge) {
        if (!order.has(edge.to)) {
          enter(edge.to);
        } else if (open.has(edge.to)) {
          lower(low, thread, order.get(edge.to) as number);
        }
        continue;
      }
      work.pop();
      const above = work.at(-1);
      if (above) {
        lower(low, above.thread, low.get(thread) as number);
      }
      if (low.get(thread) === order.get(thread)) {
        const component = stack.splice(stack.lastIndexOf(thread));
        for (const member of component) {
          open.delete(member);
        }
        if (component.length > 1 || edges.get(thread)?.some((candidate) => candidate.to === thread)) {
          components.push(component);
        }
      }
    }
  }
  return components;
}

function lower(low: Map<ThreadRow, number>, thread: ThreadRow, value: number): void {
  low.set(thread, Math.min(low.get(thread) ?? value, value));
}

/** The shortest way from the knot's first thread (by id) back to it, inside the knot. */
function shortestCycle(knot: ThreadRow[], edges: Map<ThreadRow, Edge[]>): { thread: ThreadRow; because: string }[] {
  const members = new Set(knot);
  const start = knot.reduce((first, thread) => (thread.id < first.id ? thread : first));
  const cameFrom = new Map<ThreadRow, { thread: ThreadRow; because: string }>();
  const queue = [start];
  for (let thread = queue.shift(); thread; thread = queue.shift()) {
    for (const edge of edges.get(thread) ?? []) {
      if (!members.has(edge.to) || cameFrom.has(edge.to)) {
        continue;
      }
      cameFrom.set(edge.to, { thread, because: edge.because });
      if (edge.to === start) {
        return backwards(start, cameFrom);
      }
      queue.push(edge.to);
    }
  }
  return [];
}

function backwards(
  start: ThreadRow,
  cameFrom: Map<ThreadRow, { thread: ThreadRow; because: string }>,
): { thread: ThreadRow; because: string }[] {
  const cycle: { thread: ThreadRow; because: string }[] = [];
  for (let step = cameFrom.get(start); step; step = cameFrom.get(step.thread)) {
    cycle.unshift(step);
    if (step.thread === start) {
      break;
    }
  }
  return cycle;
}

function describe(cycle: { thread: ThreadRow; because: string }[]): WaitCycle {
  const threads = cycle.map(({ thread, because }) => ({
    thread: thread.id,
    threadName: thread.name,
    waitsFor: thread.waitsFor?.description ?? '',
    ...(thread.waitsFor?.since !== undefined && { since: thread.waitsFor.since }),
    heldByNext: because,
  }));
  // What a thread has is what the one before it waits for.
  const parts = threads.map((entry, index) => {
    const before = threads[(index + threads.length - 1) % threads.length];
    return `${entry.threadName} ${before?.heldByNext}, waits for ${entry.waitsFor}`;
  });
  return { threads, description: parts.join('; ') };
}
