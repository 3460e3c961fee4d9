/** Whether a dump is of the kernel build that it is to be seen with. */
import type { BuildId } from '../../elf/build-id.ts';
import { MappedRam } from '../../guest/mapped-ram.ts';
import { openRam } from '../../guest/ram.ts';
import { type ElfCore, pageTableRootOf } from './elf-core.ts';

/** What of an id is told to people. */
const SHOWN = 12;

/**
 * @param elf the kernel's file, for the sentence
 * @throws Error with one sentence when another build stands in the dump. A kernel that was linked without a build id, or that was
 *   not loaded yet when the dump was made, is not refused.
 */
export function checkBuild(core: ElfCore, buildId: BuildId | undefined, elf: string): void {
  const { address, note } = buildId ?? {};
  if (address === undefined || note === undefined || buildId === undefined) {
    return;
  }
  const ram = new MappedRam(openRam({ kind: 'core', path: core.path, regions: core.regions }));
  try {
    const paging = core.cpus.filter((cpu) => pageTableRootOf(cpu) !== undefined);
    const found = paging.map((cpu) => ram.read(pageTableRootOf(cpu), address, note.length));
    if (found.length > 0 && !found.some((bytes) => bytes.equals(note) || isBlank(bytes, note.length))) {
      throw new Error(
        `${core.path} is a dump of another kernel or build than ${elf} (build id ${buildId.id.slice(0, SHOWN)}…): name in "kernel" the ELF that it was made with.`,
      );
    }
  } finally {
    ram.close();
  }
}

/** Memory that nobody has filled yet. */
function isBlank(bytes: Buffer, length: number): boolean {
  return bytes.length === length && bytes.every((byte) => byte === 0);
}
