import type { Address } from '../../guest/address.ts';
import { walkList } from '../../guest/lists.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { FreeRangeRow } from '../model.ts';
import { physicalOf } from './address-space.ts';
import { PAGE_SIZE } from './page-scan.ts';
import { MOST_ELEMENTS, type OsvStructures } from './structures.ts';

/** A stretch of free pages. */
export interface FreeRange {
  /** Where the kernel knows it. */
  address: Address;
  /** Physical address of its first byte. */
  physical: number;
  /** Bytes. */
  size: number;
}

/** Every free range at one moment. */
export interface FreeRanges {
  ranges: readonly FreeRange[];
  bytes: number;
  /** False while a list or the tree is being changed. */
  whole: boolean;
}

/** memory::free_page_ranges: lists by size, then the tree of huge ones. */
export class OsvFreeRanges {
  readonly #structures: OsvStructures;
  readonly #range;
  readonly #lists;
  readonly #tree;

  constructor(structures: OsvStructures) {
    this.#structures = structures;
    const { layouts } = structures.facts;
    const range = layouts.struct('memory::page_range');
    this.#range = {
      reader: range,
      size: range.number('size'),
      sizeAt: range.offset('size'),
      listHook: range.offset('list_hook'),
      setHook: range.offset('set_hook'),
    };
    const allocator = layouts.variable('memory::free_page_ranges');
    const address = structures.symbol('memory::free_page_ranges');
    const lists = allocator.elements('_free');
    this.#lists = {
      first: address + lists.offset + lists.reader.offset('data_.root_plus_size_.m_header'),
      count: lists.count,
      stride: lists.stride,
    };
    const node = layouts.struct('boost::intrusive::rbtree_node<void*>');
    this.#tree = {
      header: address + allocator.offset('_free_huge'),
      node,
      parent: node.pointer('parent_'),
      left: node.pointer('left_'),
      right: node.pointer('right_'),
    };
  }

  /** Ranges of at least two to this many pages are in the tree. */
  get orders(): number {
    return this.#lists.count;
  }

  /** Where a range, free or taken, has its size. */
  get sizeOffset(): number {
    return this.#range.sizeAt;
  }

  read(snapshot: Snapshot): FreeRanges {
    const ranges: FreeRange[] = [];
    let whole = true;
    const add = (range: Address): void => {
      const size = this.#range.size(snapshot.at(this.#range.reader, range));
      ranges.push({ address: range, physical: physicalOf(range), size });
    };
    try {
      for (let order = 0; order < this.#lists.count; order++) {
        const head = this.#lists.first + order * this.#lists.stride;
        const walk = walkList(snapshot, this.#structures.node, head, MOST_ELEMENTS);
        whole &&= walk.whole;
        for (const node of walk.nodes) {
          add(node - this.#range.listHook);
        }
      }
      for (const node of this.#treeNodes(snapshot)) {
        add(node - this.#range.setHook);
      }
    } catch (error) {
      if (!(error instanceof UnreadableMemory)) {
        throw error;
      }
      whole = false;
    }
    return { ranges, bytes: ranges.reduce((sum, { size }) => sum + size, 0), whole };
  }

  /** Nodes of the boost tree: the parent of its header is the root. */
  #treeNodes(snapshot: Snapshot): Address[] {
    const { header, node, parent, left, right } = this.#tree;
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
}

/** Ranges have any size: each counts at the largest power of two that it holds. */
export function freeRangeRows({ ranges }: FreeRanges): FreeRangeRow[] {
  const rows = new Map<number, FreeRangeRow>();
  for (const { size } of ranges) {
    const order = Math.max(0, Math.floor(Math.log2(size / PAGE_SIZE)));
    const row = rows.get(order) ?? { kind: 'freeRange', key: `order ${order}`, order, blocks: 0 };
    row.blocks++;
    rows.set(order, row);
  }
  return [...rows.values()].sort((a, b) => a.order - b.order);
}
