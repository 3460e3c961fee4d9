import type { Address } from '../../guest/address.ts';
import { AddressSpace, type DirectRange } from '../../guest/address-space.ts';
import type { PhysicalCache } from '../../guest/physical-cache.ts';
import { unsigned64 } from '../../guest/struct-reader.ts';
import { PageTable } from '../../guest/x64/page-table.ts';
import type { KernelFacts } from '../kernel.ts';

/** OSv's include/osv/mmu-defs.hh: areas that map all of RAM one to one. No symbol tells them. */
const AREA_SIZE = 2 ** 44;
const MAIN_AREA = 0x4000_0000_0000;
/** Up to v0.57 the areas began at 0xffff800000000000. */
const OLD_MAIN_AREA = -(2 ** 47);
const AREAS = 3;
/** Where the objects of malloc pools are seen; the other areas show the same RAM. */
export const MEMPOOL_AREA = MAIN_AREA + 2 * AREA_SIZE;

/** What an address in one of the linear areas, old or new, stands for. */
export function physicalOf(address: Address): number {
  return ((address % AREA_SIZE) + AREA_SIZE) % AREA_SIZE;
}

/** The image is linked this far above where it lies (OSV_KERNEL_VM_SHIFT), within one GiB. */
const IMAGE_BASE = 0x4000_0000;
const IMAGE_END = 0x8000_0000;

const ROOT = 'mmu::page_table_root';
/** Bits 12 to 51 of a page table entry. */
const TWO_TO_52 = 2 ** 52;
const PAGE = 0x1000;

/** Linear areas and image are sums; applications, their maps and thread stacks need the page tables. */
export function osvAddressSpace(root: Address | undefined, cache: PhysicalCache): AddressSpace {
  const { size } = cache.memory;
  const direct: DirectRange[] = [{ begin: IMAGE_BASE, end: IMAGE_END, physical: 0 }];
  for (const base of [MAIN_AREA, OLD_MAIN_AREA]) {
    for (let area = 0; area < AREAS; area++) {
      const begin = base + area * AREA_SIZE;
      direct.push({ begin, end: begin + Math.min(size, AREA_SIZE), physical: 0 });
    }
  }
  if (root === undefined) {
    return new AddressSpace(direct);
  }
  return new AddressSpace(
    direct,
    new PageTable(cache, () => {
      const { view, offset } = cache.place(root - IMAGE_BASE, 8);
      const entry = unsigned64(view, offset) % TWO_TO_52;
      const table = entry - (entry % PAGE);
      return table === 0 ? undefined : table;
    }),
  );
}

/** Where the root of the page tables stands; undefined, and a sentence in the notes, when this build does not say. */
export function pageTableRoot({ symbols, layouts }: KernelFacts): Address | undefined {
  const root = symbols.find(ROOT);
  if (!root) {
    layouts.notes.add(`Thread stacks cannot be read: the kernel has no ${ROOT}.`);
  }
  return root?.address;
}
