import { AddressSpace, type DirectRange } from '../../guest/address-space.ts';
import type { PhysicalCache } from '../../guest/physical-cache.ts';
import { PageTable } from '../../guest/x64/page-table.ts';
import type { KernelFacts } from '../kernel.ts';

/**
 * Sprout's memory map, as kernel/arch/x64/memory.hh states it: these two are part of its contract with the debugger, and no
 * symbol tells them. Signed: 0xffff800000000000 and 0xffffffff80000000.
 */
export const LINEAR_BASE = -(2 ** 47);
const IMAGE_BASE = -(2 ** 31);
/** The image lies in the top 2 GiB. */
const IMAGE_END = 0;

/** Where the kernel keeps the top of its page tables; the first that is there counts. */
const ROOT_TABLES = [
  'sprout::arch::g_kernel_page_table',
  'sprout::arch::g_page_table_root',
  'sprout_page_table_root',
  'boot_pml4',
];

/**
 * Linear map and image are sums; only stacks need the page tables. The linear map ends where RAM does.
 */
export function sproutAddressSpace(facts: KernelFacts, cache: PhysicalCache): AddressSpace {
  const direct: DirectRange[] = [
    { begin: IMAGE_BASE, end: IMAGE_END, physical: 0 },
    { begin: LINEAR_BASE, end: LINEAR_BASE + cache.memory.size, physical: 0 },
  ];
  const root = ROOT_TABLES.map((name) => facts.symbols.find(name)).find((symbol) => symbol !== undefined);
  if (!root) {
    facts.layouts.notes.add('Stacks of parked threads cannot be read: the kernel names no page-table root.');
    return new AddressSpace(direct);
  }
  const physical = root.address >= IMAGE_BASE && root.address < IMAGE_END ? root.address - IMAGE_BASE : root.address;
  return new AddressSpace(direct, new PageTable(cache, physical));
}
