import type { Address } from '../../guest/address.ts';
import { LONGEST_PLACE } from '../../guest/physical-cache.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64 } from '../../guest/struct-reader.ts';
import type { ProfilePlace, ProfileReading, ProfileStack } from '../model.ts';
import type { SproutStructures } from './structures.ts';
import type { SproutThreads } from './threads.ts';

/** Bounds on what a guest may claim. */
const MOST_SAMPLES = 1 << 16;
const MOST_FRAMES = 128;
const SECOND = 1e9;

interface Sample {
  index: number;
  thread: number;
  /** Innermost first; return addresses but the first. */
  frames: Address[];
}

/** Sprout's profile rings: what each CPU ran when its profile timer came (kernel/core/profile.hh). */
export class SproutProfile {
  readonly #structures: SproutStructures;
  readonly #threads: SproutThreads;
  readonly #rings;
  readonly #ring;
  readonly #sample;

  /** @throws MissingLayout when this build takes no samples. */
  constructor(structures: SproutStructures, threads: SproutThreads) {
    this.#structures = structures;
    this.#threads = threads;
    this.#rings = structures.perCpu('sprout::g_profile_rings');
    const { reader } = this.#rings;
    this.#ring = {
      samples: reader.pointer('value.samples'),
      capacity: reader.number('value.capacity'),
      written: reader.number('value.written'),
      period: reader.number('value.timer.period'),
    };
    const sample = structures.facts.layouts.struct('sprout::ProfileSample');
    const frames = sample.typeOf('frames');
    this.#sample = {
      size: sample.size,
      thread: sample.offset('thread'),
      depth: sample.offset('depth'),
      top: sample.offset('top_of_stack'),
      frames: sample.offset('frames'),
      most: Math.min(MOST_FRAMES, frames.size / 8),
    };
  }

  /** Of each CPU the samples after the first `after[cpu]`; undefined when none are taken. @throws UnreadableMemory. */
  read(snapshot: Snapshot, after: readonly number[]): ProfileReading | undefined {
    const count = Math.min(this.#structures.cpuCount(snapshot), this.#rings.count);
    const period = this.#ring.period(snapshot.glance(this.#rings.reader, this.#rings.at(0)));
    if (period === 0) {
      return undefined;
    }
    const stacks = new Stacks((address) => this.#structures.facts.place(address));
    const cpus = Array.from({ length: count }, (_, cpu) => {
      const { samples, next, lost } = this.#readRing(snapshot, cpu, after[cpu] ?? 0);
      for (const { thread, frames } of samples) {
        stacks.add(cpu, thread, frames);
      }
      return { cpu, next, lost, samples: samples.length };
    });
    return {
      guestTime: this.#structures.guestTime(snapshot),
      rate: SECOND / period,
      cpus,
      places: stacks.places,
      stacks: stacks.stacks,
      threads: Object.fromEntries(this.#threads.names(snapshot)),
    };
  }

  #readRing(snapshot: Snapshot, cpu: number, after: number): { samples: Sample[]; next: number; lost: number } {
    const ring = snapshot.glance(this.#rings.reader, this.#rings.at(cpu));
    const base = this.#ring.samples(ring);
    const capacity = this.#ring.capacity(ring);
    const written = this.#ring.written(ring);
    if (base === 0 || !(capacity > 0 && capacity <= MOST_SAMPLES)) {
      return { samples: [], next: 0, lost: 0 };
    }
    // A count that is behind ours is another boot's: begin anew.
    const wanted = after > written ? 0 : after;
    const oldest = Math.max(wanted, written - capacity);
    const read: Sample[] = [];
    for (let index = oldest; index < written; ) {
      const slot = index % capacity;
      const run = Math.min(written - index, capacity - slot, Math.floor(LONGEST_PLACE / this.#sample.size));
      this.#readRun(snapshot, base + slot * this.#sample.size, run, index, read);
      index += run;
    }
    // What the ring has overtaken meanwhile is half old, half new.
    const now = this.#ring.written(snapshot.aside().glance(this.#rings.reader, this.#rings.at(cpu)));
    const first = Math.max(oldest, now - capacity + 1);
    return {
      samples: read.filter(({ index }) => index >= first),
      next: written,
      lost: Math.min(first, written) - wanted,
    };
  }

  #readRun(snapshot: Snapshot, address: Address, count: number, first: number, samples: Sample[]): void {
    const { size, thread, depth, top, frames, most } = this.#sample;
    const { view, offset } = snapshot.glanceAt(address, count * size);
    for (let index = 0, at = offset; index < count; index++, at += size) {
      const length = Math.min(most, view.getUint32(at + depth, true));
      // One that is being written has no frames.
      if (length === 0) {
        continue;
      }
      const chain = Array.from({ length }, (_, frame) => signed64(view, at + frames + frame * 8));
      const hidden = this.#hiddenCaller(view, at + top, chain[0] as Address);
      if (hidden !== undefined) {
        chain.splice(1, 0, hidden);
      }
      samples.push({ index: first + index, thread: view.getUint32(at + thread, true), frames: chain });
    }
  }

  /** The caller of a function that has no frame at `address`: no frame pointer leads to it, but its return address is on top. */
  #hiddenCaller(view: DataView, top: number, address: Address): Address | undefined {
    const offset = this.#structures.facts.returnAddressOffset(address);
    const caller = offset === 0 || offset === 8 ? signed64(view, top + offset) : 0;
    return caller === 0 ? undefined : caller;
  }
}

/** Equal stacks of one thread on one CPU, counted. */
class Stacks {
  readonly places: ProfilePlace[] = [];
  readonly stacks: ProfileStack[] = [];
  readonly #placeOf: (address: Address) => ProfilePlace;
  readonly #placeByAddress = new Map<Address, number>();
  readonly #placeByText = new Map<string, number>();
  readonly #byKey = new Map<string, ProfileStack>();

  constructor(placeOf: (address: Address) => ProfilePlace) {
    this.#placeOf = placeOf;
  }

  add(cpu: number, thread: number, addresses: readonly Address[]): void {
    // A return address may be the first byte behind a call that never returns.
    const frames = addresses.map((address, depth) => this.#place(depth === 0 ? address : address - 1));
    const key = `${cpu} ${thread} ${frames.join(' ')}`;
    const known = this.#byKey.get(key);
    if (known) {
      known.count++;
      return;
    }
    const stack = { cpu, thread, frames, count: 1 };
    this.#byKey.set(key, stack);
    this.stacks.push(stack);
  }

  #place(address: Address): number {
    let index = this.#placeByAddress.get(address);
    if (index === undefined) {
      const place = this.#placeOf(address);
      const text = `${place.name}\n${place.file}\n${place.line}`;
      index = this.#placeByText.get(text);
      if (index === undefined) {
        index = this.places.push(place) - 1;
        this.#placeByText.set(text, index);
      }
      this.#placeByAddress.set(address, index);
    }
    return index;
  }
}
