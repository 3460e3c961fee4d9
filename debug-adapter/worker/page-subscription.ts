import type { PageMap } from '../kernels/kernel.ts';
import type { PagesChangedEvent } from '../protocol.ts';
import { periodOf, Rounds } from './rounds.ts';

/** A round that took t is followed by a rest of at least t: views are asked for meanwhile. */
const REST = 1;
/** Two changes this near to each other travel as one run: its header is as long as so many pages. */
const NEAR = 4;

export interface TakenPages {
  map: PageMap;
  running: boolean;
  guestTime: number;
}

/** One subscriber to the map of all pages: only what changed is told. */
export class PageSubscription {
  readonly #id: number;
  readonly #take: () => Promise<TakenPages | undefined>;
  readonly #emit: (event: PagesChangedEvent) => void;
  #known: Uint16Array = new Uint16Array(0);
  /** The object sizes that were told last: a guest that boots has pages before it has pools. */
  #classes = '';
  #sequence = 0;
  readonly #rounds: Rounds;

  /** `rate` in Hz, clamped to 0.1 to 50. */
  constructor(
    id: number,
    rate: number,
    take: () => Promise<TakenPages | undefined>,
    emit: (event: PagesChangedEvent) => void,
  ) {
    this.#id = id;
    this.#take = take;
    this.#emit = emit;
    this.#rounds = new Rounds(() => this.#round(), { period: periodOf(rate), rest: REST });
  }

  end(): void {
    this.#rounds.end();
  }

  async #round(): Promise<void> {
    const taken = await this.#take();
    if (taken && !this.#rounds.hasEnded) {
      this.#tell(taken);
    }
  }

  #tell({ map, running, guestTime }: TakenPages): void {
    const isFirst = this.#known.length !== map.pages.length;
    const runs = isFirst ? [{ start: 0, end: map.pages.length }] : changedRuns(this.#known, map.pages);
    const { kinds, classes, pages, base } = map;
    const hasOtherClasses = classes.join() !== this.#classes;
    this.#known = pages;
    this.#classes = classes.join();
    if (runs.length === 0 && !hasOtherClasses) {
      return;
    }
    this.#emit({
      subscription: this.#id,
      sequence: ++this.#sequence,
      running,
      guestTime,
      total: pages.length,
      runs: encodeRuns(runs, pages),
      ...(isFirst && { kinds, base }),
      ...((isFirst || hasOtherClasses) && { classes }),
    });
  }
}

interface Run {
  start: number;
  /** One past the last. */
  end: number;
}

/** Where two maps of one length differ, near places as one. */
export function changedRuns(before: Uint16Array, now: Uint16Array): Run[] {
  const runs: Run[] = [];
  let last: Run | undefined;
  for (let index = 0; index < now.length; index++) {
    if (now[index] === before[index]) {
      continue;
    }
    if (last && index - last.end <= NEAR) {
      last.end = index + 1;
    } else {
      last = { start: index, end: index + 1 };
      runs.push(last);
    }
  }
  return runs;
}

/** Each run as start and count (32 bits each), then its pages (16 bits each), little-endian; all in base64. */
export function encodeRuns(runs: readonly Run[], pages: Uint16Array): string {
  const count = runs.reduce((sum, { start, end }) => sum + end - start, 0);
  const bytes = Buffer.allocUnsafe(runs.length * 8 + count * 2);
  let at = 0;
  for (const { start, end } of runs) {
    at = bytes.writeUInt32LE(start, at);
    at = bytes.writeUInt32LE(end - start, at);
    for (let index = start; index < end; index++) {
      at = bytes.writeUInt16LE(pages[index] ?? 0, at);
    }
  }
  return bytes.toString('base64');
}
