import type { Address } from '../../guest/address.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64 } from '../../guest/struct-reader.ts';
import type { PoolPageRow } from '../model.ts';
import type { FrameRuns } from './frame-runs.ts';
import { PAGE_SIZE, PageScan } from './page-scan.ts';
import { OsvRemoteFrees } from './remote-frees.ts';
import type { OsvStructures } from './structures.ts';

/** A page that a malloc pool cut into objects. */
export interface PoolPage {
  address: Address;
  /** Index into malloc_pools. */
  pool: number;
  cpu: number;
  live: number;
}

/** All of them at one moment. */
export interface PoolPages {
  pages: PoolPage[];
  /** Objects that other CPUs freed and that still count as live, by page. */
  remote: ReadonlyMap<Address, Address[]>;
  whole: boolean;
}

/** memory::malloc_pools and the pages that they cut into objects. */
export class OsvPoolPages {
  readonly #scan: PageScan;
  readonly #remote: OsvRemoteFrees;
  readonly #pool;
  readonly #header;

  constructor(structures: OsvStructures) {
    const { layouts } = structures.facts;
    const pools = layouts.variableType('memory::malloc_pools');
    const pool = layouts.struct('memory::pool');
    this.#pool = {
      reader: pool,
      base: structures.symbol('memory::malloc_pools'),
      count: pools.kind === 'array' ? pools.count : 0,
      size: pool.number('_size'),
    };
    const header = layouts.struct('memory::pool::page_header');
    this.#header = {
      reader: header,
      owner: header.pointer('owner'),
      cpu: header.number('cpu_id'),
      live: header.number('nalloc'),
      free: header.pointer('local_free'),
    };
    this.#remote = new OsvRemoteFrees(structures);
    this.#scan = new PageScan((snapshot, page) => this.#poolOf(this.#header.owner(snapshot.glance(header, page))) >= 0);
  }

  /** The `memory::pool` structures with their object sizes, in order. */
  pools(snapshot: Snapshot): { address: Address; objectSize: number }[] {
    const { reader, base, count, size } = this.#pool;
    return Array.from({ length: count }, (_, index) => {
      const address = base + index * reader.size;
      return { address, objectSize: size(snapshot.at(reader, address)) };
    });
  }

  read(snapshot: Snapshot, free: FrameRuns, ramSize: number): PoolPages {
    const remote = this.#remote.byPage(snapshot);
    const pages: PoolPage[] = [];
    for (const address of this.#scan.pages(snapshot, free, ramSize)) {
      const page = this.page(snapshot, address);
      if (page) {
        pages.push(page);
      } else {
        this.#scan.forget(address);
      }
    }
    return { pages, remote: remote.objects, whole: remote.whole };
  }

  /** What the header of the page at `address` says; undefined when no pool owns it. @throws UnreadableMemory. */
  page(snapshot: Snapshot, address: Address): PoolPage | undefined {
    const { reader, owner, cpu, live } = this.#header;
    const place = snapshot.at(reader, address);
    const pool = this.#poolOf(owner(place));
    return pool < 0 ? undefined : { address, pool, cpu: cpu(place), live: live(place) };
  }

  /** Objects stand at the page's end: the first begins where the header and the rest of the division are over. */
  capacity(objectSize: number): number {
    return objectSize > 0 ? Math.floor((PAGE_SIZE - this.#header.reader.size) / objectSize) : 0;
  }

  /** One bit for each object of a page; whole when they are as many as its header says. */
  row(
    snapshot: Snapshot,
    page: PoolPage,
    objectSize: number,
    remote: PoolPages['remote'],
  ): { row: PoolPageRow; whole: boolean } {
    const capacity = this.capacity(objectSize);
    const map = Buffer.alloc(Math.ceil(capacity / 8), 0xff);
    const clear = (index: number): void => {
      map[index >> 3] = (map[index >> 3] ?? 0) & ~(1 << (index & 7));
    };
    const free = new Set<number>();
    for (let index = capacity; index < map.length * 8; index++) {
      clear(index);
    }
    const first = page.address + PAGE_SIZE - capacity * objectSize;
    const waiting = remote.get(page.address) ?? [];
    for (const object of [...this.freeObjects(snapshot, page.address, capacity), ...waiting]) {
      const index = Math.floor((object - first) / objectSize);
      if (index >= 0 && index < capacity) {
        clear(index);
        free.add(index);
      }
    }
    const row: PoolPageRow = {
      address: page.address,
      objects: first,
      cpu: page.cpu,
      liveObjects: page.live - waiting.length,
      capacity,
      liveMap: map.toString('base64'),
    };
    return { row, whole: row.liveObjects === capacity - free.size };
  }

  /** Objects on the page's own list of free ones. */
  freeObjects(snapshot: Snapshot, page: Address, capacity: number): Address[] {
    const objects: Address[] = [];
    let object = this.#header.free(snapshot.at(this.#header.reader, page));
    while (object > page && object < page + PAGE_SIZE && objects.length < capacity) {
      objects.push(object);
      const { view, offset } = snapshot.place(object, 8);
      object = signed64(view, offset);
    }
    return objects;
  }

  /** The pool whose `memory::pool` is at `owner`; -1 when none is. */
  #poolOf(owner: Address): number {
    const index = (owner - this.#pool.base) / this.#pool.reader.size;
    return Number.isInteger(index) && index >= 0 && index < this.#pool.count ? index : -1;
  }
}
