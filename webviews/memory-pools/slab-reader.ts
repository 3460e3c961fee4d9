/** Asks for the objects of slabs, again and again while somebody looks: one question of each purpose at a time. */
import { MOST_FRAMES, type SlabPurpose, type ToHost } from './messages.ts';

/** In milliseconds. */
const PERIOD: Record<SlabPurpose, number> = { sight: 500, moment: 2000 };

export class SlabReader {
  readonly #post: (message: ToHost) => void;
  readonly #frames: (purpose: SlabPurpose) => readonly number[];
  readonly #isAsking: Record<SlabPurpose, boolean> = { sight: false, moment: false };

  /** @param frames pages of slabs that are wanted now; empty: none, or they cannot be known */
  constructor(post: (message: ToHost) => void, frames: (purpose: SlabPurpose) => readonly number[]) {
    this.#post = post;
    this.#frames = frames;
    setInterval(() => this.ask('sight'), PERIOD.sight);
    setInterval(() => this.ask('moment'), PERIOD.moment);
  }

  ask(purpose: SlabPurpose): void {
    const frames = this.#isAsking[purpose] ? [] : this.#frames(purpose);
    if (frames.length > 0) {
      this.#isAsking[purpose] = true;
      this.#post({ type: 'slabs', purpose, frames: frames.slice(0, MOST_FRAMES[purpose]) });
    }
  }

  /** The answer came. */
  answered(purpose: SlabPurpose): void {
    this.#isAsking[purpose] = false;
  }
}
