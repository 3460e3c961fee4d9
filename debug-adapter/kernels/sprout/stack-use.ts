import type { Address } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { ThreadRow } from '../model.ts';

/** The most that kernel/mm/stack_area.hh hands out, and more: a bound on what a guest may claim. */
const LARGEST_STACK = 1 << 20;
const PAGE = 4096;

interface Known {
  thread: number;
  switches: number;
  /** Bytes from the base on that no thread has written yet. */
  untouched: number;
}

/**
 * How deep each stack ever was. Sprout hands stacks out all zero (kernel/mm/stack_area.cc), so what is still zero from the base on was
 * never reached. A thread that has not run since is not looked at again.
 */
export class SproutStackUse {
  readonly #known = new Map<Address, Known>();

  /** The most bytes of its stack that each of these threads ever used: fills `stackHighWater` in. Not checked for tearing: it only grows. */
  measure(snapshot: Snapshot, rows: readonly ThreadRow[]): void {
    let aside: Snapshot | undefined;
    const ended = new Set(this.#known.keys());
    for (const row of rows) {
      const { stack } = row;
      if (!stack || stack.size > LARGEST_STACK) {
        continue;
      }
      ended.delete(stack.base);
      const known = this.#of(stack.base, stack.size, row);
      if (known.switches !== row.switches || row.state === 'running') {
        aside ??= snapshot.aside();
        known.untouched = untouched(aside, stack.base, known.untouched);
        known.switches = row.switches;
      }
      row.stackHighWater = stack.size - known.untouched;
    }
    for (const base of ended) {
      this.#known.delete(base);
    }
  }

  #of(base: Address, size: number, { id, switches }: ThreadRow): Known {
    let known = this.#known.get(base);
    if (known?.thread !== id || known.untouched > size || known.switches > switches) {
      known = { thread: id, switches: -1, untouched: size };
      this.#known.set(base, known);
    }
    return known;
  }
}

/** Zero bytes from `base` on, in words of four, `limit` at most. What cannot be read counts as zero. */
function untouched(snapshot: Snapshot, base: Address, limit: number): number {
  for (let start = 0; start < limit; start += PAGE) {
    const length = Math.min(PAGE, limit - start);
    try {
      const { view, offset } = snapshot.place(base + start, length);
      for (let index = 0; index + 4 <= length; index += 4) {
        if (view.getInt32(offset + index, true) !== 0) {
          return start + index;
        }
      }
    } catch (error) {
      if (!(error instanceof UnreadableMemory)) {
        throw error;
      }
    }
  }
  return limit;
}
