import type { Address } from '../../guest/address.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64 } from '../../guest/struct-reader.ts';
import type { PageMap, Reading } from '../kernel.ts';
import type {
  Identification,
  MallocPoolsRow,
  PagePoolRow,
  PoolClassRow,
  PoolCpuRow,
  PoolPageRow,
  RamTotalsRow,
} from '../model.ts';
import { MEMPOOL_AREA, physicalOf } from './address-space.ts';
import { FrameRuns } from './frame-runs.ts';
import { type FreeRanges, freeRangeRows, OsvFreeRanges } from './free-ranges.ts';
import { OsvPagePools } from './page-pools.ts';
import { PAGE_SIZE } from './page-scan.ts';
import { OsvPoolPages, type PoolPages } from './pool-pages.ts';
import type { OsvStructures } from './structures.ts';

/** Kinds of pages, as far as OSv's structures tell. */
const KINDS = { used: 0, free: 1, cached: 2, pool: 3 };
/** Steps in which the filling of a page is told. */
const FULL = 7;

/** Everything that is free at one moment. */
interface Free {
  ranges: FreeRanges;
  /** L1 and L2. */
  levels: PagePoolRow[];
  cached: ReadonlySet<Address>;
  /** Ranges and cached pages. */
  frames: FrameRuns;
}

/** OSv's malloc pools, page pools and free ranges. */
export class OsvMallocPools {
  readonly #structures: OsvStructures;
  readonly #pages: OsvPoolPages;
  readonly #pagePools: OsvPagePools;
  readonly #ranges: OsvFreeRanges;
  readonly #totals: { free: Address; total: Address; physical: Address };

  constructor(structures: OsvStructures) {
    this.#structures = structures;
    this.#pages = new OsvPoolPages(structures);
    this.#pagePools = new OsvPagePools(structures);
    this.#ranges = new OsvFreeRanges(structures);
    this.#totals = {
      free: structures.symbol('memory::free_memory'),
      total: structures.symbol('memory::total_memory'),
      physical: structures.symbol('memory::phys_mem_size'),
    };
  }

  read(snapshot: Snapshot): Reading<'mallocPools'> {
    const guestTime = this.#structures.guestTime(snapshot);
    const free = this.#free(snapshot);
    const pool = this.#poolPages(snapshot, free);
    const rows: MallocPoolsRow[] = [
      ...this.#classes(snapshot, pool),
      ...free.levels,
      ...freeRangeRows(free.ranges),
      this.#ram(snapshot, pool.pages.length, free),
    ];
    const notes = ['OSv keeps no register of large allocations.'];
    return { rows, notes, consistent: pool.whole && this.#isSound(snapshot, rows, free), guestTime };
  }

  /** Whether counts agree: what is free in sum, objects with the pages that they are in, pages with the RAM that there is. */
  #isSound(snapshot: Snapshot, rows: readonly MallocPoolsRow[], { ranges }: Free): boolean {
    return (
      ranges.whole &&
      ranges.bytes === this.#number(snapshot, this.#totals.free) &&
      rows.every((row) => row.kind !== 'class' || row.liveObjects <= row.capacity) &&
      rows.every((row) => row.kind !== 'ram' || sumOf(row.byKind) === row.totalPages)
    );
  }

  /** Pages of the pool with a row's key; undefined when there is none such. */
  pages(
    snapshot: Snapshot,
    key: string,
    start: number,
    count: number,
  ): { total: number; pages: PoolPageRow[]; consistent: boolean } | undefined {
    const pools = this.#pages.pools(snapshot);
    const pool = pools.findIndex(({ objectSize }, index) => keyOf(index, objectSize) === key);
    if (pool < 0) {
      return undefined;
    }
    const { pages, remote, whole } = this.#poolPages(snapshot, this.#free(snapshot));
    const own = pages.filter((page) => page.pool === pool);
    const objectSize = pools[pool]?.objectSize ?? 1;
    const rows = own.slice(start, start + count).map((page) => this.#pages.row(snapshot, page, objectSize, remote));
    return {
      total: own.length,
      pages: rows.map(({ row }) => row),
      consistent: whole && rows.every((row) => row.whole),
    };
  }

  /** The object or free page at a physical address; undefined for a page in another use. */
  identify(snapshot: Snapshot, address: Address, physical: number): Identification | undefined {
    const inPage = physical % PAGE_SIZE;
    const page = MEMPOOL_AREA + physical - inPage;
    const base = address - inPage;
    if (this.#free(snapshot).frames.has((physical - inPage) / PAGE_SIZE)) {
      return { address, kind: 'page', description: 'a free page', base, size: PAGE_SIZE };
    }
    const pool = this.#pages.page(snapshot, page)?.pool ?? -1;
    const size = this.#pages.pools(snapshot)[pool]?.objectSize;
    if (size === undefined) {
      return undefined;
    }
    const capacity = this.#pages.capacity(size);
    const first = PAGE_SIZE - capacity * size;
    if (inPage < first) {
      const description = `the header of a page of the ${size}-byte pool`;
      return { address, kind: 'page', description, base, size: PAGE_SIZE };
    }
    const index = Math.floor((inPage - first) / size);
    const object = first + index * size;
    const isFree = this.#pages.freeObjects(snapshot, page, capacity).includes(page + object);
    return {
      address,
      kind: isFree ? 'freeObject' : 'object',
      description: `object ${index} of the ${size}-byte pool, ${isFree ? 'free' : 'live'}`,
      base: base + object,
      size,
      pool: keyOf(pool, size),
    };
  }

  /** Pages of pools by class and filling, free and cached ones; everything else is in some other use. */
  pageMap(snapshot: Snapshot): PageMap {
    const sizes = this.#pages.pools(snapshot).map(({ objectSize }) => objectSize);
    const map = new Uint16Array(Math.ceil(this.#physicalSize(snapshot) / PAGE_SIZE)).fill(KINDS.used);
    const frameOf = (address: Address): number => physicalOf(address) / PAGE_SIZE;
    const free = this.#free(snapshot);
    for (const { physical, size } of free.ranges.ranges) {
      map.fill(KINDS.free, physical / PAGE_SIZE, (physical + size) / PAGE_SIZE);
    }
    for (const page of free.cached) {
      map[frameOf(page)] = KINDS.cached;
    }
    for (const { address, pool, live } of this.#poolPages(snapshot, free).pages) {
      const capacity = Math.max(1, this.#pages.capacity(sizes[pool] ?? 1));
      const filling = Math.min(FULL, Math.ceil((live * FULL) / capacity));
      map[frameOf(address)] = KINDS.pool | ((pool & 31) << 8) | (filling << 13);
    }
    return { kinds: Object.keys(KINDS), classes: sizes, pages: map, base: MEMPOOL_AREA };
  }

  #free(snapshot: Snapshot): Free {
    const { rows: levels, pages: cached } = this.#pagePools.read(snapshot, this.#structures.cpus(snapshot));
    const ranges = this.#ranges.read(snapshot);
    const frames = FrameRuns.of([
      ...ranges.ranges.map(({ physical, size }) => [physical / PAGE_SIZE, size / PAGE_SIZE] as const),
      ...[...cached].map((page) => [physicalOf(page) / PAGE_SIZE, 1] as const),
    ]);
    return { ranges, levels, cached, frames };
  }

  #poolPages(snapshot: Snapshot, { frames }: Free): PoolPages {
    return this.#pages.read(snapshot, frames, this.#physicalSize(snapshot));
  }

  #classes(snapshot: Snapshot, { pages, remote }: PoolPages): PoolClassRow[] {
    const rows = this.#pages.pools(snapshot).map(
      ({ address, objectSize }, index): PoolClassRow => ({
        kind: 'class',
        key: keyOf(index, objectSize),
        pool: address,
        objectSize,
        liveObjects: 0,
        capacity: 0,
        slabs: 0,
        pagesPerSlab: 1,
        allocations: 0,
        frees: 0,
        cpus: [],
      }),
    );
    for (const { address, pool, cpu, live } of pages) {
      const row = rows[pool];
      if (row) {
        const own = cpuRow(row, cpu);
        own.slabs++;
        own.emptySlabs += live === 0 ? 1 : 0;
        own.liveObjects += live;
        own.remoteFrees += remote.get(address)?.length ?? 0;
        row.slabs++;
        row.liveObjects += live;
        row.capacity += this.#pages.capacity(row.objectSize);
      }
    }
    for (const row of rows) {
      row.cpus.sort((a, b) => a.cpu - b.cpu);
    }
    return rows;
  }

  #ram(snapshot: Snapshot, pool: number, { ranges, levels }: Free): RamTotalsRow {
    const totalPages = Math.floor(this.#number(snapshot, this.#totals.total) / PAGE_SIZE);
    const cached = levels.reduce((sum, { pages }) => sum + pages, 0);
    const free = Math.floor(ranges.bytes / PAGE_SIZE);
    const other = Math.max(0, totalPages - free - cached - pool);
    return { kind: 'ram', key: 'ram', totalPages, freePages: free, byKind: { free, cached, pool, other } };
  }

  /** Bytes of RAM as the kernel says; never more than there are. */
  #physicalSize(snapshot: Snapshot): number {
    return Math.min(snapshot.memorySize, Math.max(0, this.#number(snapshot, this.#totals.physical)));
  }

  #number(snapshot: Snapshot, address: Address): number {
    const { view, offset } = snapshot.place(address, 8);
    return signed64(view, offset);
  }
}

function sumOf(pages: Readonly<Record<string, number>>): number {
  return Object.values(pages).reduce((sum, count) => sum + count, 0);
}

function keyOf(index: number, size: number): string {
  return `${size} B #${index}`;
}

function cpuRow(row: PoolClassRow, cpu: number): PoolCpuRow {
  let own = row.cpus.find((candidate) => candidate.cpu === cpu);
  if (!own) {
    own = { cpu, slabs: 0, emptySlabs: 0, liveObjects: 0, remoteFrees: 0 };
    row.cpus.push(own);
  }
  return own;
}
