import { readSigned64, readUnsigned64 } from '../guest/address.ts';

/** Reads DWARF's primitive values in order. Reading past the end throws a RangeError. */
export class ByteReader {
  readonly bytes: Buffer;
  position: number;

  constructor(bytes: Buffer, position = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  u8(): number {
    return this.bytes.readUInt8(this.position++);
  }

  i8(): number {
    return this.bytes.readInt8(this.position++);
  }

  u16(): number {
    this.position += 2;
    return this.bytes.readUInt16LE(this.position - 2);
  }

  u32(): number {
    this.position += 4;
    return this.bytes.readUInt32LE(this.position - 4);
  }

  u64(): number {
    this.position += 8;
    return readUnsigned64(this.bytes, this.position - 8);
  }

  /** An address of `size` bytes, signed. */
  address(size: number): number {
    this.position += size;
    return size === 8
      ? readSigned64(this.bytes, this.position - 8)
      : this.bytes.readUIntLE(this.position - size, Math.min(size, 6));
  }

  /** Unsigned LEB128, exact below 2^53. */
  uleb(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        return value;
      }
      scale *= 128;
    }
    throw new RangeError('LEB128 value too long');
  }

  /** Signed LEB128, exact below 2^53. */
  sleb(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) {
        return byte & 0x40 ? value - scale : value;
      }
    }
    throw new RangeError('LEB128 value too long');
  }

  /** A zero-terminated text. */
  text(): string {
    const end = this.bytes.indexOf(0, this.position);
    if (end < 0) {
      throw new RangeError('text without an end');
    }
    const value = this.bytes.toString('utf8', this.position, end);
    this.position = end + 1;
    return value;
  }
}
