/** Keeps subscribed views whole by applying the deltas that the adapter sends. */
import type { ViewChangedEvent, ViewName, ViewSnapshot } from '../protocol.ts';

type AnyRow = ViewChangedEvent['changed'][number];

interface LiveView {
  header: Omit<ViewSnapshot, 'rows'>;
  rows: Map<string | number, AnyRow>;
}

export class LiveViews {
  readonly #views = new Map<ViewName, LiveView>();

  /** Applies one delta; see ViewChangedEvent for the order of its parts. */
  apply(event: ViewChangedEvent): void {
    const { changed, removed, order, subscription: _, ...header } = event;
    const rows = this.#views.get(event.view)?.rows ?? new Map<string | number, AnyRow>();
    for (const key of removed) {
      rows.delete(key);
    }
    for (const row of changed) {
      rows.set(row.key, row);
    }
    this.#views.set(event.view, {
      header,
      rows: order ? reorder(rows, order) : rows,
    });
  }

  /** The views as they are now, in the order in which they first came. */
  snapshots(): ViewSnapshot[] {
    return [...this.#views.values()].map(({ header, rows }) => ({
      ...header,
      rows: [...rows.values()],
    }));
  }
}

function reorder(rows: Map<string | number, AnyRow>, order: (string | number)[]): Map<string | number, AnyRow> {
  const ordered = new Map<string | number, AnyRow>();
  for (const key of order) {
    const row = rows.get(key);
    if (row !== undefined) {
      ordered.set(key, row);
    }
  }
  return ordered;
}
