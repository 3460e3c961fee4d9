import { type Address, formatAddress } from '../../guest/address.ts';
import { walkList } from '../../guest/lists.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Place } from '../../guest/physical-cache.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { StructReader } from '../../guest/struct-reader.ts';
import type { Reading } from '../kernel.ts';
import type {
  FreeRangeRow,
  LargeAllocationRow,
  MallocPoolsRow,
  PagePoolRow,
  PoolClassRow,
  PoolCpuRow,
} from '../model.ts';
import type { SproutNames } from './names.ts';
import type { PageCensus } from './page-census.ts';

/** More large allocations than this are counted, not listed. */
const MOST_LARGE = 10_000;

/** Where a pool is, and how its slabs are cut. */
export interface PoolPlace {
  address: Address;
  /** PoolClassRow.key. */
  key: string;
  objectSize: number;
  slabOrder: number;
}

/** Sprout's malloc pools: size classes, page pools, free ranges, large allocations. */
export class SproutMallocPools {
  readonly #names: SproutNames;
  readonly #census: PageCensus;
  readonly #pools;
  readonly #cpu;
  readonly #l1;
  readonly #l2;
  readonly #allocator;
  readonly #large;

  constructor(names: SproutNames, census: PageCensus) {
    this.#names = names;
    this.#census = census;
    const { structures } = names;
    const { layouts } = structures.facts;
    const pools = layouts.variableType('sprout::g_malloc_pools');
    const pool = layouts.struct('sprout::MallocPool');
    const cpus = pool.elements('cpus');
    this.#pools = {
      base: structures.symbol('sprout::g_malloc_pools'),
      count: pools.kind === 'array' ? pools.count : 0,
      reader: pool,
      objectSize: pool.number('object_size'),
      slabOrder: pool.number('slab_order'),
      objectsPerSlab: pool.number('objects_per_slab'),
      cpus,
    };
    this.#cpu = {
      slabs: cpus.reader.number('slabs'),
      emptySlabs: cpus.reader.number('empty_slabs'),
      live: cpus.reader.number('live_objects'),
      allocations: cpus.reader.number('allocations'),
      frees: cpus.reader.number('frees'),
      remoteFree: cpus.reader.pointer('remote_free'),
      remoteCount: cpus.reader.number('remote_count'),
    };
    const l1 = structures.perCpu('sprout::g_page_pools');
    this.#l1 = { ...l1, fields: pagePoolFields(l1.reader, 'value.') };
    const l2 = layouts.struct('sprout::PagePoolL2');
    this.#l2 = {
      address: structures.symbol('sprout::g_global_page_pool'),
      reader: l2,
      fields: pagePoolFields(l2, ''),
    };
    const allocator = layouts.struct('sprout::PageAllocator');
    this.#allocator = {
      address: structures.symbol('sprout::g_page_allocator'),
      reader: allocator,
      freeBlocks: allocator.numbers('free_blocks'),
      freePages: allocator.number('free_pages'),
      managedPages: allocator.number('managed_pages'),
    };
    const all = layouts.struct('sprout::LargeAllocations');
    const large = layouts.struct('sprout::LargeAllocation');
    this.#large = {
      address: structures.symbol('sprout::g_large_allocations'),
      all,
      list: all.offset('list.sentinel'),
      count: all.number('count'),
      totalPages: all.number('pages'),
      reader: large,
      hook: large.offset('link'),
      head: large.pointer('head'),
      pages: large.number('pages'),
      requested: large.number('requested'),
      thread: large.number('thread'),
      time: large.number('time'),
    };
  }

  read(snapshot: Snapshot): Reading<'mallocPools'> {
    const guestTime = this.#names.structures.guestTime(snapshot);
    const rows: MallocPoolsRow[] = [];
    const notes: string[] = [];
    const cpuCount = this.#names.structures.cpuCount(snapshot);
    const classes = this.#addClasses(snapshot, rows);
    this.#addPagePools(snapshot, rows, cpuCount);
    const parts = [
      classes,
      this.#addFreeRanges(snapshot, rows),
      this.#addLarge(snapshot, rows, notes),
      this.#addTotals(snapshot, rows, notes),
    ];
    return { rows, notes, consistent: parts.every((part) => part), guestTime };
  }

  /** A pool's place, by its row's key. */
  pool(snapshot: Snapshot, key: string): PoolPlace | undefined {
    for (let index = 0; index < this.#pools.count; index++) {
      const pool = this.poolAt(snapshot, this.#pools.base + index * this.#pools.reader.size);
      if (pool?.key === key) {
        return pool;
      }
    }
    return undefined;
  }

  /** The pool whose MallocPool is at `address`; undefined when none is. */
  poolAt(snapshot: Snapshot, address: Address): PoolPlace | undefined {
    const { base, count, reader } = this.#pools;
    const index = (address - base) / reader.size;
    if (!Number.isInteger(index) || index < 0 || index >= count) {
      return undefined;
    }
    const place = snapshot.at(reader, address);
    const objectSize = this.#pools.objectSize(place);
    return { address, key: classKey(objectSize), objectSize, slabOrder: this.#pools.slabOrder(place) };
  }

  /** The large allocation whose record is at `record`. @throws UnreadableMemory. */
  largeAt(snapshot: Snapshot, record: Address): LargeAllocationRow {
    return this.#largeRow(snapshot, record);
  }

  /** Where each CPU's list of remote frees of the pool at `address` begins. */
  remoteHeads(snapshot: Snapshot, address: Address): Address[] {
    const place = snapshot.at(this.#pools.reader, address);
    const { cpus } = this.#pools;
    return Array.from({ length: cpus.count }, (_, index) => this.#cpu.remoteFree(cpus.at(place, index)));
  }

  #addClasses(snapshot: Snapshot, rows: MallocPoolsRow[]): boolean {
    let whole = true;
    let lastSize = 0;
    for (let index = 0; index < this.#pools.count; index++) {
      const { row, settled } = this.#classRow(snapshot, this.#pools.base + index * this.#pools.reader.size);
      // Before malloc is set up the classes have no size yet.
      if (row.objectSize > 0) {
        rows.push(row);
        // Classes stand in the order of their sizes.
        whole &&= settled && row.objectSize > lastSize;
        lastSize = row.objectSize;
      }
    }
    return whole;
  }

  #classRow(snapshot: Snapshot, address: Address): { row: PoolClassRow; settled: boolean } {
    const pools = this.#pools;
    const place = snapshot.at(pools.reader, address);
    const objectSize = pools.objectSize(place);
    const perSlab = pools.objectsPerSlab(place);
    const row: PoolClassRow = {
      kind: 'class',
      key: classKey(objectSize),
      pool: address,
      objectSize,
      liveObjects: 0,
      capacity: 0,
      slabs: 0,
      pagesPerSlab: 2 ** Math.min(pools.slabOrder(place), 20),
      allocations: 0,
      frees: 0,
      cpus: [],
    };
    let settled = true;
    for (let index = 0; index < pools.cpus.count; index++) {
      const slot = pools.cpus.at(place, index);
      const cpu: PoolCpuRow = {
        cpu: index,
        slabs: this.#cpu.slabs(slot),
        emptySlabs: this.#cpu.emptySlabs(slot),
        liveObjects: this.#cpu.live(slot),
        remoteFrees: this.#cpu.remoteCount(slot),
      };
      const allocations = this.#cpu.allocations(slot);
      const frees = this.#cpu.frees(slot);
      settled &&=
        allocations - frees === cpu.liveObjects &&
        cpu.liveObjects <= cpu.slabs * perSlab &&
        cpu.emptySlabs <= cpu.slabs;
      if (cpu.slabs > 0 || allocations > 0) {
        row.cpus.push(cpu);
      }
      row.liveObjects += cpu.liveObjects;
      row.slabs += cpu.slabs;
      row.allocations += allocations;
      row.frees += frees;
    }
    row.capacity = row.slabs * perSlab;
    return { row, settled };
  }

  #addPagePools(snapshot: Snapshot, rows: MallocPoolsRow[], cpuCount: number): void {
    for (let cpu = 0; cpu < Math.min(cpuCount, this.#l1.count); cpu++) {
      const place = snapshot.at(this.#l1.reader, this.#l1.at(cpu));
      const { fields } = this.#l1;
      rows.push({ kind: 'pagePool', key: `L1 ${cpu}`, level: 'L1', cpu, ...pagePoolCounts(fields, place) });
    }
    const place = snapshot.at(this.#l2.reader, this.#l2.address);
    rows.push({ kind: 'pagePool', key: 'L2', level: 'L2', ...pagePoolCounts(this.#l2.fields, place) });
  }

  #addFreeRanges(snapshot: Snapshot, rows: MallocPoolsRow[]): boolean {
    const place = snapshot.at(this.#allocator.reader, this.#allocator.address);
    const blocks = this.#allocator.freeBlocks(place);
    let pages = 0;
    blocks.forEach((count, order) => {
      pages += count * 2 ** order;
      rows.push({ kind: 'freeRange', key: `order ${order}`, order, blocks: count } satisfies FreeRangeRow);
    });
    return pages === this.#allocator.freePages(place);
  }

  #addLarge(snapshot: Snapshot, rows: MallocPoolsRow[], notes: string[]): boolean {
    const large = this.#large;
    const place = snapshot.at(large.all, large.address);
    const count = large.count(place);
    const walk = walkList(snapshot, this.#names.structures.node, large.address + large.list, MOST_LARGE);
    let whole = walk.whole || walk.cut;
    let pages = 0;
    for (const node of walk.nodes) {
      try {
        const row = this.#largeRow(snapshot, node - large.hook);
        pages += row.pages;
        rows.push(row);
      } catch (error) {
        if (!(error instanceof UnreadableMemory)) {
          throw error;
        }
        whole = false;
      }
    }
    if (walk.cut) {
      notes.push(`${count} large allocations: the first ${MOST_LARGE} are listed.`);
      return whole;
    }
    return whole && walk.nodes.length === count && pages === large.totalPages(place);
  }

  #largeRow(snapshot: Snapshot, record: Address): LargeAllocationRow {
    const large = this.#large;
    const place = snapshot.at(large.reader, record);
    const address = this.#census.addressOf(snapshot, large.head(place));
    return {
      kind: 'large',
      key: `large ${formatAddress(address)}`,
      address,
      pages: large.pages(place),
      requested: large.requested(place),
      thread: large.thread(place),
      time: large.time(place),
    };
  }

  #addTotals(snapshot: Snapshot, rows: MallocPoolsRow[], notes: string[]): boolean {
    const place = snapshot.at(this.#allocator.reader, this.#allocator.address);
    const census = this.#census.count(snapshot);
    if (!census) {
      notes.push('The page allocator is not up yet.');
      return true;
    }
    const freePages = this.#allocator.freePages(place);
    rows.push({ kind: 'ram', key: 'ram', totalPages: census.total, freePages, byKind: census.byKind });
    return freePages <= census.total;
  }
}

function classKey(objectSize: number): string {
  return `${objectSize} B`;
}

function pagePoolFields(reader: StructReader, prefix: string) {
  return {
    pages: reader.number(`${prefix}count`),
    lowMark: reader.number(`${prefix}low_mark`),
    highMark: reader.number(`${prefix}high_mark`),
    refills: reader.optionalNumber(`${prefix}refills`, 'Refills of page pools'),
    returns: reader.optionalNumber(`${prefix}returns`, 'Returns of page pools'),
  };
}

function pagePoolCounts(fields: ReturnType<typeof pagePoolFields>, place: Place) {
  return {
    pages: fields.pages(place),
    lowMark: fields.lowMark(place),
    highMark: fields.highMark(place),
    refills: fields.refills(place) ?? 0,
    returns: fields.returns(place) ?? 0,
  } satisfies Partial<PagePoolRow>;
}
