/** Each thread's share of one CPU over about the last second of guest time, from what the kernel accounts to it. Pure. */
import type { ViewSnapshot } from '../../debug-adapter/protocol.ts';

/** Of guest time, in nanoseconds. */
const WINDOW = 1e9;
/** A shorter time tells nothing: an account is exact to a tick. */
const LEAST = 50e6;

interface Sample {
  guestTime: number;
  /** CPU time by ThreadRow.key. */
  times: Map<number, number>;
}

export class CpuShares {
  readonly #samples: Sample[] = [];

  /** Takes a snapshot in; one of an earlier time is of another boot. The same may come again. */
  take({ guestTime, rows }: ViewSnapshot<'threads'>): void {
    const last = this.#samples.at(-1);
    if (last && guestTime < last.guestTime) {
      this.#samples.length = 0;
    } else if (last?.guestTime === guestTime) {
      return;
    }
    this.#samples.push({ guestTime, times: new Map(rows.map(({ key, cpuTime }) => [key, cpuTime])) });
    // The first one that stays is as old as the window, or older.
    while ((this.#samples[1]?.guestTime ?? Number.POSITIVE_INFINITY) <= guestTime - WINDOW) {
      this.#samples.shift();
    }
  }

  /** 0 to 1; undefined while too little is known. A thread that is new has run since it is. */
  of(thread: number): number | undefined {
    const first = this.#samples.at(0);
    const last = this.#samples.at(-1);
    const time = last?.times.get(thread);
    if (!first || !last || time === undefined || last.guestTime - first.guestTime < LEAST) {
      return undefined;
    }
    const share = (time - (first.times.get(thread) ?? 0)) / (last.guestTime - first.guestTime);
    return Math.min(1, Math.max(0, share));
  }

  clear(): void {
    this.#samples.length = 0;
  }
}
