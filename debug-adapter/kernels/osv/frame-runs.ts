/** A set of page frames, as few ascending runs. */
export class FrameRuns {
  /** Pairs of the first frame and one past the last. */
  readonly #runs: readonly number[];

  private constructor(runs: readonly number[]) {
    this.#runs = runs;
  }

  /** @param pieces first frame and count of each, in any order; they may overlap */
  static of(pieces: readonly (readonly [first: number, count: number])[]): FrameRuns {
    const runs: number[] = [];
    for (const [first, count] of [...pieces].sort(([a], [b]) => a - b)) {
      const end = runs.at(-1) ?? -1;
      if (first <= end) {
        runs[runs.length - 1] = Math.max(end, first + count);
      } else if (count > 0) {
        runs.push(first, first + count);
      }
    }
    return new FrameRuns(runs);
  }

  has(frame: number): boolean {
    // An odd count of bounds at or below the frame: it lies inside a run.
    return this.#boundsUpTo(frame) % 2 === 1;
  }

  /** What lies below `end` and is not in the set, as runs. */
  complement(end: number): FrameRuns {
    const bounds = [0, ...this.#runs.filter((bound) => bound < end)];
    if (bounds.length % 2 === 1) {
      bounds.push(end);
    }
    // A run that begins at 0 leaves an empty one before it.
    return new FrameRuns(bounds[0] === bounds[1] ? bounds.slice(2) : bounds);
  }

  /** What is in both sets. */
  intersection(other: FrameRuns): FrameRuns {
    const runs: number[] = [];
    for (let mine = 0, theirs = 0; mine < this.#runs.length && theirs < other.#runs.length; ) {
      const ownEnd = this.#runs[mine + 1] as number;
      const otherEnd = other.#runs[theirs + 1] as number;
      const first = Math.max(this.#runs[mine] as number, other.#runs[theirs] as number);
      if (first < Math.min(ownEnd, otherEnd)) {
        runs.push(first, Math.min(ownEnd, otherEnd));
      }
      if (ownEnd <= otherEnd) {
        mine += 2;
      } else {
        theirs += 2;
      }
    }
    return new FrameRuns(runs);
  }

  /** Every frame from `from` on, ascending. */
  *frames(from = 0): Generator<number> {
    const begin = this.#boundsUpTo(from);
    for (let index = begin - (begin % 2); index < this.#runs.length; index += 2) {
      const end = this.#runs[index + 1] as number;
      for (let frame = Math.max(from, this.#runs[index] as number); frame < end; frame++) {
        yield frame;
      }
    }
  }

  /** How many bounds are at or below `frame`. */
  #boundsUpTo(frame: number): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#runs[middle] as number) <= frame) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
