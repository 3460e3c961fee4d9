import type { WaitCycle } from '../protocol.ts';

/** Milliseconds between two looks. */
const PERIOD = 200;
/** A look that took t is followed by a rest of at least 24 t. */
const REST = 24;

/**
 * Looks for cycles of waiting again and again. A cycle is a deadlock: it stays. So it is told when two readings in a row have it with
 * the very same waits, whole or torn, and only once.
 */
export class DeadlockWatch {
  readonly #look: () => Promise<WaitCycle[] | undefined>;
  readonly #tell: (cycle: WaitCycle) => void;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #spentBefore = 0;
  #before = new Set<string>();
  #told = new Set<string>();

  /** `look` gives undefined while there is nothing to look at: the guest stands. */
  constructor(look: () => Promise<WaitCycle[] | undefined>, tell: (cycle: WaitCycle) => void) {
    this.#look = look;
    this.#tell = tell;
    this.#timer = setTimeout(() => this.#round(), PERIOD);
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  async #round(): Promise<void> {
    const begin = performance.now();
    try {
      const found = await this.#look();
      if (this.#ended) {
        return;
      }
      if (found) {
        this.#take(found);
      }
    } catch {
      // No window yet, or the guest is gone.
    }
    if (!this.#ended) {
      // The first look at a guest, and one that is disturbed, is not what looking costs.
      const spent = performance.now() - begin;
      const cost = Math.min(spent, this.#spentBefore);
      this.#spentBefore = spent;
      this.#timer = setTimeout(() => this.#round(), Math.max(PERIOD, cost * REST));
    }
  }

  #take(cycles: readonly WaitCycle[]): void {
    const seen = new Set<string>();
    for (const cycle of cycles) {
      const identity = JSON.stringify(cycle.threads.map(({ thread, since }) => [thread, since]).sort());
      seen.add(identity);
      if (this.#before.has(identity) && !this.#told.has(identity)) {
        this.#told.add(identity);
        this.#tell(cycle);
      }
    }
    this.#before = seen;
  }
}
