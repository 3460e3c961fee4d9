import type { ByteReader } from './byte-reader.ts';
import { textAt } from './elf-file.ts';

/** The head of one line-number program (DWARF 2 to 5, section 6.2.4). */
export interface LineHeader {
  /** Where the opcodes begin and end in .debug_line. */
  begin: number;
  end: number;
  addressSize: number;
  minimumInstructionLength: number;
  lineBase: number;
  lineRange: number;
  opcodeBase: number;
  /** Operands of each standard opcode, from opcode 1. */
  opcodeLengths: number[];
  /** Full paths where the program knows the directory; index as the opcodes use it. */
  files: string[];
}

/** .debug_str and .debug_line_str, for names that stand there. */
export interface LineStrings {
  strings: Buffer;
  lineStrings: Buffer;
}

const CONTENT_PATH = 1;
const CONTENT_DIRECTORY = 2;

/** Reads the head at the reader's position. @throws RangeError when it is broken or of an unknown version. */
export function readLineHeader(reader: ByteReader, strings: LineStrings): LineHeader {
  let length = reader.u32();
  let wide = false;
  if (length === 0xffffffff) {
    wide = true;
    length = reader.u64();
  }
  const end = reader.position + length;
  const version = reader.u16();
  if (end > reader.bytes.length || version < 2 || version > 5) {
    throw new RangeError('line-number program of an unknown form');
  }
  let addressSize = 8;
  if (version >= 5) {
    addressSize = reader.u8();
    reader.u8();
  }
  const headerLength = wide ? reader.u64() : reader.u32();
  const begin = reader.position + headerLength;
  const minimumInstructionLength = reader.u8();
  if (version >= 4) {
    reader.u8();
  }
  reader.u8();
  const lineBase = reader.i8();
  const lineRange = reader.u8();
  const opcodeBase = reader.u8();
  const opcodeLengths = Array.from({ length: Math.max(0, opcodeBase - 1) }, () => reader.u8());
  const files = version >= 5 ? readFiles5(reader, strings, wide) : readFiles4(reader);
  if (begin > end || lineRange === 0) {
    throw new RangeError('broken line-number program');
  }
  const header = { begin, end, addressSize, minimumInstructionLength, lineBase, lineRange, opcodeBase };
  return { ...header, opcodeLengths, files };
}

function readFiles5(reader: ByteReader, strings: LineStrings, wide: boolean): string[] {
  const directories = readEntries(reader, strings, wide).map((entry) => entry.path);
  const compilation = directories[0] ?? '';
  return readEntries(reader, strings, wide).map((entry) =>
    joined(joined(compilation, directories[entry.directory] ?? ''), entry.path),
  );
}

function readEntries(reader: ByteReader, strings: LineStrings, wide: boolean): { path: string; directory: number }[] {
  const formats = Array.from({ length: reader.u8() }, () => ({ content: reader.uleb(), form: reader.uleb() }));
  const count = reader.uleb();
  const entries: { path: string; directory: number }[] = [];
  for (let index = 0; index < count; index++) {
    const entry = { path: '', directory: 0 };
    for (const { content, form } of formats) {
      const value = readForm(reader, form, strings, wide);
      if (content === CONTENT_PATH) {
        entry.path = String(value);
      } else if (content === CONTENT_DIRECTORY) {
        entry.directory = Number(value);
      }
    }
    entries.push(entry);
    if (formats.length === 0) {
      break;
    }
  }
  return entries;
}

/** The forms that DWARF 5 allows here. */
function readForm(reader: ByteReader, form: number, strings: LineStrings, wide: boolean): string | number {
  switch (form) {
    case 0x08:
      return reader.text();
    case 0x0e:
      return textAt(strings.strings, wide ? reader.u64() : reader.u32());
    case 0x1f:
      return textAt(strings.lineStrings, wide ? reader.u64() : reader.u32());
    case 0x0f:
      return reader.uleb();
    case 0x0b:
      return reader.u8();
    case 0x05:
      return reader.u16();
    case 0x06:
      return reader.u32();
    case 0x07:
      return reader.u64();
    case 0x1e:
      reader.position += 16;
      return '';
    case 0x09: {
      const length = reader.uleb();
      reader.position += length;
      return '';
    }
    default:
      throw new RangeError(`unknown form ${form} in a line-number program`);
  }
}

function readFiles4(reader: ByteReader): string[] {
  const directories = [''];
  for (let text = reader.text(); text !== ''; text = reader.text()) {
    directories.push(text);
  }
  const files = [''];
  for (let text = reader.text(); text !== ''; text = reader.text()) {
    files.push(joined(directories[reader.uleb()] ?? '', text));
    reader.uleb();
    reader.uleb();
  }
  return files;
}

function joined(directory: string, path: string): string {
  return path.startsWith('/') || directory === '' ? path : path === '' ? directory : `${directory}/${path}`;
}
