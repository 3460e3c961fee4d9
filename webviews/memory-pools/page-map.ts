/** Every page of RAM as the adapter tells it: the first event has all pages, later ones what changed. */
import type { PagesChangedEvent } from '../../debug-adapter/protocol.ts';

/** Pages from `start` on. */
export interface Run {
  start: number;
  pages: Uint16Array;
}

/** One page, unpacked. */
export interface PageState {
  kind: string;
  /** Of a pool's page: its class's object size, and how full its slab is, 0 to 7. */
  objectSize?: number;
  filling?: number;
  /** Of a cached page: the CPU of its L1; undefined in the L2. */
  cpu?: number;
}

/** `cpu` of a cached page in the L2. */
const IN_L2 = 0xff;
const RUN_HEADER = 8;

/** See PagesChangedEvent.runs. Stops at the first run that is cut off. */
export function decodeRuns(text: string): Run[] {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const runs: Run[] = [];
  for (let at = 0; at + RUN_HEADER <= bytes.length; ) {
    const start = view.getUint32(at, true);
    const count = view.getUint32(at + 4, true);
    const end = at + RUN_HEADER + count * 2;
    if (end > bytes.length) {
      break;
    }
    // A copy: runs are aligned to two bytes, but the copy may be kept without the whole.
    runs.push({ start, pages: new Uint16Array(bytes.slice(at + RUN_HEADER, end).buffer) });
    at = end;
  }
  return runs;
}

export class PageMap {
  kinds: readonly string[] = [];
  /** Object sizes by class. */
  classes: readonly number[] = [];
  /** Where the kernel maps frame 0. */
  base = 0;
  pages: Uint16Array<ArrayBufferLike> = new Uint16Array(0);
  /** Number of pages of each kind. */
  counts: Uint32Array<ArrayBufferLike> = new Uint32Array(256);

  /** Takes an event in. @returns what changed, for pictures */
  apply(event: PagesChangedEvent): Run[] {
    this.classes = event.classes ?? this.classes;
    if (event.kinds) {
      this.kinds = event.kinds;
      this.base = event.base ?? 0;
      this.pages = new Uint16Array(event.total);
      this.counts = new Uint32Array(256);
      this.counts[0] = event.total;
    }
    const runs = decodeRuns(event.runs).filter(({ start, pages }) => start + pages.length <= this.pages.length);
    for (const { start, pages } of runs) {
      for (let index = 0; index < pages.length; index++) {
        const before = kindOf(this.pages[start + index] ?? 0);
        const now = kindOf(pages[index] ?? 0);
        this.counts[before] = (this.counts[before] ?? 0) - 1;
        this.counts[now] = (this.counts[now] ?? 0) + 1;
      }
      this.pages.set(pages, start);
    }
    return runs;
  }

  state(frame: number): PageState {
    return stateOf(this.pages[frame] ?? 0, this.kinds, this.classes);
  }
}

/** What is another in `now`, a map of the same length. */
export function runsBetween(before: Uint16Array, now: Uint16Array): Run[] {
  const runs: Run[] = [];
  for (let index = 0; index < now.length; index++) {
    const start = index;
    while (index < now.length && now[index] !== before[index]) {
      index++;
    }
    if (index > start) {
      runs.push({ start, pages: now.slice(start, index) });
    }
  }
  return runs;
}

/** Pages of each kind, by its number. */
export function countsOf(pages: Uint16Array): Uint32Array {
  const counts = new Uint32Array(256);
  for (const page of pages) {
    const kind = kindOf(page);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

export function kindOf(page: number): number {
  return page & 0xff;
}

export function stateOf(page: number, kinds: readonly string[], classes: readonly number[]): PageState {
  const kind = kinds[kindOf(page)] ?? '?';
  if (kind === 'pool') {
    return { kind, objectSize: classes[(page >> 8) & 31] ?? 0, filling: page >> 13 };
  }
  const cpu = page >> 8;
  return kind === 'cached' && cpu !== IN_L2 ? { kind, cpu } : { kind };
}

/** What counts together when two moments are compared, as a page without the rest: a kind, a pool's class, where a page is cached. */
export class Uses {
  readonly #pool: number;
  readonly #cached: number;

  constructor(kinds: readonly string[]) {
    this.#pool = kinds.indexOf('pool');
    this.#cached = kinds.indexOf('cached');
  }

  of(page: number): number {
    const kind = kindOf(page);
    return kind === this.#pool ? page & 0x1fff : kind === this.#cached ? page : kind;
  }
}
