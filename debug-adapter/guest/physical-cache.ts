import { type PhysicalMemory, UnreadableMemory } from './memory.ts';

/** Read at once for walks of many objects: a list walked through RAM finds its neighbours read already. */
export const LARGE_CHUNK = 0x1_0000;
/** Read at once when little is read: the time between two readings is what matters then. */
export const SMALL_CHUNK = 0x1000;
/** The longest range that has one place. */
export const LONGEST_PLACE = 0x1_0000;
/** One buffer of the cache. Bigger than any object that is read in one piece. */
const SEGMENT_SIZE = 0x100_0000;
/** What was not looked at for so many epochs is read ahead no more. */
const FORGOTTEN_AFTER = 16;
const SMALL_CHUNKS_IN_SEGMENT = SEGMENT_SIZE / SMALL_CHUNK;

interface Segment {
  bytes: Buffer;
  view: DataView;
  /** The epoch in which each small chunk was read. */
  epochs: Uint32Array;
  /** The epoch in which somebody last looked at it. */
  used: Uint32Array;
}

/** Bytes somewhere in a view. */
export interface Place {
  view: DataView;
  offset: number;
}

/**
 * RAM as it was in one epoch: every chunk is read at most once until `forget`.
 * Segments stay allocated between epochs, up to `budget` bytes.
 */
export class PhysicalCache {
  readonly memory: PhysicalMemory;
  readonly #segments = new Map<number, Segment>();
  readonly #budget: number;
  #epoch = 1;
  #chunk = LARGE_CHUNK;
  /** The last segment asked for: most reads are near the one before. */
  #lastIndex = -1;
  #last: Segment | undefined;
  /** Pairs of physical address and length: what was read in this epoch. */
  #filled: number[] = [];
  /** Bytes read from RAM since the start, for measurements. */
  bytesRead = 0;

  constructor(memory: PhysicalMemory, budget = 256 << 20) {
    this.memory = memory;
    this.#budget = budget;
  }

  /** Begins a new epoch: whatever is read from now on is read anew, `chunk` bytes at a time. */
  forget(chunk: typeof LARGE_CHUNK | typeof SMALL_CHUNK = LARGE_CHUNK): void {
    this.#epoch++;
    this.#chunk = chunk;
    this.#filled = [];
    if (this.#segments.size * SEGMENT_SIZE > this.#budget) {
      this.#segments.clear();
      this.#lastIndex = -1;
      this.#last = undefined;
    }
  }

  /**
   * Where `length` bytes from `physical` on can be read; valid until the next epoch.
   * @param ranges pairs of offset and length: what will be looked at; the rest need not be there. Default: everything
   * @throws UnreadableMemory outside RAM, or when `length` is above 64 KiB.
   */
  place(physical: number, length: number, ranges?: Int32Array): Place {
    const offset = physical % SEGMENT_SIZE;
    if (!(physical >= 0 && length <= LONGEST_PLACE && physical + length <= this.memory.size)) {
      throw new UnreadableMemory(physical, length);
    }
    if (offset + length > SEGMENT_SIZE) {
      const copy = this.copy(physical, length);
      return { view: new DataView(copy.buffer, copy.byteOffset, copy.length), offset: 0 };
    }
    const segment = this.#segment((physical - offset) / SEGMENT_SIZE);
    if (ranges === undefined || length <= SMALL_CHUNK) {
      this.#need(segment, physical - offset, offset, length);
    } else {
      for (let index = 0; index < ranges.length; index += 2) {
        this.#need(segment, physical - offset, offset + (ranges[index] as number), ranges[index + 1] as number);
      }
    }
    return { view: segment.view, offset };
  }

  /** Reads what was not read in this epoch. */
  #need(segment: Segment, base: number, offset: number, length: number): void {
    const last = (offset + length - 1) >>> 12;
    for (let chunk = offset >>> 12; chunk <= last; chunk++) {
      if (segment.epochs[chunk] !== this.#epoch) {
        this.#fill(segment, base, chunk);
      }
      segment.used[chunk] = this.#epoch;
    }
  }

  /** How often RAM was read in this epoch. */
  get fills(): number {
    return this.#filled.length / 2;
  }

  /** What was read in this epoch and looked at lately, as few ascending runs: for `prefetch` in a later one. */
  get filled(): Float64Array {
    const pairs: [number, number][] = [];
    for (let index = 0; index < this.#filled.length; index += 2) {
      const end = (this.#filled[index] as number) + (this.#filled[index + 1] as number);
      for (let at = this.#filled[index] as number; at < end; at += this.#chunk) {
        const length = Math.min(this.#chunk, end - at);
        if (this.#isUsed(at, length)) {
          pairs.push([at, length]);
        }
      }
    }
    pairs.sort((a, b) => a[0] - b[0]);
    const runs: number[] = [];
    for (const [physical, length] of pairs) {
      const end = (runs.at(-2) ?? -1) + (runs.at(-1) ?? 0);
      if (physical === end && physical % SEGMENT_SIZE !== 0) {
        runs[runs.length - 1] = (runs.at(-1) as number) + length;
      } else {
        runs.push(physical, length);
      }
    }
    return Float64Array.from(runs);
  }

  #isUsed(physical: number, length: number): boolean {
    const { used } = this.#segment(Math.floor(physical / SEGMENT_SIZE));
    const first = (physical % SEGMENT_SIZE) / SMALL_CHUNK;
    const last = first + length / SMALL_CHUNK;
    for (let chunk = first; chunk < last; chunk++) {
      if ((used[chunk] as number) + FORGOTTEN_AFTER > this.#epoch) {
        return true;
      }
    }
    return false;
  }

  /** Reads these runs at once, one after the other. What cannot be read is left out: whoever needs it will be told. */
  prefetch(runs: Float64Array): void {
    for (let index = 0; index < runs.length; index += 2) {
      const physical = runs[index] as number;
      const begin = physical % SEGMENT_SIZE;
      try {
        this.#read(
          this.#segment((physical - begin) / SEGMENT_SIZE),
          physical - begin,
          begin,
          runs[index + 1] as number,
        );
      } catch (error) {
        if (!(error instanceof UnreadableMemory)) {
          throw error;
        }
      }
    }
  }

  /** A copy of any length within RAM. */
  copy(physical: number, length: number): Buffer {
    if (!(physical >= 0 && length >= 0 && physical + length <= this.memory.size)) {
      throw new UnreadableMemory(physical, length);
    }
    const result = Buffer.allocUnsafe(length);
    for (let done = 0; done < length; ) {
      const address = physical + done;
      const count = Math.min(length - done, LONGEST_PLACE - (address % LONGEST_PLACE));
      const { view, offset } = this.place(address, count);
      result.set(new Uint8Array(view.buffer, view.byteOffset + offset, count), done);
      done += count;
    }
    return result;
  }

  #segment(index: number): Segment {
    if (index === this.#lastIndex && this.#last) {
      return this.#last;
    }
    let segment = this.#segments.get(index);
    if (!segment) {
      // Zero pages of a fresh ArrayBuffer cost nothing until they are written.
      const buffer = new ArrayBuffer(SEGMENT_SIZE);
      segment = {
        bytes: Buffer.from(buffer),
        view: new DataView(buffer),
        epochs: new Uint32Array(SMALL_CHUNKS_IN_SEGMENT),
        used: new Uint32Array(SMALL_CHUNKS_IN_SEGMENT),
      };
      this.#segments.set(index, segment);
    }
    this.#lastIndex = index;
    this.#last = segment;
    return segment;
  }

  #fill(segment: Segment, base: number, smallChunk: number): void {
    const wanted = smallChunk * SMALL_CHUNK;
    const begin = wanted - (wanted % this.#chunk);
    const length = Math.min(this.#chunk, this.memory.size - (base + begin));
    try {
      this.#read(segment, base, begin, length);
    } catch (error) {
      // A large chunk can reach over the end of a region: what was asked for may still be there.
      if (!(error instanceof UnreadableMemory) || length <= SMALL_CHUNK) {
        throw error;
      }
      this.#read(segment, base, wanted, Math.min(SMALL_CHUNK, this.memory.size - (base + wanted)));
    }
  }

  #read(segment: Segment, base: number, begin: number, length: number): void {
    this.memory.readInto(segment.bytes.subarray(begin, begin + length), base + begin);
    this.bytesRead += length;
    this.#filled.push(base + begin, length);
    segment.epochs.fill(this.#epoch, begin / SMALL_CHUNK, Math.ceil((begin + length) / SMALL_CHUNK));
  }
}
