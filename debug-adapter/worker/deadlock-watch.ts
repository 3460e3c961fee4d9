import type { WaitCycle } from '../protocol.ts';
import { Rounds } from './rounds.ts';

/** Milliseconds between two looks. */
const PERIOD = 200;
/** 4 % of a host core at most. */
const REST = 24;

/**
 * Looks for cycles of waiting again and again. A cycle is a deadlock: it stays. So it is told when two readings in a row have it with
 * the very same waits, whole or torn, and only once.
 */
export class DeadlockWatch {
  readonly #look: () => Promise<WaitCycle[] | undefined>;
  readonly #tell: (cycle: WaitCycle) => void;
  readonly #rounds: Rounds;
  #before = new Set<string>();
  #told = new Set<string>();

  /** `look` gives undefined while there is nothing to look at: the guest stands. */
  constructor(look: () => Promise<WaitCycle[] | undefined>, tell: (cycle: WaitCycle) => void) {
    this.#look = look;
    this.#tell = tell;
    this.#rounds = new Rounds(() => this.#round(), { period: PERIOD, rest: REST }, PERIOD);
  }

  end(): void {
    this.#rounds.end();
  }

  async #round(): Promise<void> {
    const found = await this.#look();
    if (found && !this.#rounds.hasEnded) {
      this.#take(found);
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
