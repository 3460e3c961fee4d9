import type { ElfFile } from './elf-file.ts';

/** The note that `--build-id` makes: where it lies in memory, and the id in hexadecimal. */
export interface BuildId {
  id: string;
  /** Address of the whole note in the guest; undefined when it is not loaded. */
  address?: number;
  /** The whole note, as it must stand in the guest's memory. */
  note: Buffer;
}

const NOTE_SECTION = 7;
const GNU_BUILD_ID = 3;

/** The file's build id; undefined when it was linked without. */
export function readBuildId(elf: ElfFile): BuildId | undefined {
  for (const section of elf.sections) {
    if (section.type !== NOTE_SECTION || section.size > 0x10000) {
      continue;
    }
    const bytes = elf.contents(section);
    for (let at = 0; at + 12 <= bytes.length; ) {
      const nameSize = bytes.readUInt32LE(at);
      const dataSize = bytes.readUInt32LE(at + 4);
      const data = at + 12 + ((nameSize + 3) & ~3);
      const end = data + ((dataSize + 3) & ~3);
      if (nameSize > 256 || dataSize > 256 || end > bytes.length + 3) {
        break;
      }
      if (bytes.readUInt32LE(at + 8) === GNU_BUILD_ID && bytes.toString('latin1', at + 12, at + 16) === 'GNU\0') {
        const id: BuildId = {
          id: bytes.toString('hex', data, data + dataSize),
          note: bytes.subarray(at, data + dataSize),
        };
        if (section.address !== 0) {
          id.address = section.address + at;
        }
        return id;
      }
      at = end;
    }
  }
  return undefined;
}
