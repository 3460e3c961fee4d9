import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { readSigned64, readUnsigned64 } from '../guest/address.ts';
import { type Symbol as ElfSymbol, readSymbols } from './symbols.ts';

/** A section of an ELF file. */
export interface Section {
  name: string;
  /** ELF's sh_type: 1 contents, 2 symbol table, 3 strings, 7 note, 8 no bits. */
  type: number;
  flags: number;
  /** Signed canonical address; 0 when it is not loaded. */
  address: number;
  offset: number;
  size: number;
  link: number;
  /** ELF's sh_info: for relocations the section that they change. */
  info: number;
  /** In bytes; 0 and 1 mean none. */
  alignment: number;
  entrySize: number;
  index: number;
}

/** A segment: loadable (PT_LOAD), or notes (PT_NOTE). */
export interface Segment {
  virtual: number;
  physical: number;
  offset: number;
  fileSize: number;
  memorySize: number;
}

const SECTION_NO_BITS = 8;
const SEGMENT_LOAD = 1;
const SEGMENT_NOTE = 4;
/** PN_XNUM. */
const MANY_SEGMENTS = 0xffff;
/** No section of a kernel is larger: a bound on what a broken header can make us read. */
const LARGEST_SECTION = 1 << 30;

/**
 * An ELF64 little-endian file (System V ABI, "Object Files"), read section by section.
 * @throws Error with one sentence when the file cannot be opened or is no such ELF.
 */
export class ElfFile {
  readonly path: string;
  readonly size: number;
  readonly entry: number;
  readonly machine: number;
  /** ELF's e_type: 2 executable, 3 shared, 4 core. */
  readonly type: number;
  readonly sections: readonly Section[];
  /** Loadable ones. */
  readonly segments: readonly Segment[];
  readonly noteSegments: readonly Segment[];
  readonly #descriptor: number;
  #symbols: readonly ElfSymbol[] | undefined;
  #closed = false;

  constructor(path: string) {
    this.path = path;
    this.#descriptor = openRegular(path);
    try {
      this.size = fstatSync(this.#descriptor).size;
      const header = this.read(0, Math.min(64, this.size));
      if (header.length < 64 || header.readUInt32BE(0) !== 0x7f454c46) {
        throw new Error(`${path} is not an ELF file.`);
      }
      if (header[4] !== 2 || header[5] !== 1) {
        throw new Error(`${path} is not a 64-bit little-endian ELF file.`);
      }
      this.type = header.readUInt16LE(16);
      this.machine = header.readUInt16LE(18);
      this.entry = readSigned64(header, 24);
      this.segments = this.#readSegments(header, SEGMENT_LOAD);
      this.noteSegments = this.#readSegments(header, SEGMENT_NOTE);
      this.sections = this.#readSections(header);
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
  }

  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      closeSync(this.#descriptor);
    }
  }

  /** Bytes of the file. @throws Error when the range is not in the file. */
  read(offset: number, length: number): Buffer {
    if (!(offset >= 0 && length >= 0 && length <= LARGEST_SECTION && offset + length <= this.size)) {
      throw new Error(`${this.path} is cut short or broken (bytes ${offset} to ${offset + length}).`);
    }
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const count = readSync(this.#descriptor, bytes, done, length - done, offset + done);
      if (count === 0) {
        throw new Error(`${this.path} is cut short or broken (bytes ${offset} to ${offset + length}).`);
      }
      done += count;
    }
    return bytes;
  }

  section(name: string): Section | undefined {
    return this.sections.find((section) => section.name === name);
  }

  /** Contents of a section as they stand in the file; empty for one without bits, or when there is none such. */
  contents(section: Section | undefined): Buffer {
    return section && section.type !== SECTION_NO_BITS ? this.read(section.offset, section.size) : Buffer.alloc(0);
  }

  /** Whether there is debug information to read types from. */
  get hasDebugInformation(): boolean {
    return this.sections.some((section) => section.name === '.debug_info' || section.name === '.zdebug_info');
  }

  /** Every named symbol that has an address, in the file's order. Read once. */
  get symbols(): readonly ElfSymbol[] {
    this.#symbols ??= readSymbols(this);
    return this.#symbols;
  }

  #readSegments(header: Buffer, type: number): Segment[] {
    const entrySize = header.readUInt16LE(54);
    const count = this.#segmentCount(header);
    if (count === 0 || entrySize < 56) {
      return [];
    }
    const table = this.read(readUnsigned64(header, 32), entrySize * count);
    const segments: Segment[] = [];
    for (let at = 0; at < table.length; at += entrySize) {
      if (table.readUInt32LE(at) === type) {
        segments.push({
          offset: readUnsigned64(table, at + 8),
          virtual: readSigned64(table, at + 16),
          physical: readUnsigned64(table, at + 24),
          fileSize: readUnsigned64(table, at + 32),
          memorySize: readUnsigned64(table, at + 40),
        });
      }
    }
    return segments;
  }

  /** More segments than fit the header's field are counted by the first section's sh_info. */
  #segmentCount(header: Buffer): number {
    const count = header.readUInt16LE(56);
    const firstSection = readUnsigned64(header, 40);
    return count === MANY_SEGMENTS && firstSection > 0 ? this.read(firstSection, 64).readUInt32LE(44) : count;
  }

  #readSections(header: Buffer): Section[] {
    const tableOffset = readUnsigned64(header, 40);
    const entrySize = header.readUInt16LE(58);
    const count = header.readUInt16LE(60);
    if (tableOffset === 0 || count === 0 || entrySize < 64) {
      return [];
    }
    const table = this.read(tableOffset, entrySize * count);
    const sections: (Section & { nameOffset: number })[] = [];
    for (let index = 0; index < count; index++) {
      const at = index * entrySize;
      sections.push({
        name: '',
        nameOffset: table.readUInt32LE(at),
        type: table.readUInt32LE(at + 4),
        flags: readUnsigned64(table, at + 8),
        address: readSigned64(table, at + 16),
        offset: readUnsigned64(table, at + 24),
        size: readUnsigned64(table, at + 32),
        link: table.readUInt32LE(at + 40),
        info: table.readUInt32LE(at + 44),
        alignment: readUnsigned64(table, at + 48),
        entrySize: readUnsigned64(table, at + 56),
        index,
      });
    }
    const names = this.contents(sections[header.readUInt16LE(62)]);
    return sections.map(({ nameOffset, ...section }) => ({ ...section, name: textAt(names, nameOffset) }));
  }
}

/** The zero-terminated text at `offset`; empty when it lies outside. */
export function textAt(strings: Buffer, offset: number): string {
  if (offset < 0 || offset >= strings.length) {
    return '';
  }
  const end = strings.indexOf(0, offset);
  return strings.toString('utf8', offset, end < 0 ? strings.length : end);
}

/** Opens what is a file only: a pipe would be waited for. */
function openRegular(path: string): number {
  try {
    if (statSync(path).isFile()) {
      return openSync(path, 'r');
    }
  } catch (error) {
    throw new Error(`The ELF ${path} cannot be opened: ${(error as NodeJS.ErrnoException).code ?? error}.`);
  }
  throw new Error(`${path} is not a file.`);
}
