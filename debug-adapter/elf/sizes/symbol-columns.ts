/** A symbol table in columns: hundreds of thousands of rows cost no object each. */
import type { ElfFile } from '../elf-file.ts';

const SYMBOL_TABLE = 2;
const DYNAMIC_SYMBOL_TABLE = 11;
const EXTENDED_INDICES = 18;
const ENTRY_SIZE = 24;
const EXTENDED_INDEX = 0xffff;
const RESERVED_SECTIONS = 0xff00;
const TWO_TO_32 = 0x1_0000_0000;

/** ELF's symbol types. */
export const SymbolType = {
  none: 0,
  object: 1,
  function: 2,
  section: 3,
  file: 4,
  common: 5,
  tls: 6,
  indirect: 10,
} as const;

export interface SymbolColumns {
  count: number;
  /** Signed canonical address; in a relocatable file the offset in its section. */
  value: Float64Array;
  size: Float64Array;
  /** Index of the section; 0 undefined, -1 reserved (absolute, common). */
  section: Int32Array;
  type: Uint8Array;
  /** 0 local, 1 global, 2 weak. */
  binding: Uint8Array;
  nameOffset: Uint32Array;
  /** For a local symbol the row that names its source file (STT_FILE); 0 for none. */
  fileRow: Uint32Array;
  /** The names, zero-terminated. */
  strings: Buffer;
  /** From `.dynsym`, because the file is stripped of the other. */
  isDynamic: boolean;
}

/** The rows of `.symtab`, or of `.dynsym` when the file is stripped; undefined when there is neither. Row 0 is no symbol. */
export function readSymbolColumns(elf: ElfFile): SymbolColumns | undefined {
  const full = elf.sections.find((section) => section.type === SYMBOL_TABLE && section.size > 0);
  const table = full ?? elf.sections.find((section) => section.type === DYNAMIC_SYMBOL_TABLE && section.size > 0);
  if (!table) {
    return undefined;
  }
  const bytes = elf.contents(table);
  const strings = elf.contents(elf.sections[table.link]);
  const extended = elf.sections.find((section) => section.type === EXTENDED_INDICES && section.link === table.index);
  const indices = elf.contents(extended);
  const count = Math.floor(bytes.length / ENTRY_SIZE);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const columns: SymbolColumns = {
    count,
    value: new Float64Array(count),
    size: new Float64Array(count),
    section: new Int32Array(count),
    type: new Uint8Array(count),
    binding: new Uint8Array(count),
    nameOffset: new Uint32Array(count),
    fileRow: new Uint32Array(count),
    strings,
    isDynamic: !full,
  };
  let fileRow = 0;
  for (let index = 0, at = 0; index < count; index++, at += ENTRY_SIZE) {
    const information = view.getUint8(at + 4);
    const section = view.getUint16(at + 6, true);
    columns.nameOffset[index] = view.getUint32(at, true);
    columns.type[index] = information & 15;
    columns.binding[index] = information >> 4;
    if (information === SymbolType.file) {
      // One without a name ends what the file before it began: the linker's own symbols follow.
      fileRow = columns.nameOffset[index] === 0 ? 0 : index;
    }
    columns.fileRow[index] = information >> 4 === 0 ? fileRow : 0;
    columns.value[index] = view.getInt32(at + 12, true) * TWO_TO_32 + view.getUint32(at + 8, true);
    columns.size[index] = view.getUint32(at + 20, true) * TWO_TO_32 + view.getUint32(at + 16, true);
    if (section === EXTENDED_INDEX) {
      columns.section[index] = index * 4 + 4 <= indices.length ? indices.readUInt32LE(index * 4) : -1;
    } else {
      columns.section[index] = section >= RESERVED_SECTIONS ? -1 : section;
    }
  }
  return columns;
}

/** The name of row `index`; empty when it has none. */
export function symbolName(columns: SymbolColumns, index: number): string {
  const start = columns.nameOffset[index] as number;
  const { strings } = columns;
  if (start >= strings.length) {
    return '';
  }
  const end = strings.indexOf(0, start);
  return strings.toString('latin1', start, end < 0 ? strings.length : end);
}
