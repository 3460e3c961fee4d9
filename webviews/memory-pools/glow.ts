import type { Run } from './page-map.ts';

/** How long a page that changed is brighter, in milliseconds. */
const GLOW_MS = 1600;
/** More pages than this at once are no news: a whole file was written, or the guest booted. */
const MOST_PAGES = 50_000;

/** Pages that changed lately, the newest brightest. */
export class Glow {
  #runs: { start: number; count: number; time: number }[] = [];

  add(runs: readonly Run[], time: number): void {
    if (runs.reduce((sum, { pages }) => sum + pages.length, 0) <= MOST_PAGES) {
      this.#runs.push(...runs.map(({ start, pages }) => ({ start, count: pages.length, time })));
    }
  }

  clear(): void {
    this.#runs = [];
  }

  /** Calls `see` for each run that glows, oldest first, with how bright, 0 to 1; once with 0 when it is over. */
  fade(now: number, see: (start: number, count: number, glow: number) => void): void {
    const past = this.#runs.filter(({ time }) => now - time >= GLOW_MS);
    this.#runs = this.#runs.filter(({ time }) => now - time < GLOW_MS);
    for (const { start, count } of past) {
      see(start, count, 0);
    }
    for (const { start, count, time } of this.#runs) {
      see(start, count, 1 - (now - time) / GLOW_MS);
    }
  }

  get isOver(): boolean {
    return this.#runs.length === 0;
  }
}
