import type { Address } from '../../guest/address.ts';
import { type ListWalk, walkList } from '../../guest/lists.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64 } from '../../guest/struct-reader.ts';
import type { PageMap, Reading } from '../kernel.ts';
import type {
  FreeRangeRow,
  Identification,
  MallocPoolsRow,
  PagePoolRow,
  PoolClassRow,
  PoolCpuRow,
  PoolPageRow,
} from '../model.ts';
import { MEMPOOL_AREA } from './address-space.ts';
import { OsvPagePools } from './page-pools.ts';
import { PAGE_SIZE, PageScan, type PoolPage } from './page-scan.ts';
import { OsvRemoteFrees } from './remote-frees.ts';
import { MOST_ELEMENTS, type OsvStructures } from './structures.ts';

/** Kinds of pages, as far as OSv's structures tell. */
const KINDS = { used: 0, free: 1, cached: 2, pool: 3 };
/** Steps in which the filling of a page is told. */
const FULL = 7;

interface Header {
  page: PoolPage;
  cpu: number;
  live: number;
}

/** OSv's malloc pools, page pools and free ranges. */
export class OsvMallocPools {
  readonly #structures: OsvStructures;
  readonly #scan: PageScan;
  readonly #pagePools: OsvPagePools;
  readonly #remote: OsvRemoteFrees;
  readonly #pool;
  readonly #header;
  readonly #range;
  readonly #ranges;
  readonly #totals: { free: Address; total: Address; physical: Address };

  constructor(structures: OsvStructures) {
    this.#structures = structures;
    const { layouts } = structures.facts;
    const pools = layouts.variableType('memory::malloc_pools');
    const pool = layouts.struct('memory::pool');
    this.#pool = {
      reader: pool,
      base: structures.symbol('memory::malloc_pools'),
      count: pools.kind === 'array' ? pools.count : 0,
      size: pool.number('_size'),
    };
    const { base, count } = this.#pool;
    this.#scan = new PageScan(structures, { base, count, size: pool.size });
    this.#pagePools = new OsvPagePools(structures);
    this.#remote = new OsvRemoteFrees(structures);
    const header = layouts.struct('memory::pool::page_header');
    this.#header = {
      reader: header,
      owner: header.pointer('owner'),
      cpu: header.number('cpu_id'),
      live: header.number('nalloc'),
      free: header.pointer('local_free'),
    };
    const range = layouts.struct('memory::page_range');
    this.#range = {
      reader: range,
      size: range.number('size'),
      listHook: range.offset('list_hook'),
      setHook: range.offset('set_hook'),
    };
    const ranges = layouts.variable('memory::free_page_ranges');
    const lists = ranges.elements('_free');
    const node = layouts.struct('boost::intrusive::rbtree_node<void*>');
    this.#ranges = {
      address: structures.symbol('memory::free_page_ranges'),
      lists,
      sentinel: lists.reader.offset('data_.root_plus_size_.m_header'),
      huge: ranges.offset('_free_huge'),
      node,
      parent: node.pointer('parent_'),
      left: node.pointer('left_'),
      right: node.pointer('right_'),
    };
    this.#totals = {
      free: structures.symbol('memory::free_memory'),
      total: structures.symbol('memory::total_memory'),
      physical: structures.symbol('memory::phys_mem_size'),
    };
  }

  read(snapshot: Snapshot): Reading<'mallocPools'> {
    const guestTime = this.#structures.guestTime(snapshot);
    const cpus = this.#structures.cpus(snapshot);
    const rows: MallocPoolsRow[] = [];
    const free = this.#pagePools.read(snapshot, cpus);
    const { headers, remote, whole } = this.#headers(snapshot, free.pages);
    rows.push(...this.#classes(snapshot, headers, remote), ...free.rows);
    const ranges = this.#freeRanges(snapshot);
    rows.push(...ranges.rows);
    this.#addTotals(snapshot, rows, headers.length, free.rows, ranges.bytes);
    const consistent = whole && ranges.whole && ranges.bytes === this.#number(snapshot, this.#totals.free);
    const notes = ['OSv keeps no register of large allocations.'];
    return { rows, notes, consistent, guestTime };
  }

  /** Pages of the pool with a row's key; undefined when there is none such. */
  pages(
    snapshot: Snapshot,
    key: string,
    start: number,
    count: number,
  ): { total: number; pages: PoolPageRow[]; consistent: boolean } | undefined {
    const sizes = this.#sizes(snapshot);
    const pool = sizes.findIndex((size, index) => keyOf(index, size) === key);
    if (pool < 0) {
      return undefined;
    }
    const free = this.#pagePools.read(snapshot, this.#structures.cpus(snapshot));
    const { headers, remote, whole } = this.#headers(snapshot, free.pages);
    const own = headers.filter(({ page }) => page.pool === pool);
    const objectSize = sizes[pool] ?? 1;
    return {
      total: own.length,
      pages: own.slice(start, start + count).map((header) => this.#pageRow(snapshot, header, objectSize, remote)),
      consistent: whole,
    };
  }

  /** The object or free page at a physical address; undefined for a page in another use. */
  identify(snapshot: Snapshot, address: Address, physical: number): Identification | undefined {
    const page = MEMPOOL_AREA + physical - (physical % PAGE_SIZE);
    const free = this.#pagePools.read(snapshot, this.#structures.cpus(snapshot));
    const base = address - (((address % PAGE_SIZE) + PAGE_SIZE) % PAGE_SIZE);
    if (free.pages.has(page) || this.#freeRanges(snapshot).covers(page)) {
      return { address, kind: 'page', description: 'a free page', base, size: PAGE_SIZE };
    }
    const place = snapshot.at(this.#header.reader, page);
    const pool = this.#scan.poolOf(this.#header.owner(place));
    const size = this.#sizes(snapshot)[pool];
    if (size === undefined) {
      return undefined;
    }
    const capacity = capacityOf(size, this.#header.reader.size);
    const first = page + PAGE_SIZE - capacity * size;
    const index = Math.floor((page + (physical % PAGE_SIZE) - first) / size);
    if (index < 0) {
      return {
        address,
        kind: 'page',
        description: `the header of a page of the ${size}-byte pool`,
        base,
        size: PAGE_SIZE,
      };
    }
    const isFree = this.#freeObjects(snapshot, page, capacity).includes(first + index * size);
    return {
      address,
      kind: isFree ? 'freeObject' : 'object',
      description: `object ${index} of the ${size}-byte pool, ${isFree ? 'free' : 'live'}`,
      base: base + (first - page) + index * size,
      size,
      pool: keyOf(pool, size),
    };
  }

  /** Pages of pools by class and filling, free and cached ones; everything else is in some other use. */
  pageMap(snapshot: Snapshot): PageMap {
    const sizes = this.#sizes(snapshot);
    const pages = new Uint16Array(Math.ceil(this.#number(snapshot, this.#totals.physical) / PAGE_SIZE)).fill(
      KINDS.used,
    );
    const frameOf = (address: Address): number => (address % 2 ** 44) / PAGE_SIZE;
    const free = this.#pagePools.read(snapshot, this.#structures.cpus(snapshot));
    const { headers } = this.#headers(snapshot, free.pages);
    for (const { physical, size } of this.#freeRanges(snapshot).found) {
      pages.fill(KINDS.free, physical / PAGE_SIZE, (physical + size) / PAGE_SIZE);
    }
    for (const page of free.pages) {
      pages[frameOf(page)] = KINDS.cached;
    }
    for (const { page, live } of headers) {
      const capacity = Math.max(1, capacityOf(sizes[page.pool] ?? 1, this.#header.reader.size));
      const filling = Math.min(FULL, Math.ceil((live * FULL) / capacity));
      pages[frameOf(page.address)] = KINDS.pool | ((page.pool & 31) << 8) | (filling << 13);
    }
    return { kinds: Object.keys(KINDS), classes: sizes, pages };
  }

  #headers(
    snapshot: Snapshot,
    free: ReadonlySet<Address>,
  ): { headers: Header[]; remote: ReadonlyMap<Address, Address[]>; whole: boolean } {
    const remote = this.#remote.byPage(snapshot);
    const inRanges = this.#freeRanges(snapshot).covers;
    const headers: Header[] = [];
    const isFree = (page: Address): boolean => free.has(page) || inRanges(page);
    for (const page of this.#scan.pages(snapshot, isFree)) {
      if (isFree(page.address)) {
        continue;
      }
      const place = snapshot.at(this.#header.reader, page.address);
      // It may have been given back since the scan.
      if (this.#scan.poolOf(this.#header.owner(place)) === page.pool) {
        headers.push({ page, cpu: this.#header.cpu(place), live: this.#header.live(place) });
      }
    }
    return { headers, remote: remote.objects, whole: remote.whole };
  }

  #sizes(snapshot: Snapshot): number[] {
    const { reader, base, count, size } = this.#pool;
    return Array.from({ length: count }, (_, index) => size(snapshot.at(reader, base + index * reader.size)));
  }

  #classes(snapshot: Snapshot, headers: readonly Header[], remote: ReadonlyMap<Address, Address[]>): PoolClassRow[] {
    const rows = this.#sizes(snapshot).map(
      (objectSize, index): PoolClassRow => ({
        kind: 'class',
        key: keyOf(index, objectSize),
        pool: this.#pool.base + index * this.#pool.reader.size,
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
    for (const { page, cpu, live } of headers) {
      const row = rows[page.pool];
      if (row) {
        const waiting = remote.get(page.address)?.length ?? 0;
        const own = cpuRow(row, cpu);
        own.slabs++;
        own.emptySlabs += live === 0 ? 1 : 0;
        own.liveObjects += live;
        own.remoteFrees += waiting;
        row.slabs++;
        row.liveObjects += live;
        row.capacity += capacityOf(row.objectSize, this.#header.reader.size);
      }
    }
    for (const row of rows) {
      row.cpus.sort((a, b) => a.cpu - b.cpu);
    }
    return rows;
  }

  #pageRow(
    snapshot: Snapshot,
    { page, cpu, live }: Header,
    objectSize: number,
    remote: ReadonlyMap<Address, Address[]>,
  ): PoolPageRow {
    const capacity = capacityOf(objectSize, this.#header.reader.size);
    const map = Buffer.alloc(Math.ceil(capacity / 8), 0xff);
    const clear = (index: number): void => {
      map[index >> 3] = (map[index >> 3] ?? 0) & ~(1 << (index & 7));
    };
    for (let index = capacity; index < map.length * 8; index++) {
      clear(index);
    }
    // Objects stand at the page's end: the first begins where the header and the rest of the division are over.
    const first = page.address + PAGE_SIZE - capacity * objectSize;
    const free = this.#freeObjects(snapshot, page.address, capacity);
    for (const object of [...free, ...(remote.get(page.address) ?? [])]) {
      const index = Math.floor((object - first) / objectSize);
      if (index >= 0 && index < capacity) {
        clear(index);
      }
    }
    return { address: page.address, cpu, liveObjects: live, capacity, liveMap: map.toString('base64') };
  }

  #freeObjects(snapshot: Snapshot, page: Address, capacity: number): Address[] {
    const objects: Address[] = [];
    let object = this.#header.free(snapshot.at(this.#header.reader, page));
    while (object > page && object < page + PAGE_SIZE && objects.length < capacity) {
      objects.push(object);
      const { view, offset } = snapshot.place(object, 8);
      object = signed64(view, offset);
    }
    return objects;
  }

  /** Lists by size, then the tree of huge ones. */
  #freeRanges(snapshot: Snapshot): {
    rows: FreeRangeRow[];
    bytes: number;
    whole: boolean;
    found: readonly { physical: number; size: number }[];
    covers: (address: Address) => boolean;
  } {
    const { lists, sentinel, address } = this.#ranges;
    const found: { physical: number; size: number }[] = [];
    let whole = true;
    const add = (range: Address): void => {
      const size = this.#range.size(snapshot.at(this.#range.reader, range));
      found.push({ physical: range % 2 ** 44, size });
    };
    try {
      for (let order = 0; order < lists.count; order++) {
        const head = address + lists.offset + order * lists.stride + sentinel;
        const walk: ListWalk = walkList(snapshot, this.#structures.node, head, MOST_ELEMENTS);
        whole &&= walk.whole;
        for (const node of walk.nodes) {
          add(node - this.#range.listHook);
        }
      }
      for (const node of this.#treeNodes(snapshot, address + this.#ranges.huge)) {
        add(node - this.#range.setHook);
      }
    } catch (error) {
      if (!(error instanceof UnreadableMemory)) {
        throw error;
      }
      whole = false;
    }
    found.sort((a, b) => a.physical - b.physical);
    return {
      rows: histogram(found.map(({ size }) => size)),
      bytes: found.reduce((sum, { size }) => sum + size, 0),
      whole,
      found,
      covers: (page) => covers(found, page % 2 ** 44),
    };
  }

  /** Nodes of a boost tree whose header stands at `header`: its parent is the root. */
  #treeNodes(snapshot: Snapshot, header: Address): Address[] {
    const { node, parent, left, right } = this.#ranges;
    const nodes: Address[] = [];
    const seen = new Set<Address>([header, 0]);
    const pending = [parent(snapshot.at(node, header))];
    for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
      if (!seen.has(current) && seen.size < MOST_ELEMENTS) {
        seen.add(current);
        nodes.push(current);
        const place = snapshot.at(node, current);
        pending.push(left(place), right(place));
      }
    }
    return nodes;
  }

  #addTotals(
    snapshot: Snapshot,
    rows: MallocPoolsRow[],
    poolPages: number,
    pagePools: readonly PagePoolRow[],
    free: number,
  ): void {
    const total = Math.floor(this.#number(snapshot, this.#totals.total) / PAGE_SIZE);
    const cached = pagePools.reduce((sum, { pages }) => sum + pages, 0);
    const freePages = Math.floor(free / PAGE_SIZE);
    const other = Math.max(0, total - freePages - cached - poolPages);
    rows.push({
      kind: 'ram',
      key: 'ram',
      totalPages: total,
      freePages,
      byKind: { free: freePages, cached, pool: poolPages, other },
    });
  }

  #number(snapshot: Snapshot, address: Address): number {
    const { view, offset } = snapshot.place(address, 8);
    return signed64(view, offset);
  }
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

function capacityOf(objectSize: number, header: number): number {
  return objectSize > 0 ? Math.floor((PAGE_SIZE - header) / objectSize) : 0;
}

/** Ranges have any size: each counts at the largest power of two that it holds. */
function histogram(sizes: readonly number[]): FreeRangeRow[] {
  const rows = new Map<number, FreeRangeRow>();
  for (const size of sizes) {
    const order = Math.max(0, Math.floor(Math.log2(size / PAGE_SIZE)));
    const row = rows.get(order) ?? { kind: 'freeRange', key: `order ${order}`, order, blocks: 0 };
    row.blocks++;
    rows.set(order, row);
  }
  return [...rows.values()].sort((a, b) => a.order - b.order);
}

function covers(ranges: readonly { physical: number; size: number }[], physical: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.physical ?? 0) <= physical) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const range = ranges[low - 1];
  return range !== undefined && physical < range.physical + range.size;
}
