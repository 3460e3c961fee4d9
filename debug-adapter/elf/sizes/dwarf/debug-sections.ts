/** Debug sections as they were before compression: ELF's own (SHF_COMPRESSED) and the older `.zdebug_` way. */
import * as zlib from 'node:zlib';
import { readUnsigned64 } from '../../../guest/address.ts';
import type { ElfFile, Section } from '../../elf-file.ts';

const FLAG_COMPRESSED = 0x800;
const ZLIB = 1;
const ZSTANDARD = 2;
/** Node has it from 22.15 on. */
const { zstdDecompressSync: decompressZstandard } = zlib as { zstdDecompressSync?: typeof zlib.inflateSync };
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

/** Why the debug information cannot be read here: one sentence; undefined when it can. */
export function unknownCompression(elf: ElfFile): string | undefined {
  const section = elf.section('.debug_info');
  if (!section || !(section.flags & FLAG_COMPRESSED) || section.size < 24) {
    return undefined;
  }
  const type = elf.read(section.offset, 4).readUInt32LE(0);
  if (type === ZLIB || (type === ZSTANDARD && decompressZstandard)) {
    return undefined;
  }
  const method = type === ZSTANDARD ? 'Zstandard, which this Node.js lacks' : `the unknown method ${type}`;
  return `The debug information is compressed with ${method}, so no sources can be told: decompress it with objcopy --decompress-debug-sections.`;
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
  if (type === ZSTANDARD && decompressZstandard) {
    return guarded(elf, section, () => decompressZstandard(data, { maxOutputLength: Math.max(1, size) }));
  }
  throw new Error(`${elf.path}: ${section.name} is compressed in a way that cannot be read.`);
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
