import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { MEMPOOL_AREA } from './address-space.ts';
import type { FrameRuns } from './frame-runs.ts';

export const PAGE_SIZE = 4096;
/** Of a running guest, so many pages are looked at again in each reading: 5 MiB a second at 10 Hz. */
const FRAMES_A_READING = 128;

/** Tells whether the page at an address has the header of a malloc pool's page. @throws UnreadableMemory. */
export type IsPoolPage = (snapshot: Snapshot, page: number) => boolean;

/**
 * Pages of malloc pools. Full ones are in no list, so the header at each page's start is looked at: one whose owner is a pool. Pages
 * that are free keep stale headers and are left out.
 *
 * At a stop every page is looked at. While the guest runs, those that were pool pages the last time, those that were free then and
 * are not any more, and a part of all others in turn: a page becomes a pool's by being taken from the free ones.
 */
export class PageScan {
  readonly #isPoolPage: IsPoolPage;
  #known = new Set<number>();
  #free: FrameRuns | undefined;
  /** The first frame of the next turn. */
  #turn = 0;

  constructor(isPoolPage: IsPoolPage) {
    this.#isPoolPage = isPoolPage;
  }

  /** Addresses of pages, ascending. Their headers may have changed since: the caller reads them anyway. */
  pages(snapshot: Snapshot, free: FrameRuns, ramSize: number): number[] {
    const used = free.complement(Math.ceil(ramSize / PAGE_SIZE));
    // Looked at aside: what is no pool page need not stand still for the reading to be whole.
    const looked = snapshot.isRecording ? snapshot.aside() : snapshot;
    if (!(snapshot.isRecording && this.#free)) {
      this.#known = new Set(this.#poolFrames(looked, used.frames()));
    } else {
      const kept = [...this.#known].filter((frame) => !free.has(frame));
      const taken = this.#poolFrames(looked, this.#free.intersection(used).frames());
      const others = this.#poolFrames(looked, this.#nextTurn(used));
      this.#known = new Set([...kept, ...taken, ...others]);
    }
    this.#free = free;
    return [...this.#known].sort((a, b) => a - b).map(addressOf);
  }

  /** This page turned out to be none. */
  forget(page: number): void {
    this.#known.delete((page - MEMPOOL_AREA) / PAGE_SIZE);
  }

  *#nextTurn(used: FrameRuns): Generator<number> {
    let count = 0;
    for (const frame of used.frames(this.#turn)) {
      if (count++ === FRAMES_A_READING) {
        this.#turn = frame;
        return;
      }
      yield frame;
    }
    this.#turn = 0;
  }

  #poolFrames(snapshot: Snapshot, frames: Iterable<number>): number[] {
    const found: number[] = [];
    for (const frame of frames) {
      if (snapshot.space.direct(addressOf(frame)) === undefined) {
        break; // no RAM from here on, whatever the guest says of its size
      }
      try {
        if (this.#isPoolPage(snapshot, addressOf(frame))) {
          found.push(frame);
        }
      } catch (error) {
        if (!(error instanceof UnreadableMemory)) {
          throw error;
        }
      }
    }
    return found;
  }
}

function addressOf(frame: number): number {
  return MEMPOOL_AREA + frame * PAGE_SIZE;
}
