import { type Address, isCanonical } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64 } from '../../guest/struct-reader.ts';
import { MEMPOOL_AREA, physicalOf } from './address-space.ts';
import { PAGE_SIZE } from './page-scan.ts';
import type { OsvStructures } from './structures.ts';

/** core/mempool.cc, file-local. A table of tables of sinks: by the CPU of the object, then by the CPU that freed it. */
const TABLE = 'memory::pcpu_free_list';
const MOST_OBJECTS = 1_000_000;

/** Objects that another CPU freed and that still count as allocated until their own CPU collects them. */
export class OsvRemoteFrees {
  readonly #structures: OsvStructures;
  readonly #table: Address | undefined;
  readonly #sink;

  constructor(structures: OsvStructures) {
    this.#structures = structures;
    this.#table = structures.facts.symbols.find(TABLE)?.address;
    const sink = structures.facts.layouts.struct('memory::garbage_sink');
    this.#sink = { reader: sink, head: sink.pointer('queue._head'), polled: sink.pointer('queue._poll_list') };
  }

  byPage(snapshot: Snapshot): { objects: ReadonlyMap<Address, Address[]>; whole: boolean } {
    const byPage = new Map<Address, Address[]>();
    let whole = true;
    for (const sink of this.#sinks(snapshot)) {
      try {
        const place = snapshot.at(this.#sink.reader, sink);
        for (const head of [this.#sink.head(place), this.#sink.polled(place)]) {
          whole = this.#collect(snapshot, head, byPage) && whole;
        }
      } catch (error) {
        if (!(error instanceof UnreadableMemory)) {
          throw error;
        }
        whole = false;
      }
    }
    return { objects: byPage, whole };
  }

  #sinks(snapshot: Snapshot): Address[] {
    if (this.#table === undefined) {
      return [];
    }
    try {
      const count = this.#structures.cpuAddresses(snapshot).length;
      const table = pointers(snapshot, this.#table, 1)[0] ?? 0;
      return table === 0 ? [] : pointers(snapshot, table, count).flatMap((row) => pointers(snapshot, row, count));
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return [];
      }
      throw error;
    }
  }

  /** Objects are linked through their first word. */
  #collect(snapshot: Snapshot, head: Address, byPage: Map<Address, Address[]>): boolean {
    const seen = new Set<Address>();
    let object = head;
    while (object !== 0 && isCanonical(object) && !seen.has(object) && seen.size < MOST_OBJECTS) {
      seen.add(object);
      const inArea = MEMPOOL_AREA + physicalOf(object);
      const page = inArea - (inArea % PAGE_SIZE);
      byPage.set(page, [...(byPage.get(page) ?? []), inArea]);
      object = pointers(snapshot, object, 1)[0] ?? 0;
    }
    return object === 0;
  }
}

/** @throws UnreadableMemory. */
function pointers(snapshot: Snapshot, address: Address, count: number): Address[] {
  const { view, offset } = snapshot.place(address, count * 8);
  return Array.from({ length: count }, (_, index) => signed64(view, offset + index * 8));
}
