import type { Address } from './address.ts';
import { UnreadableMemory } from './memory.ts';
import type { PageTable } from './x64/page-table.ts';

/** Virtual addresses that are a physical address plus a constant. */
export interface DirectRange {
  begin: Address;
  /** One past the last; `begin` plus what may be there, RAM bounds it anyway. */
  end: Address;
  /** Physical address of `begin`. */
  physical: number;
}

const PAGE = 0x1000;

/** Virtual → physical: direct ranges first, page tables for the rest. */
export class AddressSpace {
  readonly #direct: readonly DirectRange[];
  readonly #pageTable: PageTable | undefined;

  constructor(direct: readonly DirectRange[], pageTable?: PageTable) {
    this.#direct = direct;
    this.#pageTable = pageTable;
  }

  forget(): void {
    this.#pageTable?.forget();
  }

  /** Physical address of `address`. @throws UnreadableMemory when nothing maps it. */
  translate(address: Address): number {
    const direct = this.direct(address);
    if (direct !== undefined) {
      return direct;
    }
    if (!this.#pageTable) {
      throw new UnreadableMemory(address, 1);
    }
    return this.#pageTable.translate(address);
  }

  /** Physical address when `address` lies in a direct range: what follows it is contiguous. */
  direct(address: Address): number | undefined {
    for (const range of this.#direct) {
      if (address >= range.begin && address < range.end) {
        return address - range.begin + range.physical;
      }
    }
    return undefined;
  }

  /** The physical pieces of a virtual range, in order. */
  pieces(address: Address, length: number): { physical: number; length: number }[] {
    const direct = this.direct(address);
    if (direct !== undefined) {
      return [{ physical: direct, length }];
    }
    const pieces: { physical: number; length: number }[] = [];
    for (let done = 0; done < length; ) {
      const at = address + done;
      const inPage = ((at % PAGE) + PAGE) % PAGE;
      const count = Math.min(length - done, PAGE - inPage);
      const physical = this.translate(at);
      const last = pieces.at(-1);
      if (last && last.physical + last.length === physical) {
        last.length += count;
      } else {
        pieces.push({ physical, length: count });
      }
      done += count;
    }
    return pieces;
  }
}
