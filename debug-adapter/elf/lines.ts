import { ByteReader } from './byte-reader.ts';
import type { ElfFile } from './elf-file.ts';
import type { Call } from './inlined-calls.ts';
import { type LineHeader, type LineStrings, readLineHeader } from './line-header.ts';

/** A place in a source file; `line` counts from 1. */
export interface SourceLine {
  file: string;
  line: number;
}

/** A run of instructions, its rows in ascending address order. */
interface Sequence {
  low: number;
  /** One past the last. */
  high: number;
  /** Where its program's head lies in .debug_line. */
  unit: number;
}

const COMPRESSED = 0x800;

/**
 * Address → file:line from .debug_line, without gdb. The first question runs through every program once to learn which one
 * covers which addresses; later ones decode one program, kept for the next question.
 */
export class LineTable {
  readonly #lines: Buffer;
  readonly #strings: LineStrings;
  #sequences: Sequence[] | undefined;
  readonly #files = new Map<number, string[]>();

  constructor(elf: ElfFile) {
    const section = elf.section('.debug_line');
    // Compressed debug sections are not read: places are then told without a line.
    this.#lines = section && !(section.flags & COMPRESSED) ? elf.contents(section) : Buffer.alloc(0);
    let strings: Buffer | undefined;
    this.#strings = {
      // Big, and needed by older versions of DWARF alone.
      get strings() {
        strings ??= elf.contents(elf.section('.debug_str'));
        return strings;
      },
      lineStrings: elf.contents(elf.section('.debug_line_str')),
    };
  }

  /** The line that the instruction at `address` belongs to; undefined when nobody knows. */
  at(address: number): SourceLine | undefined {
    return this.#last(address, Number.NEGATIVE_INFINITY);
  }

  /**
   * The line of the function that begins at `begin`, in its own file: where another function is inlined at `address`, the line before
   * that, which calls it. Undefined when nobody knows.
   */
  inFunction(address: number, begin: number): SourceLine | undefined {
    const own = this.at(begin)?.file;
    return own === undefined ? undefined : this.#last(address, begin, own);
  }

  /** The place of a call that .debug_info tells. */
  ofCall({ unit, file, line }: Call): SourceLine | undefined {
    const name = (this.#files.get(unit) ?? this.#run(unit, () => undefined)?.files)?.[file];
    return name === undefined ? undefined : { file: name, line };
  }

  /** The last row from `begin` up to `address`, of one file or of any. */
  #last(address: number, begin: number, file?: string): SourceLine | undefined {
    this.#sequences ??= this.#index();
    const sequence = this.#sequences.find((candidate) => address >= candidate.low && address < candidate.high);
    if (!sequence) {
      return undefined;
    }
    const from = Math.max(begin, sequence.low);
    const files = this.#files.get(sequence.unit) ?? [];
    let found: SourceLine | undefined;
    this.#run(sequence.unit, (row, index, line, end) => {
      const name = files[index];
      if (row >= from && row <= address && !end && (file === undefined || name === file)) {
        found = name && line > 0 ? { file: name, line } : undefined;
      }
    });
    return found;
  }

  #index(): Sequence[] {
    const sequences: Sequence[] = [];
    for (let unit = 0; unit + 4 < this.#lines.length; ) {
      let low: number | undefined;
      const start = unit;
      const header = this.#run(start, (address, _file, _line, end) => {
        low ??= address;
        if (end) {
          // Functions that the linker dropped stand at address 0.
          if (low !== 0 && address > low) {
            sequences.push({ low, high: address, unit: start });
          }
          low = undefined;
        }
      });
      if (!header || header.end <= unit) {
        break;
      }
      unit = header.end;
    }
    return sequences;
  }

  /** Runs the program at `unit` and tells each row. A broken program ends early. */
  #run(unit: number, row: (address: number, file: number, line: number, end: boolean) => void): LineHeader | undefined {
    const reader = new ByteReader(this.#lines, unit);
    let header: LineHeader;
    try {
      header = readLineHeader(reader, this.#strings);
    } catch {
      return undefined;
    }
    header.files = this.#files.get(unit) ?? header.files;
    this.#files.set(unit, header.files);
    reader.position = header.begin;
    try {
      while (reader.position < header.end) {
        runSequence(reader, header, row);
      }
    } catch (error) {
      if (!(error instanceof RangeError)) {
        throw error;
      }
    }
    return header;
  }
}

/** One sequence of the line-number state machine (DWARF 5, section 6.2.5). */
function runSequence(
  reader: ByteReader,
  header: LineHeader,
  row: (address: number, file: number, line: number, end: boolean) => void,
): void {
  let address = 0;
  let file = 1;
  let line = 1;
  const constantAdvance = Math.floor((255 - header.opcodeBase) / header.lineRange) * header.minimumInstructionLength;
  while (reader.position < header.end) {
    const opcode = reader.u8();
    if (opcode >= header.opcodeBase) {
      const adjusted = opcode - header.opcodeBase;
      address += Math.floor(adjusted / header.lineRange) * header.minimumInstructionLength;
      line += header.lineBase + (adjusted % header.lineRange);
      row(address, file, line, false);
      continue;
    }
    switch (opcode) {
      case 0: {
        const length = reader.uleb();
        const next = reader.position + length;
        const extended = length > 0 ? reader.u8() : 0;
        if (extended === 1) {
          row(address, file, line, true);
          reader.position = next;
          return;
        }
        if (extended === 2) {
          address = reader.address(length - 1);
        }
        reader.position = next;
        break;
      }
      case 1:
        row(address, file, line, false);
        break;
      case 2:
        address += reader.uleb() * header.minimumInstructionLength;
        break;
      case 3:
        line += reader.sleb();
        break;
      case 4:
        file = reader.uleb();
        break;
      case 8:
        address += constantAdvance;
        break;
      case 9:
        address += reader.u16();
        break;
      default:
        for (let operand = header.opcodeLengths[opcode - 1] ?? 0; operand > 0; operand--) {
          reader.uleb();
        }
    }
  }
}
