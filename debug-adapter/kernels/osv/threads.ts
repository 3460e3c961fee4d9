import type { Address } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Place } from '../../guest/physical-cache.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64 } from '../../guest/struct-reader.ts';
import type { KnownRegisters, Reading } from '../kernel.ts';
import type { HeldLockInfo, ThreadRow, ThreadStateName } from '../model.ts';
import type { MutexState, OsvMutexes } from './mutexes.ts';
import { type DescribeLock, OsvParkedThreads } from './parked-threads.ts';
import { MOST_ELEMENTS, type OsvCpu, type OsvStructures } from './structures.ts';

/** sched::thread::status by its enumerators. */
const STATES: Record<string, ThreadStateName> = {
  invalid: 'created',
  prestarted: 'created',
  unstarted: 'created',
  waiting: 'waiting',
  sending_lock: 'waiting',
  running: 'running',
  queued: 'ready',
  waking: 'ready',
  terminating: 'finished',
  terminated: 'finished',
};

/** OSv's own ids stay far below. */
const BRINGUP_IDS = 0x1000_0000;

export interface OsvThread {
  address: Address;
  id: number;
  name: string;
  status: string;
  cpu: number;
  stack: { base: Address; size: number };
  stackPointer: Address;
}

/** OSv's threads: sched::thread_map, and the bring-up threads that it lacks. */
export class OsvThreads {
  readonly #structures: OsvStructures;
  readonly #mutexes: OsvMutexes | undefined;
  readonly #parked: OsvParkedThreads;
  readonly #map;
  readonly #node;
  readonly #fields;
  /** Of a thread: what only counts up, and is right whenever it is read. */
  readonly #counters;
  readonly #detached;
  /** All threads of this reading. */
  #known: ReadonlySet<Address> = new Set();

  constructor(structures: OsvStructures, mutexes: OsvMutexes | undefined, describeLock: DescribeLock) {
    this.#structures = structures;
    this.#mutexes = mutexes;
    this.#parked = new OsvParkedThreads(structures, mutexes, describeLock);
    const { layouts } = structures.facts;
    const map = layouts.variable('sched::thread_map');
    this.#map = {
      reader: map,
      address: structures.symbol('sched::thread_map'),
      first: map.pointer('_M_h._M_before_begin._M_nxt'),
      count: map.number('_M_h._M_element_count'),
    };
    this.#node = structures.threadNode();
    const reader = layouts.struct('sched::thread');
    this.#fields = {
      reader,
      id: reader.number('_id'),
      name: reader.text('_attr._name._M_elems'),
      stackBegin: reader.pointer('_attr._stack.begin'),
      stackSize: reader.number('_attr._stack.size'),
      rsp: reader.pointer('_state.rsp'),
      rbp: reader.pointer('_state.rbp'),
      rip: reader.pointer('_state.rip'),
      detached: reader.pointer('_detached_state'),
      priority: reader.optionalNumber('_realtime._priority', 'Priorities of threads'),
      architecture: { offset: reader.offset('_arch'), size: reader.typeOf('_arch').size },
    };
    const counters = layouts.struct('sched::thread');
    this.#counters = {
      reader: counters,
      cpuTime: counters.optionalNumber('_total_cpu_time', 'CPU times of threads'),
      switches: counters.optionalNumber('stat_switches', 'Switches of threads'),
      preemptions: counters.optionalNumber('stat_preemptions', 'Preemptions of threads'),
      migrations: counters.optionalNumber('stat_migrations', 'Migrations of threads'),
    };
    const detached = layouts.struct('sched::thread::detached_state');
    this.#detached = { reader: detached, cpu: detached.pointer('_cpu'), status: detached.enumeration('st') };
  }

  read(snapshot: Snapshot): Reading<'threads'> {
    const guestTime = this.#structures.guestTime(snapshot);
    const cpus = this.#structures.cpus(snapshot);
    const { addresses, whole } = this.addresses(snapshot, cpus);
    const rows: ThreadRow[] = [];
    let consistent = whole;
    this.#parked.begin();
    for (const address of addresses) {
      try {
        rows.push(this.#row(snapshot, address, cpus, guestTime));
      } catch (error) {
        if (!(error instanceof UnreadableMemory)) {
          throw error;
        }
        consistent = false;
      }
    }
    consistent = this.#addHolders(snapshot, rows) && consistent;
    rows.sort((a, b) => a.id - b.id);
    return { rows, notes: ['OSv does not keep since when a thread waits.'], consistent, guestTime };
  }

  /** Addresses of all threads. */
  addresses(snapshot: Snapshot, cpus: readonly OsvCpu[]): { addresses: Address[]; whole: boolean } {
    const map = snapshot.at(this.#map.reader, this.#map.address);
    const expected = this.#map.count(map);
    const addresses = new Set<Address>();
    const seen = new Set<Address>();
    let node = this.#map.first(map);
    let whole = true;
    try {
      while (node !== 0 && !seen.has(node) && seen.size < Math.min(expected, MOST_ELEMENTS)) {
        seen.add(node);
        const { view, offset } = snapshot.at(this.#node.reader, node);
        addresses.add(signed64(view, offset + this.#node.pointer));
        node = signed64(view, offset + this.#node.next);
      }
      whole = node === 0 && seen.size === expected;
    } catch (error) {
      if (!(error instanceof UnreadableMemory)) {
        throw error;
      }
      whole = false;
    }
    // The bring-up thread of each secondary CPU is in no map.
    for (const { bringupThread } of cpus) {
      if (bringupThread !== 0) {
        addresses.add(bringupThread);
      }
    }
    addresses.delete(0);
    this.#known = addresses;
    return { addresses: [...addresses], whole };
  }

  /** What is needed to place threads on CPUs. @throws UnreadableMemory. */
  thread(snapshot: Snapshot, address: Address, cpus: readonly OsvCpu[]): OsvThread {
    const fields = this.#fields;
    const place = snapshot.at(fields.reader, address);
    const { status, cpu } = this.#detachedState(snapshot, place, cpus);
    return {
      address,
      id: idOf(fields.id(place), cpu),
      name: fields.name(place),
      status,
      cpu,
      stack: { base: fields.stackBegin(place), size: fields.stackSize(place) },
      stackPointer: fields.rsp(place),
    };
  }

  /** Id and name of the thread at `address`; undefined when none is there. */
  name(snapshot: Snapshot, address: Address): { id: number; name: string } | undefined {
    if (address === 0) {
      return undefined;
    }
    try {
      const place = snapshot.at(this.#fields.reader, address);
      const { cpu } = this.#detachedState(snapshot, place, this.#structures.cpus(snapshot));
      return { id: idOf(this.#fields.id(place), cpu), name: this.#fields.name(place) };
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return undefined;
      }
      throw error;
    }
  }

  /** Registers as `switch_to` will find them; call-frame information recovers the rest. @throws UnreadableMemory. */
  registers(snapshot: Snapshot, address: Address): KnownRegisters {
    const place = snapshot.at(this.#fields.reader, address);
    const unsigned = (value: number): bigint => BigInt.asUintN(64, BigInt(value));
    return {
      rsp: unsigned(this.#fields.rsp(place)),
      rbp: unsigned(this.#fields.rbp(place)),
      rip: unsigned(this.#fields.rip(place)),
    };
  }

  /** Where the interrupt and exception stacks of the thread at `address` lie: inside it. */
  ownStacks(address: Address): { base: Address; size: number } {
    const { offset, size } = this.#fields.architecture;
    return { base: address + offset, size };
  }

  #row(snapshot: Snapshot, address: Address, cpus: readonly OsvCpu[], guestTime: number): ThreadRow {
    const fields = this.#fields;
    const place = snapshot.at(fields.reader, address);
    const { status, cpu } = this.#detachedState(snapshot, place, cpus);
    const state = STATES[status] ?? 'created';
    const counted = snapshot.glance(this.#counters.reader, address);
    const counters = this.#counters;
    const switches = counters.switches(counted) ?? 0;
    const row: ThreadRow = {
      key: address,
      id: idOf(fields.id(place), cpu),
      name: fields.name(place),
      state,
      cpu,
      priority: fields.priority(place) ?? 0,
      cpuTime: (counters.cpuTime(counted) ?? 0) + runningSlice(state, cpus[cpu], guestTime),
      switches,
      preemptions: counters.preemptions(counted) ?? 0,
      migrations: counters.migrations(counted) ?? 0,
      holds: [],
    };
    const size = fields.stackSize(place);
    if (size > 0) {
      row.stack = { base: fields.stackBegin(place), size };
    }
    if (state === 'waiting') {
      this.#addWait(snapshot, row, place);
    }
    return row;
  }

  #addWait(snapshot: Snapshot, row: ThreadRow, place: Place): void {
    const fields = this.#fields;
    const parked = {
      thread: row.key,
      stackPointer: fields.rsp(place),
      framePointer: fields.rbp(place),
      instruction: fields.rip(place),
      moment: `${fields.rsp(place)} ${row.switches} ${row.cpuTime}`,
    };
    const { frame, waitsFor } = this.#parked.read(snapshot, parked, (address) => this.#known.has(address));
    if (waitsFor) {
      row.waitsFor = waitsFor;
    }
    if (frame) {
      row.frame = frame.text;
      row.frameAddress = frame.address;
    }
  }

  /** Locks that somebody waits for have a holder: each thread is told what it holds of those. False: somebody was changing a lock. */
  #addHolders(snapshot: Snapshot, rows: ThreadRow[]): boolean {
    let whole = true;
    const byKey = new Map(rows.map((row) => [row.key, row]));
    const told = new Set<Address>();
    for (const { waitsFor } of rows) {
      if (waitsFor?.kind === 'mutex' && !told.has(waitsFor.object)) {
        told.add(waitsFor.object);
        const state = this.#stateOf(snapshot, waitsFor.object);
        whole &&= state?.whole === true;
        const held: HeldLockInfo = {
          lock: waitsFor.object,
          kind: 'mutex',
          mode: 'exclusive',
          description: waitsFor.description,
        };
        byKey.get(state?.owner ?? 0)?.holds.push(held);
      }
    }
    return whole;
  }

  #stateOf(snapshot: Snapshot, mutex: Address): MutexState | undefined {
    try {
      return this.#mutexes?.read(snapshot, mutex);
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return undefined;
      }
      throw error;
    }
  }

  #detachedState(snapshot: Snapshot, place: Place, cpus: readonly OsvCpu[]): { status: string; cpu: number } {
    const state = snapshot.at(this.#detached.reader, this.#fields.detached(place));
    const cpu = this.#detached.cpu(state);
    return {
      status: this.#detached.status(state),
      cpu: Math.max(
        0,
        cpus.findIndex(({ address }) => address === cpu),
      ),
    };
  }
}

/** Bring-up threads all have the id 0, which no debugger takes for a thread's: each CPU has one. */
function idOf(id: number, cpu: number): number {
  return id === 0 ? BRINGUP_IDS + cpu : id;
}

function runningSlice(state: ThreadStateName, cpu: OsvCpu | undefined, guestTime: number): number {
  return state === 'running' && cpu ? Math.max(0, guestTime - cpu.runningSince) : 0;
}
