/** Where in a dump the guest's RAM lies. */
import type { Segment } from '../../elf/elf-file.ts';
import type { RamRegion } from '../machine.ts';

/** x86-64 has physical addresses of 52 bits. */
const PHYSICAL_END = 2 ** 52;

/**
 * RAM by physical address, ascending and without overlaps. A dump with paging has a segment for each virtual range: many of them lie
 * over one another, and those outside RAM have no bytes.
 * @returns undefined when a segment lies where no RAM can be
 */
export function ramRegions(segments: readonly Segment[]): RamRegion[] | undefined {
  const filled = segments.filter(({ fileSize }) => fileSize > 0);
  if (!filled.every(({ physical, fileSize }) => physical + fileSize <= PHYSICAL_END)) {
    return undefined;
  }
  const regions: RamRegion[] = [];
  for (const { physical, fileSize, offset } of filled.sort((a, b) => a.physical - b.physical)) {
    add(regions, { physical, size: fileSize, at: offset });
  }
  return regions;
}

/** `next` begins at the last region's begin or above it. */
function add(regions: RamRegion[], next: RamRegion): void {
  const last = regions.at(-1);
  const end = last ? last.physical + last.size : 0;
  const extra = next.physical + next.size - Math.max(end, next.physical);
  if (extra <= 0) {
    return;
  }
  const skipped = next.size - extra;
  const begin = { physical: next.physical + skipped, at: next.at + skipped };
  if (last && begin.physical === end && begin.at === last.at + last.size) {
    last.size += extra;
  } else {
    regions.push({ ...begin, size: extra });
  }
}
