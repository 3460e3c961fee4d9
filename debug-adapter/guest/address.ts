/**
 * Addresses as numbers.
 *
 * A canonical x86-64 (or aarch64 TTBR1) address is a sign-extended 48-bit value. Read as a *signed* integer it fits a
 * double exactly: 0xffffffff80000000 is -0x80000000. So guest addresses are plain numbers, fast to add and compare, and
 * exact up to 53 bits. A 64-bit value that is not canonical is no address: `isCanonical` says so before it is used.
 */

/** A guest virtual address: the signed value of a canonical 64-bit address. */
export type Address = number;

const TWO_TO_32 = 0x1_0000_0000;
const CANONICAL_LIMIT = 2 ** 47;

/** Whether `value` can be a guest virtual address (48-bit canonical form). */
export function isCanonical(value: number): boolean {
  return value >= -CANONICAL_LIMIT && value < CANONICAL_LIMIT;
}

/** `0xffffffff80000000`, 18 characters at most, lower case, no padding. */
export function formatAddress(address: Address): string {
  return `0x${BigInt.asUintN(64, BigInt(address)).toString(16)}`;
}

/** Parses hexadecimal with `0x` or decimal. Throws a RangeError when the text is no canonical 64-bit address. */
export function parseAddress(text: string): Address {
  const value = Number(BigInt.asIntN(64, BigInt(text)));
  if (!isCanonical(value)) {
    throw new RangeError(`${text} is not a canonical 64-bit address`);
  }
  return value;
}

/** Bytes that can be read, such as a Buffer: pages in a browser import this file too, and have none. */
interface LittleEndian {
  readInt32LE(offset: number): number;
  readUInt32LE(offset: number): number;
}

/**
 * Reads a 64-bit little-endian value as a signed number: exact for every canonical address and for counters below 2^53.
 */
export function readSigned64(bytes: LittleEndian, offset: number): number {
  return bytes.readInt32LE(offset + 4) * TWO_TO_32 + bytes.readUInt32LE(offset);
}

/** Reads a 64-bit little-endian value as an unsigned number: exact below 2^53, rounded above. */
export function readUnsigned64(bytes: LittleEndian, offset: number): number {
  return bytes.readUInt32LE(offset + 4) * TWO_TO_32 + bytes.readUInt32LE(offset);
}
