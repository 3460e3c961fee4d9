/**
 * A view as its subscription tells it: the first event brings every row, later ones what changed.
 * Pure: knows neither VS Code nor the session.
 */
import type { ViewChangedEvent, ViewName, ViewRows, ViewSnapshot } from '../../debug-adapter/protocol.ts';

type Key = string | number;

export class ViewStore<V extends ViewName> {
  #rows = new Map<Key, ViewRows[V]>();
  #head: Omit<ViewSnapshot<V>, 'rows'> | undefined;

  /** The view as it is now; undefined before the first event. Rows come in the view's order. */
  get snapshot(): ViewSnapshot<V> | undefined {
    return this.#head && { ...this.#head, rows: [...this.#rows.values()] };
  }

  /** Takes one event in. Returns false, and changes nothing, for one that is older than what is known. */
  apply(event: ViewChangedEvent<V>): boolean {
    const { subscription: _, changed, removed, order, ...head } = event;
    if (this.#head && head.sequence <= this.#head.sequence) {
      return false;
    }
    for (const key of removed) {
      this.#rows.delete(key);
    }
    for (const row of changed) {
      this.#rows.set(row.key, row);
    }
    if (order) {
      this.#reorder(order);
    }
    this.#head = head;
    return true;
  }

  /** Forgets everything: for a new subscription, whose first event has every row. */
  clear(): void {
    this.#rows.clear();
    this.#head = undefined;
  }

  /** Rows that `order` leaves out keep their order, behind the others: nothing that was told is lost. */
  #reorder(order: Key[]): void {
    const ordered = new Map<Key, ViewRows[V]>();
    for (const key of order) {
      const row = this.#rows.get(key);
      if (row !== undefined) {
        ordered.set(key, row);
      }
    }
    for (const [key, row] of this.#rows) {
      if (!ordered.has(key)) {
        ordered.set(key, row);
      }
    }
    this.#rows = ordered;
  }
}
