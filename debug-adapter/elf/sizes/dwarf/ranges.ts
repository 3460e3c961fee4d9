/** Which compile unit the code and data at an address come from, by .debug_aranges (DWARF 5, section 6.1.2). */
import { ByteReader } from '../../byte-reader.ts';
import type { ElfFile } from '../../elf-file.ts';
import { debugSection } from './debug-sections.ts';

interface Range {
  low: number;
  high: number;
  /** Where the unit begins in .debug_info. */
  unit: number;
}

/** Looks units up by address; knows nothing where the compiler wrote no ranges. */
export class UnitRanges {
  readonly #ranges: Range[];

  constructor(elf: ElfFile) {
    this.#ranges = readRanges(debugSection(elf, 'aranges')).sort((a, b) => a.low - b.low);
  }

  /** Where the unit that covers `address` begins in .debug_info. */
  at(address: number): number | undefined {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ranges[middle] as Range).low <= address) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const range = this.#ranges[low - 1];
    return range && address < range.high ? range.unit : undefined;
  }
}

function readRanges(bytes: Buffer): Range[] {
  const ranges: Range[] = [];
  const reader = new ByteReader(bytes);
  try {
    while (reader.position + 12 < bytes.length) {
      const begin = reader.position;
      let length = reader.u32();
      const wide = length === 0xffffffff;
      if (wide) {
        length = reader.u64();
      }
      const end = reader.position + length;
      reader.u16();
      const unit = wide ? reader.u64() : reader.u32();
      const addressSize = reader.u8();
      reader.u8();
      // Pairs are aligned to their size, counted from the set's begin.
      const pair = addressSize * 2;
      reader.position = begin + Math.ceil((reader.position - begin) / pair) * pair;
      while (addressSize === 8 && reader.position + pair <= end) {
        const low = reader.address(8);
        const size = reader.u64();
        if (size > 0 && low !== 0) {
          ranges.push({ low, high: low + size, unit });
        }
      }
      reader.position = end;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) {
      throw error;
    }
    // What was read until the break holds.
  }
  return ranges;
}
