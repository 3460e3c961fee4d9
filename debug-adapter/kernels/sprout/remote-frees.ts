import { type Address, isCanonical } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64 } from '../../guest/struct-reader.ts';

/** More than any CPU leaves undrained: a slab's worth makes it drain. */
const MOST_REMOTE = 1_000_000;

/**
 * Objects that other CPUs freed and that nobody has drained yet: lists through the objects' first words, one a CPU.
 * The set that is already found bounds the walk: a list that comes back to itself ends.
 */
export function remoteFrees(
  snapshot: Snapshot,
  heads: readonly Address[],
): { objects: ReadonlySet<Address>; whole: boolean } {
  const objects = new Set<Address>();
  let whole = true;
  for (const head of heads) {
    try {
      let object = head;
      while (object !== 0 && isCanonical(object) && !objects.has(object) && objects.size < MOST_REMOTE) {
        objects.add(object);
        const { view, offset } = snapshot.place(object, 8);
        object = signed64(view, offset);
      }
      whole &&= object === 0;
    } catch (error) {
      if (!(error instanceof UnreadableMemory)) {
        throw error;
      }
      whole = false;
    }
  }
  return { objects, whole };
}
