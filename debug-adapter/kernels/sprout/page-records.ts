import type { Address } from '../../guest/address.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { SproutStructures } from './structures.ts';

export const PAGE_SIZE = 4096;
/** page_allocator.hh: the largest free block is of 1 GiB. */
const LARGEST_ORDER = 18;

/** What the kernel says of one page frame. */
export interface PageRecord {
  frame: number;
  /** PageKind by name. */
  kind: string;
  order: number;
  cpu: number;
  /** First page of a free block or of an allocation. */
  isHead: boolean;
  indexInBlock: number;
  owner: Address;
  value: number;
  capacity: number;
  freeObjects: Address;
  liveObjects: number;
}

/** Single records of the array of pages. */
export class PageRecords {
  readonly #structures: SproutStructures;
  readonly #array;
  readonly #page;
  readonly #linearBase: Address;

  constructor(structures: SproutStructures, linearBase: Address) {
    this.#structures = structures;
    this.#linearBase = linearBase;
    const { layouts } = structures.facts;
    const array = layouts.struct('sprout::PageArray');
    this.#array = { reader: array, pages: array.pointer('pages'), count: array.number('count') };
    const page = layouts.struct('sprout::Page');
    this.#page = {
      reader: page,
      kind: page.enumeration('kind'),
      order: page.number('order'),
      cpu: page.number('cpu'),
      isHead: page.boolean('is_head'),
      indexInBlock: page.number('index_in_block'),
      owner: page.pointer('owner'),
      value: page.number('value'),
      capacity: page.number('capacity'),
      freeObjects: page.pointer('free_objects'),
      liveObjects: page.number('live_objects'),
    };
  }

  /** Page frames that have a record: 0 before the page allocator is up. @throws UnreadableMemory. */
  count(snapshot: Snapshot): number {
    return this.#array.count(snapshot.at(this.#array.reader, this.#structures.symbol('sprout::g_pages')));
  }

  /** Undefined before the page allocator is up, and for a frame that has no record. @throws UnreadableMemory. */
  at(snapshot: Snapshot, frame: number): PageRecord | undefined {
    const place = snapshot.at(this.#array.reader, this.#structures.symbol('sprout::g_pages'));
    const pages = this.#array.pages(place);
    if (pages === 0 || !(frame >= 0 && frame < this.#array.count(place))) {
      return undefined;
    }
    const page = this.#page;
    const record = snapshot.at(page.reader, pages + frame * page.reader.size);
    return {
      frame,
      kind: page.kind(record),
      order: page.order(record),
      cpu: page.cpu(record),
      isHead: page.isHead(record),
      indexInBlock: page.indexInBlock(record),
      owner: page.owner(record),
      value: page.value(record),
      capacity: page.capacity(record),
      freeObjects: page.freeObjects(record),
      liveObjects: page.liveObjects(record),
    };
  }

  /** The first page of the block that `page` is part of. */
  head(snapshot: Snapshot, page: PageRecord): PageRecord {
    if (page.kind === 'free') {
      return this.#freeHead(snapshot, page) ?? page;
    }
    return (page.indexInBlock > 0 ? this.at(snapshot, page.frame - page.indexInBlock) : undefined) ?? page;
  }

  /** Blocks that are free are aligned to their size, and only their heads tell of them. */
  #freeHead(snapshot: Snapshot, page: PageRecord): PageRecord | undefined {
    for (let order = 0; order <= LARGEST_ORDER; order++) {
      const pages = 2 ** order;
      const head = this.at(snapshot, page.frame - (page.frame % pages));
      if (head?.kind === 'free' && head.isHead && head.order >= order) {
        return head;
      }
    }
    return undefined;
  }

  /** Where a frame stands in the linear map. */
  addressOf(frame: number): Address {
    return this.#linearBase + frame * PAGE_SIZE;
  }
}
