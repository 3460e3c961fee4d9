const SLOWEST = 0.1;
const FASTEST = 50;

export interface Pace {
  /** Milliseconds from one round's begin to the next one's. */
  period: number;
  /** A round that took t of a CPU's time is followed by a rest of at least this many t, whatever the period. */
  rest: number;
}

/** Of a rate in Hz, clamped to 0.1 to 50, in milliseconds. */
export function periodOf(rate: number): number {
  return 1000 / Math.min(FASTEST, Math.max(SLOWEST, rate));
}

/**
 * A task that is done again and again until `end`. A round that is late replaces the missed ones. What looking costs is the shorter of
 * two rounds: the first one finds nothing prepared, and any may be disturbed.
 */
export class Rounds {
  readonly #task: () => Promise<void>;
  readonly #pace: Pace;
  #timer: NodeJS.Timeout;
  #ended = false;
  #costBefore = 0;

  /** @param task whatever it throws, the next round may go better. The first round begins after `delay` milliseconds. */
  constructor(task: () => Promise<void>, pace: Pace, delay = 0) {
    this.#task = task;
    this.#pace = pace;
    this.#timer = setTimeout(() => this.#round(), delay);
  }

  /** Also in the middle of a round: what it finds is no longer wanted. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  async #round(): Promise<void> {
    const begin = performance.now();
    const before = cpuUsage();
    await this.#task().catch(() => undefined);
    if (this.#ended) {
      return;
    }
    const spent = performance.now() - begin;
    // On a busy machine the round itself took longer: that is not what looking costs.
    const { user, system } = cpuUsage(before);
    const cost = Math.min(spent, (user + system) / 1000);
    const rest = Math.min(cost, this.#costBefore) * this.#pace.rest;
    this.#costBefore = cost;
    this.#timer = setTimeout(() => this.#round(), Math.max(this.#pace.period - spent, rest));
  }
}

/** Of this thread; of the whole process where Node cannot tell (before 23.9). */
function cpuUsage(before?: NodeJS.CpuUsage): NodeJS.CpuUsage {
  return process.threadCpuUsage === undefined ? process.cpuUsage(before) : process.threadCpuUsage(before);
}
