import type { Address } from '../../guest/address.ts';
import { LONGEST_PLACE } from '../../guest/physical-cache.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64 } from '../../guest/struct-reader.ts';
import type { AllocationGroup } from '../model.ts';
import type { OsvStructures } from './structures.ts';

const TRACKER = 'memory::tracker';
export const TRACKER_TYPES = ['memory::alloc_tracker', 'memory::alloc_tracker::alloc_info'] as const;
/** A bound on what a guest may claim: its table grows with what is live. */
const MOST_ALLOCATIONS = 1 << 22;
/** alloc_tracker::MAX_BACKTRACE is 20. */
const MOST_CALLERS = 64;

const HOW =
  'The kernel does not keep track of allocations: build it with conf_memory_tracker=1 and boot it with --leak.';

/** include/osv/alloctracker.hh: live allocations with who made them, in kernels that are built with it. */
export class OsvAllocationTracking {
  readonly #structures: OsvStructures;
  readonly #layout;

  constructor(structures: OsvStructures) {
    this.#structures = structures;
    this.#layout = layoutOf(structures);
  }

  /** By chain of callers, the most bytes first. OSv keeps neither threads nor times. @throws Error with one sentence when it does not track. */
  read(snapshot: Snapshot): AllocationGroup[] {
    const layout = this.#layout;
    if (!layout) {
      throw new Error(HOW);
    }
    const tracker = snapshot.glance(layout.tracker, layout.address);
    const table = layout.allocations(tracker);
    const count = Math.min(MOST_ALLOCATIONS, layout.count(tracker));
    if (table === 0 || !(count > 0)) {
      throw new Error(HOW);
    }
    const groups = new Map<string, AllocationGroup>();
    const atOnce = Math.floor(LONGEST_PLACE / layout.info.size);
    for (let first = 0; first < count; first += atOnce) {
      const length = Math.min(atOnce, count - first);
      const { view, offset } = snapshot.glanceAt(table + first * layout.info.size, length * layout.info.size);
      for (let index = 0; index < length; index++) {
        this.#add(groups, view, offset + index * layout.info.size, layout);
      }
    }
    return [...groups.values()].sort((a, b) => b.requested - a.requested);
  }

  #add(groups: Map<string, AllocationGroup>, view: DataView, offset: number, layout: NonNullable<Layout>): void {
    const place = { view, offset };
    if (layout.object(place) === 0) {
      return; // given back
    }
    const depth = Math.min(layout.room, MOST_CALLERS, Math.max(0, layout.depth(place)));
    const callers = Array.from({ length: depth }, (_, level) => signed64(view, offset + layout.callers + level * 8));
    const key = callers.join(' ');
    const group = groups.get(key) ?? this.#newGroup(callers);
    group.count++;
    group.requested += layout.requested(place);
    groups.set(key, group);
  }

  #newGroup(callers: readonly Address[]): AllocationGroup {
    const { facts } = this.#structures;
    // A return address may be the first byte behind a call that never returns.
    const calls = callers.map((address) => address - 1);
    return {
      callers: calls.map((call) => facts.describe(call)),
      calls,
      count: 0,
      requested: 0,
      threads: [],
      oldest: 0,
      newest: 0,
    };
  }
}

type Layout = ReturnType<typeof layoutOf>;

/** Undefined in the usual build, which has no tracker: nothing is missing from it. */
function layoutOf({ facts }: OsvStructures) {
  const { layouts, symbols } = facts;
  const [trackerType, infoType] = TRACKER_TYPES;
  if (!layouts.has(trackerType)) {
    return undefined;
  }
  const address = symbols.find(TRACKER)?.address;
  if (address === undefined) {
    return undefined;
  }
  const tracker = layouts.struct(trackerType);
  const info = layouts.struct(infoType);
  return {
    address,
    tracker,
    allocations: tracker.pointer('allocations'),
    count: tracker.number('size_allocations'),
    info,
    object: info.pointer('addr'),
    requested: info.number('size'),
    depth: info.number('nbacktrace'),
    callers: info.offset('backtrace'),
    room: info.typeOf('backtrace').size / 8,
  };
}
