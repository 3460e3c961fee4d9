import type { Address } from '../../guest/address.ts';
import type { Place } from '../../guest/physical-cache.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64 } from '../../guest/struct-reader.ts';
import { briefly } from '../brief.ts';
import type { KernelFacts } from '../kernel.ts';
import type { AllocationGroup, AllocationInfo } from '../model.ts';
import type { SproutStructures } from './structures.ts';
import type { SproutThreads } from './threads.ts';

/** Addresses in a record that mean no allocation: never used, and removed (allocation_tracking.hh). */
const EMPTY = 0;
const TOMBSTONE = 1;
/** Slots in a table; a bound on what a guest may claim. */
const MOST_SLOTS = 1 << 26;
/** Probes of a table that is at most half full end long before. */
const MOST_PROBES = 10_000;
/** Threads that are named of one group. */
const MOST_THREADS = 16;

/** Sprout's table of live allocations, when `--track-allocations` is on. */
export class SproutAllocationTracking {
  readonly #facts: KernelFacts;
  readonly #threads: SproutThreads;
  readonly #table;
  readonly #record;

  constructor(structures: SproutStructures, threads: SproutThreads) {
    this.#facts = structures.facts;
    this.#threads = threads;
    const { layouts } = structures.facts;
    const table = layouts.struct('sprout::AllocationTracking');
    this.#table = {
      reader: table,
      address: structures.symbol('sprout::g_allocation_tracking'),
      enabled: table.boolean('enabled'),
      records: table.pointer('records'),
      capacity: table.number('capacity'),
      dropped: table.number('dropped'),
    };
    const record = layouts.struct('sprout::TrackedAllocation');
    this.#record = {
      reader: record,
      address: record.pointer('address'),
      requested: record.number('requested'),
      thread: record.number('thread'),
      time: record.number('time'),
      callers: record.offset('callers'),
      callersSize: record.typeOf('callers').size,
    };
  }

  /** Who allocated the object at `object`; undefined when tracking is off or does not know it. @throws UnreadableMemory. */
  find(snapshot: Snapshot, object: Address): AllocationInfo | undefined {
    const table = snapshot.at(this.#table.reader, this.#table.address);
    const records = this.#table.records(table);
    const capacity = this.#table.capacity(table);
    if (!this.#table.enabled(table) || records === 0 || !(capacity > 0 && capacity <= MOST_SLOTS)) {
      return undefined;
    }
    let slot = slotOf(object, capacity);
    for (let probes = 0; probes < MOST_PROBES; probes++) {
      const at = records + slot * this.#record.reader.size;
      const address = this.#record.address(snapshot.at(this.#record.reader, at));
      if (address === object) {
        return this.#describe(snapshot, at);
      }
      if (address === EMPTY) {
        return undefined;
      }
      slot = (slot + 1) % capacity;
    }
    return undefined;
  }

  /** Live allocations by chain of callers, the most bytes first; undefined when tracking is off. @throws UnreadableMemory. */
  groups(snapshot: Snapshot): AllocationGroup[] | undefined {
    const table = snapshot.at(this.#table.reader, this.#table.address);
    const records = this.#table.records(table);
    if (!this.#table.enabled(table) || records === 0) {
      return undefined;
    }
    const capacity = Math.min(this.#table.capacity(table), MOST_SLOTS);
    const groups = new Map<string, AllocationGroup>();
    for (let slot = 0; slot < capacity; slot++) {
      const at = records + slot * this.#record.reader.size;
      const place = snapshot.at(this.#record.reader, at);
      const address = this.#record.address(place);
      if (address !== EMPTY && address !== TOMBSTONE) {
        this.#addTo(groups, this.#callers(snapshot, at), place);
      }
    }
    return [...groups.values()].sort((a, b) => b.requested - a.requested);
  }

  #addTo(groups: Map<string, AllocationGroup>, callers: Address[], place: Place): void {
    const { requested, thread, time } = this.#record;
    const chain = callers.join();
    const at = time(place);
    const group = groups.get(chain) ?? {
      ...this.#named(callers),
      count: 0,
      requested: 0,
      threads: [],
      oldest: at,
      newest: at,
    };
    groups.set(chain, group);
    group.count++;
    group.requested += requested(place);
    group.oldest = Math.min(group.oldest, at);
    group.newest = Math.max(group.newest, at);
    const id = thread(place);
    if (group.threads.length < MOST_THREADS && !group.threads.includes(id)) {
      group.threads.push(id);
    }
  }

  /** The line of the call, not the one behind it. */
  #named(callers: Address[]): { callers: string[]; calls: Address[] } {
    const calls = callers.map((caller) => caller - 1);
    return { callers: calls.map((call) => briefly(this.#facts.describe(call))), calls };
  }

  #describe(snapshot: Snapshot, at: Address): AllocationInfo {
    const place = snapshot.at(this.#record.reader, at);
    const thread = this.#record.thread(place);
    return {
      thread,
      threadName: this.#threads.nameOf(snapshot, thread) ?? '',
      time: this.#record.time(place),
      requested: this.#record.requested(place),
      ...this.#named(this.#callers(snapshot, at)),
    };
  }

  #callers(snapshot: Snapshot, at: Address): Address[] {
    const { view, offset } = snapshot.place(at + this.#record.callers, this.#record.callersSize);
    const callers: Address[] = [];
    for (let index = 0; index * 8 < this.#record.callersSize; index++) {
      const caller = signed64(view, offset + index * 8);
      if (caller === 0) {
        break;
      }
      callers.push(caller);
    }
    return callers;
  }
}

/** The kernel's own hash: Fibonacci hashing of the address (allocation_tracking.cc). */
function slotOf(address: Address, capacity: number): number {
  const hash = BigInt.asUintN(64, BigInt.asUintN(64, BigInt(address)) * 0x9e37_79b9_7f4a_7c15n);
  return Number((hash >> 32n) & BigInt(capacity - 1));
}
