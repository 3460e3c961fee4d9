import type { Address } from '../../guest/address.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { SproutStructures } from './structures.ts';

export const PAGE_SIZE = 4096;

/** What the kernel says of one page frame. */
export interface PageRecord {
  frame: number;
  /** PageKind by name. */
  kind: string;
  order: number;
  cpu: number;
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
      indexInBlock: page.number('index_in_block'),
      owner: page.pointer('owner'),
      value: page.number('value'),
      capacity: page.number('capacity'),
      freeObjects: page.pointer('free_objects'),
      liveObjects: page.number('live_objects'),
    };
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
    return (page.indexInBlock > 0 ? this.at(snapshot, page.frame - page.indexInBlock) : undefined) ?? page;
  }

  /** Where a frame stands in the linear map. */
  addressOf(frame: number): Address {
    return this.#linearBase + frame * PAGE_SIZE;
  }
}
