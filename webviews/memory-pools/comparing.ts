/** The moment that others are compared with, and what is different at the one that is shown. */
import * as l10n from '@vscode/l10n';
import type { MallocPoolsRow } from '../../debug-adapter/protocol.ts';
import type { ChangesTab } from './changes-tab.ts';
import { compare } from './compare.ts';
import type { PageMap } from './page-map.ts';
import { compareClasses } from './pools-history.ts';
import { newObjects, type Slab } from './slabs.ts';
import { agoWords, grouped, useWords } from './words.ts';

interface Mark {
  time: number;
  pages: Uint16Array;
  rows: readonly MallocPoolsRow[];
  /** Undefined until they are told. */
  slabs?: readonly Slab[];
  /** A moment of the past: what lived then is not known. */
  isPast: boolean;
}

/** A moment to compare the mark with. */
export interface Shown {
  pages: Uint16Array;
  rows: readonly MallocPoolsRow[];
  isPast: boolean;
}

export class Comparing {
  readonly #tab: ChangesTab;
  readonly #map: PageMap;
  #mark: Mark | undefined;
  /** 1 for each page that is in another use. */
  #changed = new Uint8Array(0);
  #count = 0;
  /** New objects, by slab and index. */
  #new = new Set<string>();

  constructor(tab: ChangesTab, map: PageMap) {
    this.#tab = tab;
    this.#map = map;
  }

  get isOn(): boolean {
    return this.#mark !== undefined;
  }

  /** When the mark was; undefined without one. */
  get time(): number | undefined {
    return this.#mark?.time;
  }

  isChanged(frame: number): boolean {
    return this.#changed[frame] === 1;
  }

  isNew(slab: Slab, index: number): boolean {
    return this.#new.has(`${slab.frame} ${index}`);
  }

  /** Marks a moment. */
  begin(shown: Shown, time: number): void {
    this.#mark = { time, pages: shown.pages.slice(), rows: shown.rows, isPast: shown.isPast };
    this.#new.clear();
    this.#tab.showObjects(
      [],
      shown.isPast ? l10n.t('Which objects lived is only known of the moment when it is now.') : '…',
    );
    this.update(shown);
  }

  end(): void {
    this.#mark = undefined;
    this.#new.clear();
    this.#changed = new Uint8Array(0);
    this.#tab.showUses(l10n.t('Choose a moment and compare from it.'), [], () => '');
    this.#tab.showClasses([]);
    this.#tab.showObjects([], ' ');
  }

  /** Compares with what is shown. @returns whether other pages differ than the last time */
  update({ pages, rows }: Shown): boolean {
    const mark = this.#mark;
    if (!mark) {
      return false;
    }
    if (mark.pages.length !== pages.length) {
      this.end();
      return true;
    }
    const { kinds, classes } = this.#map;
    const { frames, changes } = compare(mark.pages, pages, kinds);
    const before = this.#changed;
    this.#changed = new Uint8Array(pages.length);
    for (const frame of frames) {
      this.#changed[frame] = 1;
    }
    const hasOthers = frames.length !== this.#count || frames.some((frame) => before[frame] !== 1);
    this.#count = frames.length;
    this.#tab.showUses(
      frames.length === 0
        ? l10n.t('Nothing has changed since the mark.')
        : changedWords(frames.length, agoWords(performance.now() - mark.time)),
      changes,
      (use) => useWords(use, kinds, classes),
    );
    this.#tab.showClasses(compareClasses(mark.rows, rows));
    return hasOthers;
  }

  /** Takes all slabs of now: the first are those of the mark. */
  takeSlabs(slabs: readonly Slab[]): void {
    const mark = this.#mark;
    if (!mark || mark.isPast) {
      return;
    }
    mark.slabs ??= slabs;
    const places = newObjects(mark.slabs, slabs);
    this.#new = new Set(places.map(({ slab, index }) => `${slab} ${index}`));
    this.#tab.showObjects(places, '');
  }
}

function changedWords(count: number, ago: string): string {
  return count === 1
    ? l10n.t('1 page is in another use than {0}.', ago)
    : l10n.t('{0} pages are in another use than {1}.', grouped(count), ago);
}
