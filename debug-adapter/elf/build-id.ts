import type { ElfFile } from './elf-file.ts';
import { sectionNotes } from './notes.ts';

/** The note that `--build-id` makes: where it lies in memory, and the id in hexadecimal. */
export interface BuildId {
  id: string;
  /** Address of the whole note in the guest; undefined when it is not loaded. */
  address?: number;
  /** The whole note, as it must stand in the guest's memory. */
  note: Buffer;
}

const GNU_BUILD_ID = 3;
const LONGEST_ID = 256;

/** The file's build id; undefined when it was linked without. */
export function readBuildId(elf: ElfFile): BuildId | undefined {
  const found = sectionNotes(elf).find(
    ({ note }) => note.name === 'GNU' && note.type === GNU_BUILD_ID && note.data.length <= LONGEST_ID,
  );
  if (!found) {
    return undefined;
  }
  const { section, note } = found;
  return {
    id: note.data.toString('hex'),
    note: note.bytes,
    ...(section.address !== 0 && { address: section.address + note.offset }),
  };
}
