import { ByteReader } from './byte-reader.ts';
import { ATTRIBUTE, type Entry, readDeclarations, readEntry, skipChildren, TAG } from './debug-entries.ts';
import type { ElfFile, Section } from './elf-file.ts';

const COMPRESSED = 0x800;
/** What a unit's entries look like, and the ranges of one of them, are shorter. */
const LONGEST_DECLARATIONS = 1 << 18;
const LONGEST_RANGES = 1 << 16;

/** A call in the source of a function. */
export interface Call {
  /** Where the program of its lines lies in .debug_line. */
  unit: number;
  /** Number of its file there. */
  file: number;
  line: number;
}

/** One compile unit, being read. */
interface Unit {
  reader: ByteReader;
  declarations: ReturnType<typeof readDeclarations>;
  base: number;
  lines: number;
}

/** Code that a function has of others, which were inlined into it: from .debug_info, one compile unit at a time, without gdb. */
export class InlinedCalls {
  readonly #elf: ElfFile;
  /** Begin, end and unit of each range of code, by .debug_aranges. */
  #ranges: [begin: number, end: number, unit: number][] | undefined;

  constructor(elf: ElfFile) {
    this.#elf = elf;
  }

  /**
   * The call, in the function that `address` lies in, of what was inlined there; null when the code is the function's own, undefined
   * when nobody knows.
   */
  callAt(address: number): Call | null | undefined {
    try {
      this.#ranges ??= this.#readRanges();
      const offset = this.#ranges.find(([begin, end]) => address >= begin && address < end)?.[2];
      const unit = offset === undefined ? undefined : this.#unit(offset);
      return unit && this.#search(unit, address);
    } catch (error) {
      if (error instanceof RangeError) {
        return undefined;
      }
      throw error;
    }
  }

  /** Among siblings, from the reader's position on; undefined when none of them has the address. */
  #search(unit: Unit, address: number): Call | null | undefined {
    const { reader, declarations } = unit;
    for (let entry = readEntry(reader, declarations); entry; entry = readEntry(reader, declarations)) {
      const isCode = entry.tag === TAG.subprogram || entry.tag === TAG.lexicalBlock || entry.tag === TAG.inlined;
      if (isCode && this.#covers(unit, entry, address)) {
        if (entry.tag === TAG.inlined) {
          return callOf(unit, entry);
        }
        const inner = entry.hasChildren ? this.#search(unit, address) : undefined;
        // A function's own code; what lies in a block of it is told by who asked.
        return inner ?? null;
      }
      const found = entry.tag === TAG.namespace && entry.hasChildren ? this.#search(unit, address) : undefined;
      if (found !== undefined) {
        return found;
      }
      if (entry.tag !== TAG.namespace) {
        skipChildren(reader, declarations, entry, 0);
      }
    }
    return undefined;
  }

  #covers({ base }: Unit, { values, isHighAddress }: Entry, address: number): boolean {
    const low = values.get(ATTRIBUTE.low);
    const high = values.get(ATTRIBUTE.high);
    if (low !== undefined && high !== undefined) {
      return address >= low && address < (isHighAddress ? high : low + high);
    }
    const ranges = values.get(ATTRIBUTE.ranges);
    return ranges !== undefined && this.#isInRanges(ranges, base, address);
  }

  /** A list of .debug_rnglists (DWARF 5, section 2.17.3). */
  #isInRanges(offset: number, unitBase: number, address: number): boolean {
    const reader = new ByteReader(this.#part('.debug_rnglists', offset, LONGEST_RANGES));
    let base = unitBase;
    for (;;) {
      const kind = reader.u8();
      let begin = 0;
      let end = 0;
      if (kind === 4) {
        begin = base + reader.uleb();
        end = base + reader.uleb();
      } else if (kind === 5) {
        base = reader.address(8);
      } else if (kind === 6) {
        begin = reader.address(8);
        end = reader.address(8);
      } else if (kind === 7) {
        begin = reader.address(8);
        end = begin + reader.uleb();
      } else {
        return false; // the end, or by a table that gcc does not make
      }
      if (address >= begin && address < end) {
        return true;
      }
    }
  }

  #unit(offset: number): Unit | undefined {
    const length = this.#part('.debug_info', offset, 4).readUInt32LE();
    const reader = new ByteReader(this.#part('.debug_info', offset, length + 4), 4);
    if (reader.u16() !== 5) {
      return undefined;
    }
    reader.position += 2; // kind of unit, size of an address
    const declarations = readDeclarations(this.#part('.debug_abbrev', reader.u32(), LONGEST_DECLARATIONS));
    const own = readEntry(reader, declarations);
    return (
      own && {
        reader,
        declarations,
        base: own.values.get(ATTRIBUTE.low) ?? 0,
        lines: own.values.get(ATTRIBUTE.lines) ?? 0,
      }
    );
  }

  #readRanges(): [number, number, number][] {
    const section = this.#section('.debug_aranges');
    const reader = new ByteReader(section ? this.#elf.contents(section) : Buffer.alloc(0));
    const ranges: [number, number, number][] = [];
    while (reader.position + 12 <= reader.bytes.length) {
      const begin = reader.position;
      const end = begin + 4 + reader.u32();
      reader.position += 2;
      const unit = reader.u32();
      // Pairs are aligned to their size.
      reader.position = begin + 16;
      while (reader.position + 16 <= end) {
        const address = reader.address(8);
        const length = reader.u64();
        if (length > 0 && address !== 0) {
          ranges.push([address, address + length, unit]);
        }
      }
      reader.position = end;
    }
    return ranges;
  }

  /** Up to `length` bytes of a section. @throws RangeError where it has none. */
  #part(name: string, offset: number, length: number): Buffer {
    const section = this.#section(name);
    if (!section || offset >= section.size) {
      throw new RangeError(`nothing at ${offset} of ${name}`);
    }
    return this.#elf.read(section.offset + offset, Math.min(length, section.size - offset));
  }

  /** Compressed debug sections are not read. */
  #section(name: string): Section | undefined {
    const section = this.#elf.section(name);
    return section && !(section.flags & COMPRESSED) ? section : undefined;
  }
}

function callOf({ lines }: Unit, { values }: Entry): Call | undefined {
  const file = values.get(ATTRIBUTE.callFile);
  const line = values.get(ATTRIBUTE.callLine);
  return file === undefined || line === undefined ? undefined : { unit: lines, file, line };
}
