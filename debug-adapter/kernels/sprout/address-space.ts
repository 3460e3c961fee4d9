import type { Address } from '../../guest/address.ts';
import { AddressSpace, type DirectRange } from '../../guest/address-space.ts';
import type { PhysicalCache } from '../../guest/physical-cache.ts';
import { signed64 } from '../../guest/struct-reader.ts';
import { PageTable } from '../../guest/x64/page-table.ts';
import type { KernelFacts } from '../kernel.ts';

/**
 * Sprout's memory map, as kernel/arch/x64/memory.hh states it: these two are part of its contract with the debugger, and no
 * symbol tells them. Signed: 0xffff800000000000 and 0xffffffff80000000.
 */
export const LINEAR_BASE = -(2 ** 47);
export const IMAGE_BASE = -(2 ** 31);
/** The image lies in the top 2 GiB. */
const IMAGE_END = 0;

/** The kernel's own tables (a pointer, null until they are built), and those that the boot code begins with. */
const ROOT_POINTER = 'sprout::arch::(anonymous namespace)::g_root';
const BOOT_ROOT = 'sprout_boot_root';

/**
 * Linear map and image are sums; only stacks need the page tables. The linear map ends where RAM does.
 */
export function sproutAddressSpace(facts: KernelFacts, cache: PhysicalCache): AddressSpace {
  const direct: DirectRange[] = [
    { begin: IMAGE_BASE, end: IMAGE_END, physical: 0 },
    { begin: LINEAR_BASE, end: LINEAR_BASE + cache.memory.size, physical: 0 },
  ];
  const pointer = facts.symbols.find(ROOT_POINTER);
  const boot = facts.symbols.find(BOOT_ROOT);
  if (!pointer) {
    facts.layouts.notes.add(`Stacks of parked threads cannot be read: the kernel has no ${ROOT_POINTER}.`);
    return new AddressSpace(direct);
  }
  const bootRoot = boot && physicalOf(boot.address);
  return new AddressSpace(
    direct,
    new PageTable(cache, () => {
      const { view, offset } = cache.place(pointer.address - IMAGE_BASE, 8);
      return physicalOf(signed64(view, offset)) ?? bootRoot;
    }),
  );
}

/** Physical address of what lies in the image or in the linear map; undefined for everything else, null too. */
function physicalOf(address: Address): number | undefined {
  if (address >= IMAGE_BASE && address < IMAGE_END) {
    return address - IMAGE_BASE;
  }
  return address >= LINEAR_BASE && address < LINEAR_BASE / 2 ? address - LINEAR_BASE : undefined;
}
