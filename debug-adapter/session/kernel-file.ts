import { statSync } from 'node:fs';
import { type BuildId, readBuildId } from '../elf/build-id.ts';
import { ElfFile } from '../elf/elf-file.ts';
import { sectionNotes } from '../elf/notes.ts';

/** What the session must know of a kernel's file before it is booted. */
export interface KernelFile {
  path: string;
  /** False: it works by symbols alone. */
  hasDebugInformation: boolean;
  /** Where the machine enters it, a physical address; undefined without a PVH note. */
  entry: number | undefined;
  /** ELF's e_entry. */
  elfEntry: number;
  buildId: BuildId | undefined;
}

/** Numbers of ELF's e_machine. */
const X86_64 = 62;
const I386 = 3;

/**
 * Reads the header and notes of the kernel's ELF.
 * @throws Error with one sentence when it is missing or no x86-64 kernel.
 */
export function readKernelFile(path: string): KernelFile {
  const status = statSync(path, { throwIfNoEntry: false });
  if (!status?.isFile()) {
    throw new Error(
      status
        ? `${path} is no file: "kernel" names a kernel's ELF.`
        : `There is no kernel ${path}: build it, or name another ELF in "kernel".`,
    );
  }
  const elf = new ElfFile(path);
  try {
    if (elf.machine !== X86_64 && elf.machine !== I386) {
      throw new Error(`${path} is an ELF for another machine (${elf.machine}), not for x86-64.`);
    }
    return {
      path,
      hasDebugInformation: elf.hasDebugInformation,
      entry: pvhEntry(elf),
      elfEntry: elf.entry,
      buildId: readBuildId(elf),
    };
  } finally {
    elf.close();
  }
}

/** XEN_ELFNOTE_PHYS32_ENTRY, Xen's public/elfnote.h: where a PVH kernel is entered, in 32-bit mode without paging. */
const PHYS32_ENTRY = 18;

function pvhEntry(elf: ElfFile): number | undefined {
  const found = sectionNotes(elf).find(({ note }) => note.name === 'Xen' && note.type === PHYS32_ENTRY);
  return found && found.note.data.length >= 4 ? found.note.data.readUInt32LE(0) : undefined;
}
