import type { Address } from '../../guest/address.ts';
import { walkList } from '../../guest/lists.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Place } from '../../guest/physical-cache.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { Reading } from '../kernel.ts';
import type { TimerRow, TimerSetRow } from '../model.ts';
import type { SproutNames } from './names.ts';
import { MOST_ELEMENTS } from './structures.ts';

/** ~0: the hardware is armed for nothing. As a double it is 2^64. */
const NEVER = 2 ** 63;

/** Sprout's timer sets: g_timer_sets, one a CPU. */
export class SproutTimerSets {
  readonly #names: SproutNames;
  readonly #sets;
  readonly #set;
  readonly #buckets;
  readonly #bucketBits: number;
  readonly #timer;

  constructor(names: SproutNames) {
    this.#names = names;
    const { layouts } = names.structures.facts;
    this.#sets = names.structures.perCpu('sprout::g_timer_sets');
    const { reader } = this.#sets;
    const buckets = reader.elements('value.buckets');
    this.#set = {
      count: reader.number('value.count'),
      last: reader.number('value.last'),
      next: reader.number('value.next'),
      fired: reader.optionalNumber('value.fired', 'Fired timers'),
      backwardSteps: reader.optionalNumber('value.backward_steps', 'Backward steps of the clock'),
      clamped: reader.optionalNumber('value.clamped', 'Clamped timer counts'),
    };
    this.#buckets = {
      ...buckets,
      sentinel: buckets.reader.offset('sentinel'),
      first: buckets.reader.pointer('sentinel.next'),
    };
    this.#bucketBits = reader.offset('value.non_empty_buckets');
    reader.number('value.non_empty_buckets');
    const timer = layouts.struct('sprout::Timer');
    this.#timer = {
      reader: timer,
      hook: timer.offset('link'),
      deadline: timer.number('deadline'),
      period: timer.number('period'),
      fired: timer.optionalNumber('fired', 'How often timers fired'),
      owner: timer.pointer('owner'),
      name: timer.pointer('name'),
      callback: timer.pointer('callback'),
    };
  }

  read(snapshot: Snapshot): Reading<'timerSets'> {
    const guestTime = this.#names.structures.guestTime(snapshot);
    const rows: TimerSetRow[] = [];
    const notes: string[] = [];
    let consistent = true;
    const count = Math.min(this.#names.structures.cpuCount(snapshot), this.#sets.count);
    for (let cpu = 0; cpu < count; cpu++) {
      const { row, whole } = this.#row(snapshot, cpu, guestTime);
      rows.push(row);
      if (!whole) {
        consistent = false;
        notes.push(`The timer set of CPU ${cpu} was just being changed.`);
      }
    }
    return { rows, notes, consistent, guestTime };
  }

  #row(snapshot: Snapshot, cpu: number, guestTime: number): { row: TimerSetRow; whole: boolean } {
    const address = this.#sets.at(cpu);
    const place = snapshot.at(this.#sets.reader, address);
    const timers: TimerRow[] = [];
    let whole = true;
    for (let bucket = 0; bucket < this.#buckets.count; bucket++) {
      const sentinel = address + this.#buckets.offset + bucket * this.#buckets.stride + this.#buckets.sentinel;
      const first = this.#buckets.first(this.#buckets.at(place, bucket));
      const isEmpty = first === sentinel || first === 0;
      whole &&= isEmpty === !this.#isMarked(place, bucket);
      if (!isEmpty) {
        whole = this.#addBucket(snapshot, bucket, sentinel, guestTime, timers) && whole;
      }
    }
    const armed = this.#set.count(place);
    const row: TimerSetRow = {
      key: cpu,
      cpu,
      armed,
      fired: this.#set.fired(place) ?? 0,
      last: this.#set.last(place),
      backwardSteps: this.#set.backwardSteps(place) ?? 0,
      clamped: this.#set.clamped(place) ?? 0,
      timers: timers.sort((a, b) => a.deadline - b.deadline),
    };
    const next = this.#set.next(place);
    if (next < NEVER) {
      row.next = next;
    }
    return { row, whole: whole && armed === timers.length };
  }

  /** The set's own bit for a bucket that is not empty. */
  #isMarked(place: Place, bucket: number): boolean {
    const word = place.view.getUint32(place.offset + this.#bucketBits + (bucket >= 32 ? 4 : 0), true);
    return ((word >>> (bucket % 32)) & 1) === 1;
  }

  #addBucket(snapshot: Snapshot, bucket: number, sentinel: Address, guestTime: number, timers: TimerRow[]): boolean {
    const walk = walkList(snapshot, this.#names.structures.node, sentinel, MOST_ELEMENTS);
    let { whole } = walk;
    for (const node of walk.nodes) {
      try {
        timers.push(this.#timerRow(snapshot, bucket, node - this.#timer.hook, guestTime));
      } catch (error) {
        if (!(error instanceof UnreadableMemory)) {
          throw error;
        }
        whole = false;
      }
    }
    return whole;
  }

  #timerRow(snapshot: Snapshot, bucket: number, address: Address, guestTime: number): TimerRow {
    const fields = this.#timer;
    const place = snapshot.at(fields.reader, address);
    const deadline = fields.deadline(place);
    const callbackAddress = fields.callback(place);
    const owner = this.#names.thread(snapshot, fields.owner(place));
    const row: TimerRow = {
      key: address,
      bucket,
      deadline,
      remaining: deadline - guestTime,
      period: fields.period(place),
      name: this.#names.text(snapshot, fields.name(place)),
      callback: this.#names.structures.facts.describe(callbackAddress),
      callbackAddress,
      fired: fields.fired(place) ?? 0,
    };
    if (owner) {
      row.owner = { thread: owner.id, threadName: owner.name };
    }
    return row;
  }
}
