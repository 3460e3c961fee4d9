import { type Address, isCanonical } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64 } from '../../guest/struct-reader.ts';
import type { TimerRow } from '../model.ts';
import { CALLOUTS, MOST_ELEMENTS, type OsvStructures } from './structures.ts';

const HEADER = '_M_t._M_impl._M_header';

/** Callouts of the BSD network stack: one std::set<callout*> by time, for all CPUs. */
export class OsvCallouts {
  readonly #structures: OsvStructures;
  readonly #layout: Layout;

  constructor(structures: OsvStructures) {
    this.#structures = structures;
    this.#layout = layoutOf(structures);
  }

  read(snapshot: Snapshot, guestTime: number): { rows: TimerRow[]; whole: boolean } {
    const layout = this.#layout;
    const rows: TimerRow[] = [];
    const seen = new Set<Address>([0]);
    try {
      const { view, offset } = snapshot.place(layout.address, layout.size);
      const expected = signed64(view, offset + layout.count);
      const pending = [signed64(view, offset + layout.header + layout.parent)];
      for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
        if (seen.has(node)) {
          continue;
        }
        if (!isCanonical(node) || rows.length >= Math.min(expected, MOST_ELEMENTS)) {
          return { rows, whole: false };
        }
        seen.add(node);
        const place = snapshot.place(node, layout.value + 8);
        const link = (at: number): Address => signed64(place.view, place.offset + at);
        rows.push(this.#row(snapshot, link(layout.value), guestTime, layout));
        pending.push(link(layout.left), link(layout.right));
      }
      return { rows, whole: rows.length === expected };
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return { rows, whole: false };
      }
      throw error;
    }
  }

  #row(snapshot: Snapshot, callout: Address, guestTime: number, layout: Layout): TimerRow {
    const place = snapshot.at(layout.callout, callout);
    const deadline = layout.time(place);
    const called = layout.called(place);
    return {
      key: callout,
      bucket: 0,
      deadline,
      remaining: deadline - guestTime,
      period: 0,
      name: 'callout',
      callback: this.#structures.facts.describe(called),
      callbackAddress: called,
      fired: 0,
    };
  }
}

type Layout = ReturnType<typeof layoutOf>;

/** @throws MissingLayout. */
function layoutOf(structures: OsvStructures) {
  const { layouts } = structures.facts;
  const set = layouts.variable(CALLOUTS);
  const callout = layouts.struct('callout');
  const header = set.offset(HEADER);
  return {
    address: structures.symbol(CALLOUTS),
    size: set.size,
    header,
    count: set.offset('_M_t._M_impl._M_node_count'),
    parent: set.offset(`${HEADER}._M_parent`) - header,
    left: set.offset(`${HEADER}._M_left`) - header,
    right: set.offset(`${HEADER}._M_right`) - header,
    // The element follows its links.
    value: set.typeOf(HEADER).size,
    callout,
    time: callout.number('c_to_ns'),
    called: callout.pointer('c_fn'),
  };
}
