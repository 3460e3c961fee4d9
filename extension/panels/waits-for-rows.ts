/** Which rows of the waits-for graph the panel shows. Pure, so that it is tested without a window. */
import type { WaitsForRow } from '../../debug-adapter/protocol.ts';
import type { Query } from '../../webviews/waits-for/messages.ts';

/** More locks cannot be told apart in one picture. */
export const MOST_LOCKS = 200;

export interface Selection {
  rows: WaitsForRow[];
  /** How many more the query lets through. */
  hidden: number;
}

/** Deadlocks first, then the longest queues; among equals by address, so that the order stays. */
export function select(rows: readonly WaitsForRow[], query: Query): Selection {
  const filter = query.filter.trim().toLowerCase();
  const wanted = rows
    .filter((row) => isInScope(row, query) && (filter === '' || mentions(row, filter)))
    .sort(
      (a, b) =>
        Number(b.cycle !== undefined) - Number(a.cycle !== undefined) ||
        b.waiters.length - a.waiters.length ||
        a.key - b.key,
    );
  return { rows: wanted.slice(0, MOST_LOCKS), hidden: Math.max(0, wanted.length - MOST_LOCKS) };
}

/** Who waits for a condition or an event waits for something to do: nobody is in the way. */
function isInScope({ kind, waiters, cycle }: WaitsForRow, { scope }: Query): boolean {
  switch (scope) {
    case 'all':
      return true;
    case 'contended':
      return cycle !== undefined || (waiters.length > 0 && kind !== 'condition' && kind !== 'event');
    case 'cycles':
      return cycle !== undefined;
  }
}

function mentions({ description, holders, waiters }: WaitsForRow, filter: string): boolean {
  return (
    description.toLowerCase().includes(filter) ||
    [...holders, ...waiters].some(({ threadName }) => threadName.toLowerCase().includes(filter))
  );
}
