import { type Address, formatAddress } from '../../guest/address.ts';
import type { AddressSpace } from '../../guest/address-space.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { AllocationInfo, Identification, SlabRow } from '../model.ts';
import { IMAGE_BASE } from './address-space.ts';
import type { SproutAllocationTracking } from './allocation-tracking.ts';
import type { SproutDevices } from './devices.ts';
import type { SproutMallocPools } from './malloc-pools.ts';
import type { SproutNames } from './names.ts';
import type { PageCensus } from './page-census.ts';
import { PAGE_SIZE, type PageRecord, type PageRecords } from './page-records.ts';
import { remoteFrees } from './remote-frees.ts';
import type { SproutThreads } from './threads.ts';
import type { SproutVnodeLocks } from './vnode-locks.ts';

/** page.hh: a cached page's `cpu` when the L2 has it. */
const CACHED_IN_L2 = 0xff;
/** Pages of kinds that need no more words. */
const PAGES: Record<string, string> = {
  reserved: 'a page that nobody may use: the first of RAM, or where other CPUs begin',
  boot_module: 'a page of what the boot loader brought along',
  image: 'a page of the image of the kernel',
  arena: 'a page of the early arena',
  metadata: 'a page of the records of all pages',
  page_table: 'a page table',
};

interface Parts {
  names: SproutNames;
  threads: SproutThreads;
  vnodes: SproutVnodeLocks;
  pools: SproutMallocPools;
  census: PageCensus;
  records: PageRecords;
  tracking: SproutAllocationTracking;
  devices: SproutDevices | undefined;
}

/** Tells what lies at an address: a symbol, a stack, an object, a page. */
export class SproutIdentify {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  identify(snapshot: Snapshot, address: Address, space: AddressSpace): Identification {
    try {
      return this.#symbol(address) ?? this.#stack(snapshot, address) ?? this.#page(snapshot, address, space);
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return nothing(address, 'nothing is mapped here');
      }
      throw error;
    }
  }

  /** The slab around an address; undefined where there is none. */
  slab(snapshot: Snapshot, address: Address, space: AddressSpace): SlabRow | undefined {
    const { pools, census, records } = this.#parts;
    const page = records.at(snapshot, Math.floor(space.translate(address) / PAGE_SIZE));
    if (page?.kind !== 'pool') {
      return undefined;
    }
    const head = records.head(snapshot, page);
    const pool = pools.poolAt(snapshot, head.owner);
    if (!pool) {
      return undefined;
    }
    const remote = remoteFrees(snapshot, pools.remoteHeads(snapshot, pool.address)).objects;
    const row = census.slab(snapshot, head.frame, pool, remote);
    return { ...row, pool: pool.key, objectSize: pool.objectSize, pageCount: 2 ** pool.slabOrder };
  }

  /** @param linked where the image is linked: the linear map shows it a second time */
  #symbol(address: Address, linked = address): Identification | undefined {
    const { facts } = this.#parts.names.structures;
    const found = facts.symbols.at(linked);
    if (!found) {
      return undefined;
    }
    const { symbol } = found;
    const place = symbol.section === '' ? '' : ` in ${symbol.section}`;
    return {
      address,
      kind: 'symbol',
      description: `${facts.describe(linked)}${place}`,
      base: symbol.address - linked + address,
      size: symbol.size,
    };
  }

  #stack(snapshot: Snapshot, address: Address): Identification | undefined {
    for (const row of this.#parts.threads.read(snapshot).rows) {
      const { stack } = row;
      if (stack && address >= stack.base - PAGE_SIZE && address < stack.base + stack.size) {
        const isGuard = address < stack.base;
        const depth = stack.base + stack.size - address;
        return {
          address,
          kind: isGuard ? 'guard' : 'stack',
          description: isGuard
            ? `the guard page below the stack of thread ${row.id} "${row.name}"`
            : `stack of thread ${row.id} "${row.name}", 0x${depth.toString(16)} below its top`,
          base: stack.base,
          size: stack.size,
          thread: { thread: row.id, threadName: row.name },
        };
      }
    }
    return undefined;
  }

  #page(snapshot: Snapshot, address: Address, space: AddressSpace): Identification {
    const physical = space.translate(address);
    const frame = Math.floor(physical / PAGE_SIZE);
    const { records } = this.#parts;
    const page = records.at(snapshot, frame);
    if (!page || page.kind === 'absent') {
      return nothing(address, this.#describeOther(snapshot, physical));
    }
    const head = records.head(snapshot, page);
    switch (page.kind) {
      case 'pool':
        return this.#object(snapshot, address, head);
      case 'large':
        return this.#large(snapshot, address, head);
      case 'file':
        return this.#file(snapshot, address, page);
      case 'image':
        return this.#symbol(address, IMAGE_BASE + physical) ?? this.#plainPage(snapshot, address, page, head);
      default:
        return this.#plainPage(snapshot, address, page, head);
    }
  }

  #plainPage(snapshot: Snapshot, address: Address, page: PageRecord, head: PageRecord): Identification {
    return {
      address,
      kind: 'page',
      description: this.#describePage(snapshot, page, head),
      base: this.#parts.records.addressOf(page.frame),
      size: PAGE_SIZE,
    };
  }

  /** What is mapped, but no RAM that the kernel uses. */
  #describeOther(snapshot: Snapshot, physical: number): string {
    const device = this.#parts.devices?.at(snapshot, physical - (physical % PAGE_SIZE));
    if (device !== undefined) {
      return `registers of the ${device}`;
    }
    return this.#parts.records.count(snapshot) === 0
      ? 'the kernel keeps no records of its pages yet'
      : `physical 0x${physical.toString(16)} is no RAM that the kernel may use, but a device's or the firmware's`;
  }

  #object(snapshot: Snapshot, address: Address, head: PageRecord): Identification {
    const { pools, census, records } = this.#parts;
    const pool = pools.poolAt(snapshot, head.owner);
    const slab = records.addressOf(head.frame);
    const index = pool ? Math.floor((address - slab) / pool.objectSize) : -1;
    if (!pool || index < 0 || index >= head.capacity) {
      return nothing(address, 'the unused end of a slab');
    }
    const base = slab + index * pool.objectSize;
    const remote = remoteFrees(snapshot, pools.remoteHeads(snapshot, pool.address)).objects;
    const isLive = census.isLive(snapshot, head.frame, index, pool, remote);
    const what = isLive ? this.#structure(snapshot, base, pool.objectSize) : undefined;
    const allocation = isLive ? this.#parts.tracking.find(snapshot, base) : undefined;
    return {
      address,
      kind: isLive ? 'object' : 'freeObject',
      description:
        `object ${index} of the ${pool.objectSize}-byte class, ${isLive ? 'live' : 'free'}` +
        `${what ? `: ${what}` : ''}${inside(address, base)}${byWhom(allocation)}`,
      base,
      size: pool.objectSize,
      pool: pool.key,
      ...(allocation && { allocation, thread: allocation }),
    };
  }

  /** What the object at `base` is, when the kernel lists it: a thread, a vnode. */
  #structure(snapshot: Snapshot, base: Address, size: number): string | undefined {
    const lies = (key: Address): boolean => key >= base && key < base + size;
    const { threads, vnodes, names } = this.#parts;
    const thread = threads.addresses(snapshot).addresses.find(lies);
    if (thread !== undefined) {
      return `the Thread "${names.thread(snapshot, thread)?.name ?? '?'}"`;
    }
    const vnode = vnodes.addresses(snapshot).find(lies);
    return vnode === undefined ? undefined : `the Vnode of ${names.vnodePath(snapshot, vnode)}`;
  }

  #large(snapshot: Snapshot, address: Address, head: PageRecord): Identification {
    const { pools, records, threads } = this.#parts;
    const large = pools.largeAt(snapshot, head.owner);
    const base = records.addressOf(head.frame);
    const threadName = threads.nameOf(snapshot, large.thread) ?? '';
    const allocation = this.#parts.tracking.find(snapshot, base) ?? { ...large, threadName, callers: [] };
    return {
      address,
      kind: 'large',
      description: `a large allocation of ${large.requested} bytes${inside(address, base)}${byWhom(allocation)}`,
      base,
      size: large.pages * PAGE_SIZE,
      thread: { thread: large.thread, threadName },
      allocation,
    };
  }

  #file(snapshot: Snapshot, address: Address, page: PageRecord): Identification {
    const { names, records } = this.#parts;
    return {
      address,
      kind: 'file',
      description: `page ${page.value} of the file ${names.vnodePath(snapshot, page.owner)}`,
      base: records.addressOf(page.frame),
      size: PAGE_SIZE,
    };
  }

  #describePage(snapshot: Snapshot, page: PageRecord, head: PageRecord): string {
    const { names } = this.#parts;
    switch (page.kind) {
      case 'free':
        return `a free page${head.order > 0 ? `, part of a free block of ${2 ** head.order} pages` : ''}`;
      case 'cached':
        return page.cpu === CACHED_IN_L2
          ? 'a free page in the L2 page pool'
          : `a free page in the L1 of CPU ${page.cpu}`;
      case 'stack': {
        const owner = names.thread(snapshot, page.owner);
        return owner ? `a page of the stack of thread ${owner.id} "${owner.name}"` : 'a cached stack page';
      }
      case 'kernel_data':
        return `kernel data: ${names.text(snapshot, page.owner)}`;
      default:
        return PAGES[page.kind] ?? `a page of kind ${page.kind.replaceAll('_', ' ')}`;
    }
  }
}

function nothing(address: Address, description: string): Identification {
  return { address, kind: 'nothing', description: `${formatAddress(address)}: ${description}` };
}

function inside(address: Address, base: Address): string {
  return address === base ? '' : `, at +0x${(address - base).toString(16)}`;
}

function byWhom(allocation: AllocationInfo | undefined): string {
  if (!allocation) {
    return '';
  }
  const who = allocation.threadName === '' ? `thread ${allocation.thread}` : allocation.threadName;
  const where = allocation.callers.find((caller) => !caller.startsWith('operator new')) ?? allocation.callers[0];
  return `; allocated by ${who}${where === undefined ? '' : ` in ${where}`}`;
}
