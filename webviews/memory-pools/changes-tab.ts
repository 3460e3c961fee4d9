/** What changed between two moments: pages by use, live objects by class, the objects that are new. */
import { formatBytes } from '../../debug-adapter/units.ts';
import { element } from '../dom.ts';
import type { UseChange } from './compare.ts';
import { bar } from './gauges.ts';
import type { ClassChange } from './pools-history.ts';
import type { ObjectPlace } from './slabs.ts';
import { grouped } from './words.ts';

/** New objects that are listed one by one. */
const MOST_LISTED = 50;

export class ChangesTab {
  readonly #go: (place: ObjectPlace) => void;

  /** @param go shows an object */
  constructor(go: (place: ObjectPlace) => void) {
    this.#go = go;
  }

  /** @param words names a use */
  showUses(summary: string, changes: readonly UseChange[], words: (use: number) => string): void {
    const place = element('changes-summary');
    if (place.textContent !== summary) {
      place.textContent = summary;
    }
    const rows = changes.map(({ use, before, after }) => {
      const change = after - before;
      return { name: words(use), change, unit: Math.abs(change) === 1 ? 'page' : 'pages', weight: Math.abs(change) };
    });
    element('changes').replaceChildren(...bars(rows));
  }

  showClasses(changes: readonly ClassChange[]): void {
    const rows = changes.map(({ objectSize, before, after }) => {
      const weight = Math.abs(after - before) * objectSize;
      const name = `${formatBytes(objectSize)} objects`;
      return { name, change: after - before, unit: `(${formatBytes(weight)})`, weight };
    });
    element('growth').replaceChildren(...bars(rows));
    element('growth-heading').hidden = rows.length === 0;
  }

  /** @param missing why they are not known; empty: they are */
  showObjects(places: readonly ObjectPlace[], missing: string): void {
    const count = places.length === 1 ? '1 new object' : `${grouped(places.length)} new objects`;
    const listed = places.length > MOST_LISTED ? `${count}; the first ${MOST_LISTED} are listed.` : `${count}.`;
    element('new-summary').textContent = missing || listed;
    const list = element('new-objects');
    const focused = [...list.querySelectorAll('button')].indexOf(document.activeElement as HTMLButtonElement);
    const items = places.slice(0, MOST_LISTED).map((place) => {
      const item = document.createElement('li');
      const button = document.createElement('button');
      const { objectSize, index, frame } = place;
      button.textContent = `object ${index} of ${formatBytes(objectSize)}, page ${grouped(frame)}`;
      button.addEventListener('click', () => this.#go(place));
      item.append(button);
      return item;
    });
    list.replaceChildren(...items);
    items[focused]?.querySelector('button')?.focus();
  }
}

/** @param rows with a change's `weight`, by which its bar is long */
function bars(rows: readonly { name: string; change: number; unit: string; weight: number }[]): HTMLElement[] {
  const largest = Math.max(1, ...rows.map(({ weight }) => weight));
  return rows.map(({ name, change, unit, weight }) => {
    const text = `${change > 0 ? '+' : '−'}${grouped(Math.abs(change))} ${unit}`;
    return bar(name, text, weight / largest, change > 0 ? 'grew' : 'shrank');
  });
}
