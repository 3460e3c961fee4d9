/** ELF notes (System V ABI, "Note Section"): of a section or a segment. */

import type { ElfFile, Section } from './elf-file.ts';

export interface Note {
  name: string;
  type: number;
  data: Buffer;
  /** Where it begins in what was read. */
  offset: number;
  /** The whole note, its header included. */
  bytes: Buffer;
}

/** Of a section: what is larger is no kernel's. */
const LARGEST_SECTION = 0x1_0000;
const NOTE_SECTION = 7;

const HEADER = 12;

/** Every note in `bytes`, up to the first that does not fit. Names and data are padded to four bytes. */
export function readNotes(bytes: Buffer): Note[] {
  const notes: Note[] = [];
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const nameSize = bytes.readUInt32LE(at);
    const dataSize = bytes.readUInt32LE(at + 4);
    const data = at + HEADER + padded(nameSize);
    if (data + dataSize > bytes.length) {
      break;
    }
    notes.push({
      name: bytes.toString('latin1', at + HEADER, at + HEADER + nameSize).replace(/\0.*$/s, ''),
      type: bytes.readUInt32LE(at + 8),
      data: bytes.subarray(data, data + dataSize),
      offset: at,
      bytes: bytes.subarray(at, data + dataSize),
    });
    at = data + padded(dataSize);
  }
  return notes;
}

/** The notes in the sections of a file, with the section of each. */
export function sectionNotes(elf: ElfFile): { note: Note; section: Section }[] {
  return elf.sections
    .filter(({ type, size }) => type === NOTE_SECTION && size <= LARGEST_SECTION)
    .flatMap((section) => readNotes(elf.contents(section)).map((note) => ({ note, section })));
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}
