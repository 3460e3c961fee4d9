/** What a value was lately: bounded, with the time of each change. Pure. */

/** Changes that are kept; the oldest go first. */
const MOST_CHANGES = 600;
/** How far a plot looks back, in milliseconds. */
export const LONGEST_SPAN = 60_000;

export interface Change {
  /** Milliseconds, of any clock that only goes forward. */
  time: number;
  value: number;
}

export class ValueHistory {
  readonly #changes: Change[] = [];

  /** Oldest first. */
  get changes(): readonly Change[] {
    return this.#changes;
  }

  /** Takes what the value is from `time` on. One that is as before adds nothing. */
  add(time: number, value: number): void {
    if (this.#changes.at(-1)?.value === value) {
      return;
    }
    this.#changes.push({ time, value });
    if (this.#changes.length > MOST_CHANGES) {
      this.#changes.shift();
    }
  }

  clear(): void {
    this.#changes.length = 0;
  }

  /** What the value was at `count` moments, evenly from the oldest that is shown to `now`. Empty when nothing is known. */
  samples(now: number, count: number): number[] {
    const [oldest] = this.#changes;
    if (!oldest) {
      return [];
    }
    const begin = Math.max(oldest.time, now - LONGEST_SPAN);
    const samples: number[] = [];
    let at = 0;
    for (let index = 0; index < count; index++) {
      const moment = begin + ((now - begin) * index) / Math.max(1, count - 1);
      while ((this.#changes[at + 1]?.time ?? Number.POSITIVE_INFINITY) <= moment) {
        at++;
      }
      samples.push(this.#changes[at]?.value ?? oldest.value);
    }
    return samples;
  }

  /** Milliseconds that `samples` spans. */
  span(now: number): number {
    const [oldest] = this.#changes;
    return oldest ? Math.min(LONGEST_SPAN, now - oldest.time) : 0;
  }
}

/** The number that a value of gdb's is; undefined for what cannot be plotted, pointers too. */
export function numberIn(text: string, type: string): number | undefined {
  if (text === 'true' || text === 'false') {
    return text === 'true' ? 1 : 0;
  }
  // A character comes as `97 'a'`.
  const digits = /^(-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|0x[0-9a-f]+))(?: '.*')?$/i.exec(text)?.[1];
  if (digits === undefined || /[*&]\s*(const)?$/.test(type)) {
    return undefined;
  }
  const value = Number(digits);
  return Number.isFinite(value) ? value : undefined;
}
