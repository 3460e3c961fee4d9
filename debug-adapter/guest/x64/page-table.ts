import type { Address } from '../address.ts';
import { UnreadableMemory } from '../memory.ts';
import type { PhysicalCache } from '../physical-cache.ts';

/** Intel SDM volume 3, "4-level paging". */
const PRESENT = 1;
const LARGE = 0x80;
const PAGE = 0x1000;
/** Bits 12 to 51 of an entry. */
const TWO_TO_52 = 2 ** 52;
const TWO_TO_48 = 2 ** 48;

/** Where one page lies: `physical` of its first byte. */
export interface Mapping {
  physical: number;
  size: number;
}

/**
 * Walks four-level page tables. `root` tells CR3, or undefined when there are no tables yet; it is asked once after each
 * `forget`. Four steps at most: tables that point at themselves end like any other.
 */
export class PageTable {
  readonly #cache: PhysicalCache;
  readonly #found = new Map<number, number>();
  readonly #tellRoot: () => number | undefined;
  #root: number | undefined;

  constructor(cache: PhysicalCache, root: () => number | undefined) {
    this.#cache = cache;
    this.#tellRoot = root;
  }

  forget(): void {
    this.#found.clear();
    this.#root = undefined;
  }

  /** Physical address of `address`. @throws UnreadableMemory when it is not mapped. */
  translate(address: Address): number {
    const inPage = ((address % PAGE) + PAGE) % PAGE;
    const page = address - inPage;
    let physical = this.#found.get(page);
    if (physical === undefined) {
      physical = this.#walk(page);
      this.#found.set(page, physical);
    }
    return physical + inPage;
  }

  #walk(page: Address): number {
    const unsigned = page < 0 ? page + TWO_TO_48 : page;
    this.#root ??= this.#tellRoot();
    if (this.#root === undefined) {
      throw new UnreadableMemory(page, PAGE);
    }
    let table = this.#root - (this.#root % PAGE);
    for (let shift = 39, span = 2 ** 39; shift >= 12; shift -= 9, span /= 512) {
      const index = Math.floor(unsigned / span) % 512;
      const { view, offset } = this.#cache.place(table + index * 8, 8);
      const low = view.getUint32(offset, true);
      if (!(low & PRESENT)) {
        throw new UnreadableMemory(page, PAGE);
      }
      const high = view.getUint32(offset + 4, true);
      const frame = ((high * 0x1_0000_0000) % TWO_TO_52) + (low - (low % PAGE));
      if (shift === 12) {
        return frame;
      }
      if (low & LARGE && shift <= 30) {
        return frame - (frame % span) + (unsigned % span);
      }
      table = frame;
    }
    throw new UnreadableMemory(page, PAGE);
  }
}
