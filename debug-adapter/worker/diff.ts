import type { ViewChangedEvent, ViewName, ViewRows, ViewSnapshot } from '../protocol.ts';

/**
 * Fields that follow from the clock alone. They stand in the rows and do not make a row "changed": a client that shows them
 * computes `deadline - guestTime`, and every event has the guestTime.
 */
const DERIVED: ReadonlySet<string> = new Set(['remaining']);

type Row = ViewRows[ViewName];
type Key = string | number;

/** Whether two rows say the same, but for derived fields. Rows are plain JSON, at most a few levels deep. */
export function sameRow(a: unknown, b: unknown): boolean {
  if (a === b) {
    return true;
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return false;
  }
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((value, index) => sameRow(value, b[index]));
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  let fields = 0;
  for (const name in left) {
    fields++;
    if (!DERIVED.has(name) && !sameRow(left[name], right[name])) {
      return false;
    }
  }
  for (const _ in right) {
    fields--;
  }
  return fields === 0;
}

/** What a subscriber knows of one view, and what it must be told next. */
export class ViewDiff {
  #rows = new Map<Key, Row>();
  #last: Pick<ViewSnapshot, 'quality' | 'running' | 'notes'> | undefined;

  /** The event that leads from the last snapshot to this one; undefined when there is nothing to tell but the time. */
  next(subscription: number, snapshot: ViewSnapshot): ViewChangedEvent | undefined {
    const { rows, ...head } = snapshot;
    const changed: Row[] = [];
    const now = new Map<Key, Row>();
    for (const row of rows) {
      const before = this.#rows.get(row.key);
      now.set(row.key, row);
      if (before === undefined || !sameRow(before, row)) {
        changed.push(row);
      }
    }
    const removed = [...this.#rows.keys()].filter((key) => !now.has(key));
    const order = this.#orderOf(now);
    const isFirst = this.#last === undefined;
    const headChanged = isFirst || !sameRow(this.#last, headOf(snapshot));
    this.#rows = now;
    this.#last = headOf(snapshot);
    if (!headChanged && changed.length === 0 && removed.length === 0 && !order) {
      return undefined;
    }
    const event: ViewChangedEvent = { ...head, subscription, changed, removed };
    if (order) {
      event.order = order;
    }
    return event;
  }

  /** All keys, when rows that were there moved against each other, or a new one stands before an old one. */
  #orderOf(now: Map<Key, Row>): Key[] | undefined {
    const kept = [...this.#rows.keys()].filter((key) => now.has(key));
    let index = 0;
    for (const key of now.keys()) {
      if (index < kept.length && key !== kept[index++]) {
        return [...now.keys()];
      }
    }
    return undefined;
  }
}

function headOf(snapshot: ViewSnapshot): Pick<ViewSnapshot, 'quality' | 'running' | 'notes'> {
  return { quality: snapshot.quality, running: snapshot.running, notes: snapshot.notes };
}
