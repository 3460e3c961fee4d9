import type { Address } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import { LONGEST_PLACE, type Place } from '../../guest/physical-cache.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { PoolPageRow } from '../model.ts';
import type { SproutStructures } from './structures.ts';

/** A running guest's pages are counted again after this many times the time that counting took: a few % of a core. */
const REST = 100;
const PAGE_SIZE = 4096;

interface Census {
  total: number;
  byKind: Record<string, number>;
}

/** The array of page records: totals by kind, and the slabs of a pool. */
export class PageCensus {
  readonly #structures: SproutStructures;
  readonly #array;
  readonly #page;
  readonly #kinds: Map<number, string>;
  readonly #linearBase: number;
  #last: Census | undefined;
  #nextAt = 0;
  /** Whether the guest stands still: then the count is exact, and made anew. */
  isStopped = false;

  constructor(structures: SproutStructures, linearBase: number) {
    this.#structures = structures;
    this.#linearBase = linearBase;
    const { layouts } = structures.facts;
    const array = layouts.struct('sprout::PageArray');
    this.#array = { reader: array, pages: array.pointer('pages'), count: array.number('count') };
    this.#kinds = layouts.enumeration('sprout::PageKind');
    const page = layouts.struct('sprout::Page');
    this.#page = {
      reader: page,
      kind: page.number('kind'),
      cpu: page.number('cpu'),
      isHead: page.boolean('is_head'),
      owner: page.pointer('owner'),
      live: page.number('live_objects'),
      capacity: page.number('capacity'),
      freeObjects: page.pointer('free_objects'),
    };
  }

  /** Address, in the linear map, of the page whose record is at `record`. @throws UnreadableMemory when no record is there. */
  addressOf(snapshot: Snapshot, record: Address): Address {
    const { pages, count } = this.#bounds(snapshot);
    const frame = (record - pages) / this.#page.reader.size;
    if (!Number.isInteger(frame) || frame < 0 || frame >= count) {
      throw new UnreadableMemory(record, this.#page.reader.size);
    }
    return this.#linearBase + frame * PAGE_SIZE;
  }

  /** Pages of each kind; undefined before the page allocator is up. While the guest runs, as it was counted lately. */
  count(snapshot: Snapshot): Census | undefined {
    const now = performance.now();
    if (!this.isStopped && this.#last && now < this.#nextAt) {
      return this.#last;
    }
    const census = this.#count(this.isStopped ? snapshot : snapshot.aside());
    this.#nextAt = now + (performance.now() - now) * REST;
    this.#last = census;
    return census;
  }

  #count(snapshot: Snapshot): Census | undefined {
    const { pages, count } = this.#bounds(snapshot);
    if (pages === 0) {
      return undefined;
    }
    const counts = new Uint32Array(256);
    // A page on its way from one use to another is counted as either: this part of the view is no invariant.
    this.#eachPage(snapshot, pages, count, (place) => {
      const kind = this.#page.kind(place);
      counts[kind] = (counts[kind] as number) + 1;
    });
    const byKind: Record<string, number> = {};
    counts.forEach((pagesOfKind, kind) => {
      if (pagesOfKind > 0) {
        byKind[this.#kinds.get(kind) ?? `unknown (${kind})`] = pagesOfKind;
      }
    });
    const { absent = 0, ...present } = byKind;
    return { total: count - absent, byKind: present };
  }

  /** Slabs of the pool at `pool`, `count` of them from the `start`th on, and how many there are. */
  slabs(
    snapshot: Snapshot,
    pool: { address: Address; objectSize: number; slabOrder: number },
    remote: ReadonlySet<Address>,
    start: number,
    wanted: number,
  ): { total: number; pages: PoolPageRow[]; consistent: boolean } {
    const { pages, count } = this.#bounds(snapshot);
    const poolKind = [...this.#kinds].find(([, name]) => name === 'pool')?.[0];
    const rows: PoolPageRow[] = [];
    let total = 0;
    let consistent = true;
    const found: number[] = [];
    const aside = snapshot.isRecording ? snapshot.aside() : snapshot;
    this.#eachPage(aside, pages, pages === 0 ? 0 : count, (seen, index) => {
      const isOurs = this.#page.kind(seen) === poolKind && this.#page.owner(seen) === pool.address;
      if (isOurs && this.#page.capacity(seen) > 0 && total++ >= start && found.length < wanted) {
        found.push(index);
      }
    });
    for (const index of found) {
      const record = pages + index * this.#page.reader.size;
      const slab = this.#slab(snapshot, record, this.#linearBase + index * PAGE_SIZE, pool, remote);
      rows.push(slab.row);
      consistent &&= slab.whole;
    }
    return { total, pages: rows, consistent };
  }

  /** Whether object `index` of the slab that frame `head` begins is allocated. */
  isLive(
    snapshot: Snapshot,
    head: number,
    index: number,
    pool: { objectSize: number; slabOrder: number },
    remote: ReadonlySet<Address>,
  ): boolean {
    const byte = Buffer.from(this.slab(snapshot, head, pool, remote).liveMap, 'base64')[index >> 3] ?? 0;
    return (byte & (1 << (index & 7))) !== 0;
  }

  /** The slab that frame `head` begins. */
  slab(
    snapshot: Snapshot,
    head: number,
    pool: { objectSize: number; slabOrder: number },
    remote: ReadonlySet<Address>,
  ): PoolPageRow {
    const { pages } = this.#bounds(snapshot);
    const record = pages + head * this.#page.reader.size;
    return this.#slab(snapshot, record, this.#linearBase + head * PAGE_SIZE, pool, remote).row;
  }

  /** Runs through the array in pieces as large as one place can be; `place` is only good during the call. */
  #eachPage(snapshot: Snapshot, pages: Address, count: number, see: (place: Place, index: number) => void): void {
    const { size } = this.#page.reader;
    const most = Math.floor(LONGEST_PLACE / size);
    for (let first = 0; first < count; first += most) {
      const wanted = Math.min(most, count - first);
      const place = snapshot.glanceAt(pages + first * size, wanted * size);
      for (let index = first; index < first + wanted; index++) {
        see(place, index);
        place.offset += size;
      }
    }
  }

  /** One slab: every object is live but those on its free list and those that wait to be drained. */
  #slab(
    snapshot: Snapshot,
    record: Address,
    base: Address,
    pool: { objectSize: number; slabOrder: number },
    remote: ReadonlySet<Address>,
  ): { row: PoolPageRow; whole: boolean } {
    const place = snapshot.at(this.#page.reader, record);
    const mostObjects = Math.floor((PAGE_SIZE * 2 ** pool.slabOrder) / pool.objectSize);
    const capacity = Math.min(this.#page.capacity(place), mostObjects);
    const live = Math.min(this.#page.live(place), capacity);
    const map = Buffer.alloc(Math.ceil(capacity / 8), 0xff);
    const clear = (index: number) => {
      map[index >> 3] = (map[index >> 3] as number) & ~(1 << (index & 7));
    };
    for (let index = capacity; index < map.length * 8; index++) {
      clear(index);
    }
    let free = 0;
    let whole = true;
    for (let object = this.#page.freeObjects(place); object !== 0; free++) {
      const index = (object - base) / pool.objectSize;
      if (!Number.isInteger(index) || index < 0 || index >= capacity || free > capacity) {
        whole = false;
        break;
      }
      clear(index);
      const next = snapshot.place(object, 8);
      object = this.#structures.pointerAt(next);
    }
    let waiting = 0;
    for (let index = 0; index < capacity; index++) {
      if (remote.has(base + index * pool.objectSize)) {
        clear(index);
        waiting++;
      }
    }
    const row: PoolPageRow = {
      address: base,
      cpu: this.#page.cpu(place),
      liveObjects: live - waiting,
      capacity,
      liveMap: map.toString('base64'),
    };
    return { row, whole: whole && free === capacity - live };
  }

  #bounds(snapshot: Snapshot): { pages: Address; count: number } {
    const place = snapshot.at(this.#array.reader, this.#structures.symbol('sprout::g_pages'));
    const count = this.#array.count(place);
    // No count of records is larger than the RAM that they stand in.
    const isPossible = count * this.#page.reader.size <= snapshot.memorySize;
    return { pages: this.#array.pages(place), count: isPossible ? count : 0 };
  }
}
