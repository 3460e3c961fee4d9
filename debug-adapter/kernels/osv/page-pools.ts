import { type Address, isCanonical } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64 } from '../../guest/struct-reader.ts';
import type { PagePoolRow } from '../model.ts';
import { MEMPOOL_AREA, physicalOf } from './address-space.ts';
import { type OsvCpu, type OsvStructures, STACK_NODE } from './structures.ts';

/** core/mempool.cc: an L1 fills up below a quarter of its room and gives back above three. */
const LOW_SHARE = 1 / 4;
const HIGH_SHARE = 3 / 4;
/** boost's fixed-size lock-free stack counts its nodes in 16 bits. */
const NO_NODE = 0xffff;

/** OSv's page pools: an L1 for each CPU, and the L2, a lock-free stack of batches. */
export class OsvPagePools {
  readonly #structures: OsvStructures;
  readonly #l1;
  readonly #l2;
  readonly #node;
  readonly #batch: { pages: number };

  constructor(structures: OsvStructures) {
    this.#structures = structures;
    const { layouts } = structures.facts;
    const l1 = layouts.struct('memory::page_pool::l1');
    this.#l1 = {
      variable: structures.symbol('memory::page_pool::percpu_l1'),
      reader: l1,
      count: l1.number('nr'),
      pages: l1.offset('_pages'),
      room: l1.typeOf('_pages').size / 8,
    };
    const l2 = layouts.struct('memory::page_pool::l2');
    this.#l2 = {
      address: structures.symbol('memory::page_pool::global_l2'),
      reader: l2,
      batches: l2.number('_nr'),
      low: l2.number('_watermark_lo'),
      high: l2.number('_watermark_hi'),
      top: l2.number('_stack.tos._M_i.index'),
      nodes: l2.pointer('_stack.pool.nodes_'),
      nodeCount: l2.number('_stack.pool.node_count_'),
    };
    const node = layouts.struct(STACK_NODE);
    this.#node = { reader: node, next: node.number('next'), value: node.pointer('v') };
    this.#batch = { pages: layouts.struct('memory::page_pool::page_batch').size / 8 };
  }

  /** Rows, and the pages that are free in them, as addresses in the area of malloc pools. */
  read(snapshot: Snapshot, cpus: readonly OsvCpu[]): { rows: PagePoolRow[]; pages: ReadonlySet<Address> } {
    const pages = new Set<Address>();
    const add = (page: Address): void => {
      if (page !== 0) {
        pages.add(MEMPOOL_AREA + physicalOf(page));
      }
    };
    const rows = cpus.flatMap((cpu) => this.#readL1(snapshot, cpu, add));
    rows.push(this.#readL2(snapshot, add));
    return { rows, pages };
  }

  #readL1(snapshot: Snapshot, cpu: OsvCpu, add: (page: Address) => void): PagePoolRow[] {
    const { variable, reader, count, pages, room } = this.#l1;
    const address = this.#structures.percpuPointer(snapshot, variable, cpu);
    if (address === 0) {
      return [];
    }
    try {
      const free = Math.min(room, count(snapshot.at(reader, address)));
      const { view, offset } = snapshot.place(address + pages, room * 8);
      for (let index = 0; index < free; index++) {
        add(signed64(view, offset + index * 8));
      }
      return [
        {
          kind: 'pagePool',
          key: `L1 ${cpu.id}`,
          level: 'L1',
          cpu: cpu.id,
          pages: free,
          lowMark: room * LOW_SHARE,
          highMark: room * HIGH_SHARE,
          refills: 0,
          returns: 0,
        },
      ];
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return [];
      }
      throw error;
    }
  }

  #readL2(snapshot: Snapshot, add: (page: Address) => void): PagePoolRow {
    const l2 = this.#l2;
    const place = snapshot.at(l2.reader, l2.address);
    const perBatch = this.#batch.pages;
    this.#eachBatch(snapshot, l2.nodes(place), l2.nodeCount(place), l2.top(place), (batch) => {
      const { view, offset } = snapshot.place(batch, perBatch * 8);
      for (let index = 0; index < perBatch; index++) {
        add(signed64(view, offset + index * 8));
      }
      // The batch itself is kept in the first of its pages.
      add(batch - (batch % 4096));
    });
    return {
      kind: 'pagePool',
      key: 'L2',
      level: 'L2',
      pages: l2.batches(place) * perBatch,
      lowMark: l2.low(place) * perBatch,
      highMark: l2.high(place) * perBatch,
      refills: 0,
      returns: 0,
    };
  }

  /** From the top on, each node names the next by its index. */
  #eachBatch(snapshot: Snapshot, nodes: Address, count: number, top: number, see: (batch: Address) => void): void {
    if (nodes === 0 || !(count > 0 && count <= NO_NODE + 1)) {
      return;
    }
    const seen = new Set<number>();
    try {
      for (let index = top; index < count && !seen.has(index); ) {
        seen.add(index);
        const node = snapshot.at(this.#node.reader, nodes + index * this.#node.reader.size);
        const batch = this.#node.value(node);
        if (batch !== 0 && isCanonical(batch)) {
          see(batch);
        }
        index = this.#node.next(node);
      }
    } catch (error) {
      if (!(error instanceof UnreadableMemory)) {
        throw error;
      }
    }
  }
}
