/** Units of .debug_info and their entries, versions 2 to 5, read in place. */
import { readSigned64, readUnsigned64 } from '../../../guest/address.ts';
import { textAt } from '../../elf-file.ts';
import type { Abbreviation } from './abbreviations.ts';

/** The sections that entries refer to. */
export interface UnitSections {
  info: Buffer;
  strings: Buffer;
  lineStrings: Buffer;
  stringOffsets: Buffer;
  addresses: Buffer;
}

/** The head of a unit. */
export interface UnitHeader {
  /** Where it begins, and one past its end, in .debug_info. */
  begin: number;
  end: number;
  version: number;
  wide: boolean;
  addressSize: number;
  abbreviations: number;
  /** Where its first entry begins. */
  entries: number;
  isCompileUnit: boolean;
}

const UNIT_COMPILE = 1;
const UNIT_SKELETON = 4;
const UNIT_SPLIT = 5;
const UNIT_TYPE = 2;
const UNIT_SPLIT_TYPE = 6;
const UNIT_PARTIAL = 3;

/** @throws RangeError when it is broken or of an unknown version. */
export function readUnitHeader(info: Buffer, begin: number): UnitHeader {
  let at = begin;
  let length = info.readUInt32LE(at);
  at += 4;
  const wide = length === 0xffffffff;
  if (wide) {
    length = readUnsigned64(info, at);
    at += 8;
  }
  const end = at + length;
  const version = info.readUInt16LE(at);
  at += 2;
  if (end > info.length || version < 2 || version > 5) {
    throw new RangeError('unit of an unknown form');
  }
  const offset = (): number => {
    at += wide ? 8 : 4;
    return wide ? readUnsigned64(info, at - 8) : info.readUInt32LE(at - 4);
  };
  if (version < 5) {
    const abbreviations = offset();
    const addressSize = info.readUInt8(at++);
    return { begin, end, version, wide, addressSize, abbreviations, entries: at, isCompileUnit: true };
  }
  const type = info.readUInt8(at++);
  const addressSize = info.readUInt8(at++);
  const abbreviations = offset();
  if (type === UNIT_SKELETON || type === UNIT_SPLIT) {
    at += 8;
  } else if (type === UNIT_TYPE || type === UNIT_SPLIT_TYPE) {
    at += 8;
    offset();
  }
  const isCompileUnit = type === UNIT_COMPILE || type === UNIT_SKELETON || type === UNIT_PARTIAL;
  return { begin, end, version, wide, addressSize, abbreviations, entries: at, isCompileUnit };
}

/** Reads entries of one unit. Reading past the section's end throws a RangeError. */
export class EntryReader {
  readonly unit: UnitHeader;
  position: number;
  /** DW_AT_str_offsets_base and DW_AT_addr_base of the unit. */
  stringOffsetsBase: number;
  addressBase: number;
  readonly #sections: UnitSections;
  readonly #info: Buffer;

  constructor(sections: UnitSections, unit: UnitHeader) {
    this.unit = unit;
    this.#sections = sections;
    this.#info = sections.info;
    this.position = unit.entries;
    this.stringOffsetsBase = unit.wide ? 16 : 8;
    this.addressBase = unit.wide ? 16 : 8;
  }

  uleb(): number {
    const info = this.#info;
    let byte = info[this.position++];
    if (byte === undefined) {
      throw new RangeError('entry past the end');
    }
    if (byte < 0x80) {
      return byte;
    }
    let value = byte & 0x7f;
    for (let scale = 128; ; scale *= 128) {
      byte = info[this.position++];
      if (byte === undefined || scale > 2 ** 63) {
        throw new RangeError('number past the end');
      }
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        return value;
      }
    }
  }

  /** Skips the attributes of an entry. */
  skip(abbreviation: Abbreviation): void {
    const { attributes } = abbreviation;
    for (let index = 1; index < attributes.length; index += 2) {
      this.skipForm(attributes[index] as number);
    }
  }

  skipForm(form: number): void {
    const size = this.#fixedSize(form);
    if (size >= 0) {
      this.position += size;
      return;
    }
    switch (form) {
      case 0x08:
        this.#skipText();
        break;
      case 0x0a:
        this.position += 1 + this.#info.readUInt8(this.position);
        break;
      case 0x03:
        this.position += 2 + this.#info.readUInt16LE(this.position);
        break;
      case 0x04:
        this.position += 4 + this.#info.readUInt32LE(this.position);
        break;
      case 0x09:
      case 0x18: {
        const length = this.uleb();
        this.position += length;
        break;
      }
      case 0x16:
        this.skipForm(this.uleb());
        break;
      case 0x0d:
      case 0x0f:
      case 0x15:
      case 0x1a:
      case 0x1b:
      case 0x22:
      case 0x23:
      case 0x1f01:
      case 0x1f02:
        this.#skipLeb();
        break;
      default:
        throw new RangeError(`unknown form ${form}`);
    }
  }

  /** A number: constant, flag, reference (from the section's begin), offset; an address through .debug_addr. */
  number(form: number, constant: number | undefined): number {
    const info = this.#info;
    const at = this.position;
    switch (form) {
      case 0x21:
        return constant ?? 0;
      case 0x19:
        return 1;
      case 0x0b:
      case 0x0c:
        this.position++;
        return info.readUInt8(at);
      case 0x05:
        this.position += 2;
        return info.readUInt16LE(at);
      case 0x06:
        this.position += 4;
        return info.readUInt32LE(at);
      case 0x07:
        this.position += 8;
        return readUnsigned64(info, at);
      case 0x01:
        this.position += this.unit.addressSize;
        return this.unit.addressSize === 8 ? readSigned64(info, at) : info.readUInt32LE(at);
      case 0x0d:
        return this.#sleb();
      case 0x0f:
        return this.uleb();
      case 0x11:
        this.position++;
        return this.unit.begin + info.readUInt8(at);
      case 0x12:
        this.position += 2;
        return this.unit.begin + info.readUInt16LE(at);
      case 0x13:
        this.position += 4;
        return this.unit.begin + info.readUInt32LE(at);
      case 0x14:
        this.position += 8;
        return this.unit.begin + readUnsigned64(info, at);
      case 0x15:
        return this.unit.begin + this.uleb();
      case 0x10:
      case 0x17:
        return this.#offset();
      case 0x1b:
        return this.address(this.uleb());
      case 0x29:
      case 0x2a:
      case 0x2b:
      case 0x2c:
        return this.address(this.#index(form - 0x28));
      default:
        this.skipForm(form);
        return Number.NaN;
    }
  }

  text(form: number): string {
    switch (form) {
      case 0x08: {
        const start = this.position;
        this.#skipText();
        return this.#info.toString('utf8', start, this.position - 1);
      }
      case 0x0e:
        return textAt(this.#sections.strings, this.#offset());
      case 0x1f:
        return textAt(this.#sections.lineStrings, this.#offset());
      case 0x1a:
        return this.#indexedText(this.uleb());
      case 0x25:
      case 0x26:
      case 0x27:
      case 0x28:
        return this.#indexedText(this.#index(form - 0x24));
      default:
        this.skipForm(form);
        return '';
    }
  }

  /** The address that a location expression names (`DW_OP_addr`, `DW_OP_addrx`); undefined when it is none of a fixed place. */
  fixedLocation(form: number): { address: number; isThreadLocal: boolean } | undefined {
    const length = this.#blockLength(form);
    if (length === undefined) {
      this.skipForm(form);
      return undefined;
    }
    const start = this.position;
    const info = this.#info;
    const operation = info[start];
    let found: { address: number; isThreadLocal: boolean } | undefined;
    if (operation === 0x03 && length === 9) {
      found = { address: readSigned64(info, start + 1), isThreadLocal: false };
    } else if ((operation === 0xa1 || operation === 0xfb) && length >= 2) {
      this.position = start + 1;
      const address = this.address(this.uleb());
      found = this.position === start + length ? { address, isThreadLocal: false } : undefined;
    } else if (operation === 0x0e && length === 10 && (info[start + 9] === 0xe0 || info[start + 9] === 0x9b)) {
      found = { address: readUnsigned64(info, start + 1), isThreadLocal: true };
    }
    this.position = start + length;
    return found && !Number.isNaN(found.address) ? found : undefined;
  }

  /** Entry `index` of .debug_addr; NaN when there is none. */
  address(index: number): number {
    const at = this.addressBase + index * 8;
    return at + 8 <= this.#sections.addresses.length ? readSigned64(this.#sections.addresses, at) : Number.NaN;
  }

  #blockLength(form: number): number | undefined {
    switch (form) {
      case 0x09:
      case 0x18:
        return this.uleb();
      case 0x0a:
        return this.#info.readUInt8(this.position++);
      case 0x03:
        this.position += 2;
        return this.#info.readUInt16LE(this.position - 2);
      case 0x04:
        this.position += 4;
        return this.#info.readUInt32LE(this.position - 4);
      default:
        return undefined;
    }
  }

  /** Bytes of a form of a fixed size; -1 for the others. */
  #fixedSize(form: number): number {
    switch (form) {
      case 0x19:
      case 0x21:
        return 0;
      case 0x0b:
      case 0x0c:
      case 0x11:
      case 0x25:
      case 0x29:
        return 1;
      case 0x05:
      case 0x12:
      case 0x26:
      case 0x2a:
        return 2;
      case 0x27:
      case 0x2b:
        return 3;
      case 0x06:
      case 0x13:
      case 0x1c:
      case 0x28:
      case 0x2c:
        return 4;
      case 0x07:
      case 0x14:
      case 0x20:
      case 0x24:
        return 8;
      case 0x1e:
        return 16;
      case 0x01:
        return this.unit.addressSize;
      case 0x10:
        return this.unit.version === 2 ? this.unit.addressSize : this.unit.wide ? 8 : 4;
      case 0x0e:
      case 0x17:
      case 0x1d:
      case 0x1f:
      case 0x1f20:
      case 0x1f21:
        return this.unit.wide ? 8 : 4;
      default:
        return -1;
    }
  }

  #offset(): number {
    const at = this.position;
    this.position += this.unit.wide ? 8 : 4;
    return this.unit.wide ? readUnsigned64(this.#info, at) : this.#info.readUInt32LE(at);
  }

  #index(bytes: number): number {
    this.position += bytes;
    return this.#info.readUIntLE(this.position - bytes, bytes);
  }

  #indexedText(index: number): string {
    const { stringOffsets, strings } = this.#sections;
    const size = this.unit.wide ? 8 : 4;
    const at = this.stringOffsetsBase + index * size;
    if (at + size > stringOffsets.length) {
      return '';
    }
    return textAt(strings, this.unit.wide ? readUnsigned64(stringOffsets, at) : stringOffsets.readUInt32LE(at));
  }

  #skipText(): void {
    const end = this.#info.indexOf(0, this.position);
    if (end < 0) {
      throw new RangeError('text without an end');
    }
    this.position = end + 1;
  }

  #skipLeb(): void {
    const info = this.#info;
    for (;;) {
      const byte = info[this.position++];
      if (byte === undefined) {
        throw new RangeError('number past the end');
      }
      if (byte < 0x80) {
        return;
      }
    }
  }

  #sleb(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#info[this.position++];
      if (byte === undefined || scale > 2 ** 63) {
        throw new RangeError('number past the end');
      }
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) {
        return byte & 0x40 ? value - scale : value;
      }
    }
  }
}
