import { statSync } from 'node:fs';
import { type BuildId, readBuildId } from '../elf/build-id.ts';
import { ElfFile } from '../elf/elf-file.ts';

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

const NOTE_SECTION = 7;
/** XEN_ELFNOTE_PHYS32_ENTRY, Xen's public/elfnote.h: where a PVH kernel is entered, in 32-bit mode without paging. */
const PHYS32_ENTRY = 18;

function pvhEntry(elf: ElfFile): number | undefined {
  for (const section of elf.sections) {
    if (section.type !== NOTE_SECTION || section.size > 0x10000) {
      continue;
    }
    const bytes = elf.contents(section);
    for (let at = 0; at + 12 <= bytes.length; ) {
      const nameSize = bytes.readUInt32LE(at);
      const dataSize = bytes.readUInt32LE(at + 4);
      const data = at + 12 + ((nameSize + 3) & ~3);
      if (nameSize > 256 || dataSize > 256 || data + dataSize > bytes.length) {
        break;
      }
      if (bytes.readUInt32LE(at + 8) === PHYS32_ENTRY && bytes.toString('latin1', at + 12, at + 15) === 'Xen') {
        return dataSize >= 4 ? bytes.readUInt32LE(data) : undefined;
      }
      at = data + ((dataSize + 3) & ~3);
    }
  }
  return undefined;
}
