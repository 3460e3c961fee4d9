import type { Address } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64 } from '../../guest/struct-reader.ts';
import { MEMPOOL_AREA } from './address-space.ts';
import type { OsvStructures } from './structures.ts';

export const PAGE_SIZE = 4096;
/** A running guest's RAM is scanned again after this many times the time that the scan took: a few % of a core. */
const REST = 60;
/** 16 TiB of RAM: a size above it is no size. */
const MOST_PAGES = 2 ** 32;

/** A page that a malloc pool cut into objects. */
export interface PoolPage {
  address: Address;
  /** Index into malloc_pools. */
  pool: number;
}

/**
 * Pages of malloc pools. Full ones are in no list, so the header at each page's start is looked at: one whose owner is a pool. Pages
 * that are free keep stale headers: the caller leaves them out.
 */
export class PageScan {
  readonly #pools: { base: Address; size: number; count: number };
  readonly #header;
  readonly #memorySize: Address;
  #pages: PoolPage[] = [];
  #nextAt = 0;

  constructor(structures: OsvStructures, pools: { base: Address; size: number; count: number }) {
    this.#pools = pools;
    const header = structures.facts.layouts.struct('memory::pool::page_header');
    this.#header = { reader: header, owner: header.offset('owner') };
    this.#memorySize = structures.symbol('memory::phys_mem_size');
  }

  get pools(): { base: Address; size: number; count: number } {
    return this.#pools;
  }

  /** Candidates among the pages that are not free; those of a running guest may be some seconds old. */
  pages(snapshot: Snapshot, isFree: (address: Address) => boolean): PoolPage[] {
    const now = performance.now();
    if (snapshot.isRecording && now < this.#nextAt) {
      return this.#pages;
    }
    this.#pages = this.#scan(snapshot.isRecording ? snapshot.aside() : snapshot, isFree);
    this.#nextAt = now + (performance.now() - now) * REST;
    return this.#pages;
  }

  /** The pool whose `memory::pool` is at `owner`; -1 when none is. */
  poolOf(owner: Address): number {
    const index = (owner - this.#pools.base) / this.#pools.size;
    return Number.isInteger(index) && index >= 0 && index < this.#pools.count ? index : -1;
  }

  #scan(snapshot: Snapshot, isFree: (address: Address) => boolean): PoolPage[] {
    const { view, offset } = snapshot.glanceAt(this.#memorySize, 8);
    const count = Math.min(MOST_PAGES, Math.ceil(signed64(view, offset) / PAGE_SIZE));
    const found: PoolPage[] = [];
    for (let frame = 0; frame < count; frame++) {
      const address = MEMPOOL_AREA + frame * PAGE_SIZE;
      const owner = isFree(address) ? undefined : this.#owner(snapshot, address);
      const pool = owner === undefined ? -1 : this.poolOf(owner);
      if (pool >= 0) {
        found.push({ address, pool });
      }
    }
    return found;
  }

  #owner(snapshot: Snapshot, page: Address): Address | undefined {
    try {
      const { view, offset } = snapshot.glance(this.#header.reader, page);
      return signed64(view, offset + this.#header.owner);
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return undefined;
      }
      throw error;
    }
  }
}
