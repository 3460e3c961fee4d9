import type { ViewChangedEvent, ViewName, ViewSnapshot } from '../protocol.ts';
import { ViewDiff } from './diff.ts';
import { periodOf, Rounds } from './rounds.ts';

/** 6 % of a host core, whatever rate was asked for. */
const REST = 16;
/** Without any change the clock is told this often, in milliseconds. */
const CLOCK_INTERVAL = 1000;

export type Take = (view: ViewName) => Promise<ViewSnapshot>;

/** One subscriber: reads its views at a rate and tells what changed. */
export class Subscription {
  readonly #id: number;
  readonly #newRound: () => Take;
  readonly #emit: (event: ViewChangedEvent) => void;
  readonly #views: { view: ViewName; diff: ViewDiff; toldAt: number; guestTime: number }[];
  readonly #rounds: Rounds;

  /**
   * @param rate in Hz, clamped to 0.1 to 50
   * @param newRound gives what reads the views of one round
   */
  constructor(
    id: number,
    views: readonly ViewName[],
    rate: number,
    newRound: () => Take,
    emit: (event: ViewChangedEvent) => void,
  ) {
    this.#id = id;
    this.#newRound = newRound;
    this.#emit = emit;
    this.#views = [...new Set(views)].map((view) => ({ view, diff: new ViewDiff(), toldAt: 0, guestTime: -1 }));
    this.#rounds = new Rounds(() => this.#round(), { period: periodOf(rate), rest: REST });
  }

  end(): void {
    this.#rounds.end();
  }

  async #round(): Promise<void> {
    const take = this.#newRound();
    for (const state of this.#views) {
      try {
        const snapshot = await take(state.view);
        if (this.#rounds.hasEnded) {
          return;
        }
        this.#tell(state, snapshot);
      } catch {
        // No window yet, or the guest is gone: the next round may find it again. A single view's request tells the reason.
      }
    }
  }

  #tell(state: { diff: ViewDiff; toldAt: number; guestTime: number }, snapshot: ViewSnapshot): void {
    const now = performance.now();
    const event = state.diff.next(this.#id, snapshot);
    if (event) {
      this.#emit(event);
    } else if (snapshot.guestTime !== state.guestTime && now - state.toldAt >= CLOCK_INTERVAL) {
      const { rows: _, ...head } = snapshot;
      this.#emit({ ...head, subscription: this.#id, changed: [], removed: [] });
    } else {
      return;
    }
    state.toldAt = now;
    state.guestTime = snapshot.guestTime;
  }
}
