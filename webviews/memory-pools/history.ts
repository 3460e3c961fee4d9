/** The last minutes of the page map: one whole copy, and what changed since, moment by moment. */
import type { Run } from './page-map.ts';

export interface Moment {
  /** Milliseconds, of the page's own clock. */
  time: number;
  runs: Run[];
  /** Pages of each kind after it. */
  counts: Uint32Array;
}

/** Kept at most: time, in milliseconds, and bytes of changes. Together with the copy some 20 MB for a guest of 1 GiB. */
const LONGEST = 300_000;
const MOST_BYTES = 16 << 20;
/** What a run costs beside its pages. */
const RUN_BYTES = 64;

export class History {
  readonly #longest: number;
  readonly #mostBytes: number;
  /** As it was before the first moment. */
  #oldest: Uint16Array = new Uint16Array(0);
  #moments: Moment[] = [];
  #bytes = 0;

  constructor(longest = LONGEST, mostBytes = MOST_BYTES) {
    this.#longest = longest;
    this.#mostBytes = mostBytes;
  }

  get moments(): readonly Moment[] {
    return this.#moments;
  }

  /** Begins anew with `pages`, as they are at `time`. */
  begin(pages: Uint16Array, counts: Uint32Array, time: number): void {
    this.#oldest = pages.slice();
    this.#moments = [{ time, runs: [], counts: counts.slice() }];
    this.#bytes = 0;
  }

  /** Adds what changed at `time`; forgets what is too old, or too much. */
  add(runs: Run[], counts: Uint32Array, time: number): void {
    this.#moments.push({ time, runs, counts: counts.slice() });
    this.#bytes += bytesOf(runs);
    let gone = 0;
    while (gone < this.#moments.length - 1 && this.#isTooOld(gone, time)) {
      const moment = this.#moments[gone] as Moment;
      apply(this.#oldest, moment.runs);
      this.#bytes -= bytesOf(moment.runs);
      gone++;
    }
    this.#moments.splice(0, gone);
  }

  /** Every page as it was after the moment at `index`. */
  pagesAt(index: number): Uint16Array {
    const pages = this.#oldest.slice();
    for (const { runs } of this.#moments.slice(0, index + 1)) {
      apply(pages, runs);
    }
    return pages;
  }

  /** The index of the last moment that is not after `time`; the first when all are. */
  indexAt(time: number): number {
    let found = 0;
    for (let index = 0; index < this.#moments.length; index++) {
      if ((this.#moments[index] as Moment).time <= time) {
        found = index;
      }
    }
    return found;
  }

  #isTooOld(index: number, now: number): boolean {
    return this.#bytes > this.#mostBytes || now - (this.#moments[index] as Moment).time > this.#longest;
  }
}

function apply(pages: Uint16Array, runs: readonly Run[]): void {
  for (const run of runs) {
    pages.set(run.pages, run.start);
  }
}

function bytesOf(runs: readonly Run[]): number {
  return runs.reduce((sum, { pages }) => sum + pages.length * 2 + RUN_BYTES, 0);
}
