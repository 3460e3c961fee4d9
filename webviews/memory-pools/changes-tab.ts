/** What changed between two moments: pages by use, live objects by class, the objects that are new. */
import * as l10n from '@vscode/l10n';
import { formatBytes } from '../../debug-adapter/units.ts';
import { element } from '../dom.ts';
import type { UseChange } from './compare.ts';
import { bar } from './gauges.ts';
import type { ClassChange } from './pools-history.ts';
import type { ObjectPlace } from './slabs.ts';
import { grouped, pageCount } from './words.ts';

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
      return { name: words(use), change, text: pageCount(Math.abs(change)), weight: Math.abs(change) };
    });
    element('changes').replaceChildren(...bars(rows));
  }

  showClasses(changes: readonly ClassChange[]): void {
    const rows = changes.map(({ objectSize, before, after }) => {
      const weight = Math.abs(after - before) * objectSize;
      const name = l10n.t('{0} objects', formatBytes(objectSize));
      const change = after - before;
      return { name, change, text: `${grouped(Math.abs(change))} (${formatBytes(weight)})`, weight };
    });
    element('growth').replaceChildren(...bars(rows));
    element('growth-heading').hidden = rows.length === 0;
  }

  /** @param missing why they are not known; empty: they are */
  showObjects(places: readonly ObjectPlace[], missing: string): void {
    element('new-summary').textContent = missing || newWords(places.length);
    const list = element('new-objects');
    const focused = [...list.querySelectorAll('button')].indexOf(document.activeElement as HTMLButtonElement);
    const items = places.slice(0, MOST_LISTED).map((place) => {
      const item = document.createElement('li');
      const button = document.createElement('button');
      const { objectSize, index, frame } = place;
      button.textContent = l10n.t('object {0} of {1}, page {2}', index, formatBytes(objectSize), grouped(frame));
      button.addEventListener('click', () => this.#go(place));
      item.append(button);
      return item;
    });
    list.replaceChildren(...items);
    items[focused]?.querySelector('button')?.focus();
  }
}

function newWords(count: number): string {
  if (count > MOST_LISTED) {
    return l10n.t('{0} new objects; the first {1} are listed.', grouped(count), MOST_LISTED);
  }
  return count === 1 ? l10n.t('1 new object.') : l10n.t('{0} new objects.', grouped(count));
}

/** @param rows with a change's `weight`, by which its bar is long, and its `text` without a sign */
function bars(rows: readonly { name: string; change: number; text: string; weight: number }[]): HTMLElement[] {
  const largest = Math.max(1, ...rows.map(({ weight }) => weight));
  return rows.map(({ name, change, text, weight }) =>
    bar(name, `${change > 0 ? '+' : '−'}${text}`, weight / largest, change > 0 ? 'grew' : 'shrank'),
  );
}
