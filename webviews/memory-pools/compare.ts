/** What changed between two moments of the page map. */
import { Uses } from './page-map.ts';

export interface UseChange {
  /** See Uses. */
  use: number;
  before: number;
  after: number;
}

export interface Comparison {
  /** Uses whose number of pages differs, what grew most first. */
  changes: UseChange[];
  /** Frames that are in another use now, ascending. */
  frames: number[];
}

/** @param before and `after` of one length */
export function compare(before: Uint16Array, after: Uint16Array, kinds: readonly string[]): Comparison {
  const uses = new Uses(kinds);
  const counts = new Map<number, UseChange>();
  const count = (use: number): UseChange => {
    const known = counts.get(use) ?? { use, before: 0, after: 0 };
    counts.set(use, known);
    return known;
  };
  const frames: number[] = [];
  for (let frame = 0; frame < after.length; frame++) {
    const was = uses.of(before[frame] ?? 0);
    const is = uses.of(after[frame] ?? 0);
    if (was !== is) {
      count(was).before++;
      count(is).after++;
      frames.push(frame);
    }
  }
  const changes = [...counts.values()].filter((change) => change.before !== change.after);
  changes.sort((a, b) => b.after - b.before - (a.after - a.before));
  return { changes, frames };
}
