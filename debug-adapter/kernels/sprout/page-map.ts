import type { Address } from '../../guest/address.ts';
import { LONGEST_PLACE } from '../../guest/physical-cache.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64 } from '../../guest/struct-reader.ts';
import type { PageMap } from '../kernel.ts';
import type { SproutStructures } from './structures.ts';

/** Steps in which the filling of a slab is told. */
const FULL = 7;
/** See PageMap.pages. */
const FILLING_SHIFT = 13;
const USE_MASK = 0x1fff;

/** Every page of RAM in one pass over the kernel's page records: fast enough for ten times a second on a GiB. */
export class SproutPageMap {
  readonly #structures: SproutStructures;
  readonly #linearBase: Address;
  readonly #array;
  readonly #page;
  readonly #kinds: string[];
  readonly #poolKind: number;
  /** What a slab's pages are just before they are a slab, and just after. */
  readonly #otherKind: number;
  readonly #pools: { base: Address; size: number; count: number; sizes: (snapshot: Snapshot) => number[] };

  /** @param linearBase where frame 0 stands in the linear map */
  constructor(structures: SproutStructures, linearBase: Address) {
    this.#linearBase = linearBase;
    this.#structures = structures;
    const { layouts } = structures.facts;
    const array = layouts.struct('sprout::PageArray');
    this.#array = { reader: array, pages: array.pointer('pages'), count: array.number('count') };
    const page = layouts.struct('sprout::Page');
    this.#page = {
      size: page.size,
      kind: page.offset('kind'),
      cpu: page.offset('cpu'),
      indexInBlock: page.offset('index_in_block'),
      owner: page.offset('owner'),
      live: page.offset('live_objects'),
      capacity: page.offset('capacity'),
    };
    const names = layouts.enumeration('sprout::PageKind');
    this.#kinds = Array.from({ length: Math.max(...names.keys()) + 1 }, (_, kind) => names.get(kind) ?? '?');
    this.#poolKind = this.#kinds.indexOf('pool');
    this.#otherKind = this.#kinds.indexOf('kernel_data');
    const pool = layouts.struct('sprout::MallocPool');
    const type = layouts.variableType('sprout::g_malloc_pools');
    const count = type.kind === 'array' ? type.count : 0;
    const base = structures.symbol('sprout::g_malloc_pools');
    const objectSize = pool.number('object_size');
    this.#pools = {
      base,
      size: pool.size,
      count,
      sizes: (snapshot) =>
        Array.from({ length: count }, (_, index) => objectSize(snapshot.at(pool, base + index * pool.size))),
    };
  }

  /** Undefined before the page allocator is up. @throws UnreadableMemory. */
  read(snapshot: Snapshot): PageMap | undefined {
    const place = snapshot.at(this.#array.reader, this.#structures.symbol('sprout::g_pages'));
    const records = this.#array.pages(place);
    const count = this.#array.count(place);
    // No count of records is larger than the RAM that they stand in.
    if (records === 0 || count * this.#page.size > snapshot.memorySize) {
      return undefined;
    }
    const pages = new Uint16Array(count);
    const most = Math.floor(LONGEST_PLACE / this.#page.size);
    for (let first = 0; first < count; first += most) {
      const wanted = Math.min(most, count - first);
      const { view, offset } = snapshot.glanceAt(records + first * this.#page.size, wanted * this.#page.size);
      for (let index = 0, at = offset; index < wanted; index++, at += this.#page.size) {
        const kind = view.getUint8(at + this.#page.kind);
        pages[first + index] =
          kind === this.#poolKind
            ? this.#poolPage(view, at, pages, first + index)
            : kind | (view.getUint8(at + this.#page.cpu) << 8);
      }
    }
    return { kinds: this.#kinds, classes: this.#pools.sizes(snapshot), pages, base: this.#linearBase };
  }

  /** The page of a slab at `frame`, whose record is at `at`; a page whose owner is not told yet, or no more, is no slab's. */
  #poolPage(view: DataView, at: number, pages: Uint16Array, frame: number): number {
    const pool = (signed64(view, at + this.#page.owner) - this.#pools.base) / this.#pools.size;
    if (!Number.isInteger(pool) || pool < 0 || pool >= this.#pools.count) {
      return this.#otherKind;
    }
    const use = this.#poolKind | (pool << 8);
    const fromHead = view.getUint32(at + this.#page.indexInBlock, true);
    if (fromHead === 0) {
      return use | (this.#filling(view, at) << FILLING_SHIFT);
    }
    // Only a slab's first page knows how full it is; the others follow it.
    const head = pages[frame - fromHead] ?? 0;
    return (head & USE_MASK) === use ? head : use;
  }

  #filling(view: DataView, at: number): number {
    const capacity = view.getUint16(at + this.#page.capacity, true);
    const live = view.getUint16(at + this.#page.live, true);
    return capacity === 0 ? 0 : Math.min(FULL, Math.ceil((live * FULL) / capacity));
  }
}
