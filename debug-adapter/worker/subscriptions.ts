import type { ViewChangedEvent, ViewName, ViewSnapshot } from '../protocol.ts';
import { ViewDiff } from './diff.ts';

/**
 * A round that took t of a CPU's time is followed by a rest of at least 16 t: 6 % of a host core, whatever rate was asked for. The
 * shorter of two rounds counts: the first one finds nothing prepared, and any may be disturbed.
 */
const REST = 16;
/** Without any change the clock is told this often, in milliseconds. */
const CLOCK_INTERVAL = 1000;
const SLOWEST = 0.1;
const FASTEST = 50;

export type Take = (view: ViewName) => Promise<ViewSnapshot>;

/** One subscriber: reads its views at a rate and tells what changed. A round that is late replaces the missed ones. */
export class Subscription {
  readonly #id: number;
  readonly #period: number;
  readonly #newRound: () => Take;
  readonly #emit: (event: ViewChangedEvent) => void;
  readonly #views: { view: ViewName; diff: ViewDiff; toldAt: number; guestTime: number }[];
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #costBefore = 0;

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
    this.#period = 1000 / Math.min(FASTEST, Math.max(SLOWEST, rate));
    this.#newRound = newRound;
    this.#emit = emit;
    this.#views = [...new Set(views)].map((view) => ({ view, diff: new ViewDiff(), toldAt: 0, guestTime: -1 }));
    this.#timer = setTimeout(() => this.#round(), 0);
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  async #round(): Promise<void> {
    const begin = performance.now();
    const before = cpuUsage();
    const take = this.#newRound();
    for (const state of this.#views) {
      try {
        const snapshot = await take(state.view);
        if (this.#ended) {
          return;
        }
        this.#tell(state, snapshot);
      } catch {
        // No window yet, or the guest is gone: the next round may find it again. A single view's request tells the reason.
      }
    }
    if (!this.#ended) {
      const spent = performance.now() - begin;
      // On a busy machine the round itself took longer: that is not what looking costs.
      const { user, system } = cpuUsage(before);
      const cost = Math.min(spent, (user + system) / 1000);
      const rest = Math.min(cost, this.#costBefore) * REST;
      this.#costBefore = cost;
      this.#timer = setTimeout(() => this.#round(), Math.max(this.#period - spent, rest));
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

/** Of this thread; of the whole process where Node cannot tell (before 23.9). */
function cpuUsage(before?: NodeJS.CpuUsage): NodeJS.CpuUsage {
  return process.threadCpuUsage === undefined ? process.cpuUsage(before) : process.threadCpuUsage(before);
}
