import type { Address } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import { LONGEST_PLACE } from '../../guest/physical-cache.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64, unsigned64 } from '../../guest/struct-reader.ts';
import type { TraceEvents, TraceReading } from '../model.ts';
import { type SproutNames, UNREADABLE } from './names.ts';
import type { SproutThreads } from './threads.ts';
import type { SproutWaits } from './waits.ts';

/** A ring has a million records at most (command_line.cc); a bound on what a guest may claim. */
const MOST_RECORDS = 1 << 20;
const LONGEST_NAME = 64;
const PRINTABLE = /^[ -~]+$/;
/** Objects that are named in one answer. */
const MOST_NAMES = 10_000;

interface TraceRecord {
  /** How many were written before it. */
  index: number;
  time: number;
  thread: number;
  kind: number;
  object: Address;
  value: number;
}

/** Sprout's trace rings: what happened lately on each CPU. */
export class SproutTrace {
  readonly #names: SproutNames;
  readonly #threads: SproutThreads;
  readonly #waits: SproutWaits;
  readonly #rings;
  readonly #ring;
  readonly #record;
  readonly #timerName;
  readonly #kinds: string[];
  readonly #operations: string[];
  readonly #waitKinds: TraceReading['waits'];

  constructor(names: SproutNames, threads: SproutThreads, waits: SproutWaits) {
    this.#names = names;
    this.#threads = threads;
    this.#waits = waits;
    const { structures } = names;
    const { layouts } = structures.facts;
    this.#rings = structures.perCpu('sprout::g_trace_rings');
    const { reader } = this.#rings;
    this.#ring = {
      records: reader.pointer('value.records'),
      capacity: reader.number('value.capacity'),
      written: reader.number('value.written'),
    };
    const timer = layouts.struct('sprout::Timer');
    const record = layouts.struct('sprout::TraceRecord');
    this.#record = {
      size: record.size,
      time: record.offset('time'),
      thread: record.offset('thread'),
      kind: record.offset('kind'),
      object: record.offset('object'),
      value: record.offset('value'),
    };
    this.#timerName = { reader: timer, name: timer.pointer('name') };
    this.#kinds = namesOf(layouts.enumeration('sprout::TraceKind'));
    this.#operations = namesOf(layouts.enumeration('sprout::VnodeOperation'));
    this.#waitKinds = namesOf(layouts.enumeration('sprout::WaitKind')).map((name) => waits.kind(name));
  }

  /**
   * Of each CPU, at most `limit` records that were written after `after[cpu]` records, the newest ones.
   * @throws UnreadableMemory.
   */
  read(snapshot: Snapshot, after: readonly number[], limit: number): TraceReading {
    const guestTime = this.#names.structures.guestTime(snapshot);
    const count = Math.min(this.#names.structures.cpuCount(snapshot), this.#rings.count);
    const cpus = Array.from({ length: count }, (_, cpu) => this.#readRing(snapshot, cpu, after[cpu] ?? 0, limit));
    return {
      guestTime,
      kinds: this.#kinds,
      operations: this.#operations,
      waits: this.#waitKinds,
      waiting: this.#waiting(snapshot),
      off: this.#off(snapshot),
      cpus,
      threads: Object.fromEntries(this.#threads.names(snapshot)),
      objects: this.#nameObjects(snapshot, cpus),
    };
  }

  #waiting(snapshot: Snapshot): NonNullable<TraceReading['waiting']> {
    const { rows } = this.#threads.read(snapshot);
    return rows.flatMap(({ id, waitsFor }) => (waitsFor ? [{ thread: id, wait: waitsFor }] : []));
  }

  /** `none` is no kind: it marks records that are being written. */
  #off(snapshot: Snapshot): string[] {
    const { view, offset } = snapshot.glanceAt(this.#names.structures.symbol('sprout::g_trace_mask'), 4);
    const mask = view.getUint32(offset, true);
    return this.#kinds.filter((_, kind) => kind > 0 && (mask & (1 << kind)) === 0);
  }

  #readRing(snapshot: Snapshot, cpu: number, after: number, limit: number): TraceReading['cpus'][number] {
    const events: TraceEvents = { time: [], thread: [], kind: [], object: [], value: [] };
    const ring = snapshot.glance(this.#rings.reader, this.#rings.at(cpu));
    const records = this.#ring.records(ring);
    const capacity = this.#ring.capacity(ring);
    const written = this.#ring.written(ring);
    if (records === 0 || !(capacity > 0 && capacity <= MOST_RECORDS)) {
      return { cpu, next: 0, lost: 0, events };
    }
    // A count that is behind ours is another boot's: begin anew.
    const wanted = after > written ? 0 : after;
    const oldest = Math.max(wanted, written - Math.min(capacity, limit));
    const read: TraceRecord[] = [];
    for (let index = oldest; index < written; ) {
      const slot = index % capacity;
      const most = Math.floor(LONGEST_PLACE / this.#record.size);
      const run = Math.min(written - index, capacity - slot, most);
      this.#readRun(snapshot, records + slot * this.#record.size, run, index, read);
      index += run;
    }
    // What the ring has overtaken meanwhile is half old, half new.
    const now = this.#ring.written(snapshot.aside().glance(this.#rings.reader, this.#rings.at(cpu)));
    const first = Math.max(oldest, now - capacity + 1);
    for (const record of read) {
      if (record.index >= first) {
        append(events, record);
      }
    }
    return { cpu, next: written, lost: Math.min(first, written) - wanted, events };
  }

  #readRun(snapshot: Snapshot, address: Address, count: number, first: number, records: TraceRecord[]): void {
    const { size, time, thread, kind, object, value } = this.#record;
    const { view, offset } = snapshot.glanceAt(address, count * size);
    for (let index = 0, at = offset; index < count; index++, at += size) {
      const what = view.getUint8(at + kind);
      // A record that is being written is `none`.
      if (what !== 0 && what < this.#kinds.length) {
        records.push({
          index: first + index,
          time: unsigned64(view, at + time),
          thread: view.getUint32(at + thread, true),
          kind: what,
          object: signed64(view, at + object),
          value: unsigned64(view, at + value),
        });
      }
    }
  }

  /** Locks, vnodes and timers by name; what has gone since is called by its address. */
  #nameObjects(snapshot: Snapshot, cpus: TraceReading['cpus']): Record<string, string> {
    const names: Record<string, string> = {};
    let count = 0;
    for (const { events } of cpus) {
      for (let index = 0; index < events.object.length && count < MOST_NAMES; index++) {
        const object = events.object[index] ?? 0;
        const kind = this.#kinds[events.kind[index] ?? 0] ?? '';
        if (object === 0 || names[object] !== undefined) {
          continue;
        }
        const name = this.#nameObject(snapshot, kind, object);
        if (name !== undefined && name !== UNREADABLE) {
          names[object] = name;
          count++;
        }
      }
    }
    return names;
  }

  #nameObject(snapshot: Snapshot, kind: string, object: Address): string | undefined {
    try {
      if (kind.startsWith('lock_')) {
        return this.#waits.describe(snapshot, object);
      }
      if (kind === 'timer_fire') {
        const { reader, name } = this.#timerName;
        const text = snapshot.text(name(snapshot.glance(reader, object)), LONGEST_NAME);
        // Its memory may be something else by now.
        return text !== undefined && PRINTABLE.test(text) ? text : undefined;
      }
      return kind === 'vnode_operation' ? this.#names.vnodePath(snapshot, object) : undefined;
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return undefined;
      }
      throw error;
    }
  }
}

function append(events: TraceEvents, record: TraceRecord): void {
  events.time.push(record.time);
  events.thread.push(record.thread);
  events.kind.push(record.kind);
  events.object.push(record.object);
  events.value.push(record.value);
}

function namesOf(enumeration: Map<number, string>): string[] {
  return Array.from({ length: Math.max(0, ...enumeration.keys()) + 1 }, (_, value) => enumeration.get(value) ?? '?');
}
