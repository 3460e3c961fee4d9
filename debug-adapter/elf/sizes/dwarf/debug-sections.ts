/** Debug sections as they were before compression: ELF's own (SHF_COMPRESSED) and the older `.zdebug_` way. */
import * as zlib from 'node:zlib';
import { readUnsigned64 } from '../../../guest/address.ts';
import type { ElfFile, Section } from '../../elf-file.ts';

const FLAG_COMPRESSED = 0x800;
const ZLIB = 1;
const ZSTANDARD = 2;
/** No debug section is larger, whatever its header claims. */
const LARGEST = 2 ** 31 - 1;

/** The contents of the debug section `.debug_<name>`; empty when there is none. @throws Error with one sentence when it is broken. */
export function debugSection(elf: ElfFile, name: string): Buffer {
  const section = elf.section(`.debug_${name}`);
  if (section) {
    const bytes = elf.contents(section);
    return section.flags & FLAG_COMPRESSED ? decompress(elf, section, bytes) : bytes;
  }
  const old = elf.section(`.zdebug_${name}`);
  return old ? decompressOld(elf, old) : Buffer.alloc(0);
}

/** Elf64_Chdr: type, padding, size, alignment (System V ABI, "Section compression"). */
function decompress(elf: ElfFile, section: Section, bytes: Buffer): Buffer {
  const size = bytes.length >= 24 ? readUnsigned64(bytes, 8) : -1;
  if (size < 0 || size > LARGEST) {
    throw new Error(`${elf.path}: the compressed section ${section.name} is broken.`);
  }
  const type = bytes.readUInt32LE(0);
  const data = bytes.subarray(24);
  if (type === ZLIB) {
    return inflate(elf, section, data, size);
  }
  // Node has Zstandard from 22.15 on.
  const { zstdDecompressSync } = zlib as { zstdDecompressSync?: typeof zlib.inflateSync };
  if (type === ZSTANDARD && zstdDecompressSync) {
    return guarded(elf, section, () => zstdDecompressSync(data, { maxOutputLength: size }));
  }
  throw new Error(
    `${elf.path}: ${section.name} is compressed with ${type === ZSTANDARD ? 'Zstandard, which this Node.js lacks' : `the unknown method ${type}`}.`,
  );
}

/** `ZLIB`, the size as eight bytes big-endian, the data. */
function decompressOld(elf: ElfFile, section: Section): Buffer {
  const bytes = elf.contents(section);
  if (bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'ZLIB') {
    return bytes;
  }
  const size = Number(bytes.readBigUInt64BE(4));
  if (size > LARGEST) {
    throw new Error(`${elf.path}: the compressed section ${section.name} is broken.`);
  }
  return inflate(elf, section, bytes.subarray(12), size);
}

function inflate(elf: ElfFile, section: Section, data: Buffer, size: number): Buffer {
  return guarded(elf, section, () => zlib.inflateSync(data, { maxOutputLength: Math.max(1, size) }));
}

function guarded(elf: ElfFile, section: Section, read: () => Buffer): Buffer {
  try {
    return read();
  } catch {
    throw new Error(`${elf.path}: the compressed section ${section.name} is broken.`);
  }
}
