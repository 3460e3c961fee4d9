import { type Address, isCanonical } from './address.ts';
import type { AddressSpace } from './address-space.ts';
import { type GuestMemory, UnreadableMemory } from './memory.ts';
import { LARGE_CHUNK, PhysicalCache, type Place, SMALL_CHUNK } from './physical-cache.ts';
import type { StructReader } from './struct-reader.ts';

/** Above this many objects, reading large chunks is faster than reading each page. */
const MANY_OBJECTS = 1500;
/** The most bytes that are read ahead twice before anything is looked at. */
const MOST_AHEAD = 8 << 20;
/** So many pages can be known as restless; then all of them are forgotten. */
const MOST_RESTLESS = 512;

/**
 * Guest memory at one moment, as far as that can be: each byte is read at most once in an epoch, and what readers looked at
 * is remembered, so that `unchanged` can tell whether a second reading found the same.
 *
 * A running guest is read ahead: what the last reading needed is copied twice at once, before the first structure is looked
 * at. What was seen to change often is copied last, and then first again: the two copies of it are microseconds apart, however long
 * the walk takes. If the walk needs anything else, everything is read a second time at its end. Either way there is a moment between
 * the readings at which all of it stood there.
 */
export class Snapshot implements GuestMemory {
  readonly #space: AddressSpace;
  readonly #cache: PhysicalCache;
  readonly #check: PhysicalCache;
  #physical = new Float64Array(1024);
  /** Index into #readers, or minus a length for a plain range. */
  #what = new Int32Array(1024);
  #count = 0;
  readonly #readers: StructReader[] = [];
  readonly #readerIndexes = new Map<StructReader, number>();
  /** Whether what is read must be remembered. */
  #recording = true;
  #aside: Snapshot | undefined;
  /** Pages that were seen to change between two readings, by number. */
  readonly #restless = new Set<number>();
  /** What to read ahead next time. */
  #ahead: Float64Array = new Float64Array(0);
  /** Reads from RAM when reading ahead was done. */
  #fillsAhead = 0;

  constructor(cache: PhysicalCache, space: AddressSpace) {
    this.#cache = cache;
    this.#space = space;
    this.#check = new PhysicalCache(cache.memory);
  }

  get space(): AddressSpace {
    return this.#space;
  }

  /** Bytes of physical memory: a bound on whatever the guest says that it has. */
  get memorySize(): number {
    return this.#cache.memory.size;
  }

  /** Begins anew. `recording` is false while the guest stands still: nothing will need to be checked. */
  begin(recording: boolean): void {
    const chunk = this.#chunk();
    this.#ahead = recording ? this.#cache.filled : new Float64Array(0);
    this.#cache.forget(recording ? chunk : LARGE_CHUNK);
    this.#space.forget();
    this.beginReading(recording);
    if (recording && lengthOf(this.#ahead) <= MOST_AHEAD) {
      const { calm, restless } = this.#divide(this.#ahead);
      this.#cache.prefetch(calm);
      this.#cache.prefetch(restless);
      this.#check.forget(chunk);
      this.#check.prefetch(restless);
      this.#check.prefetch(calm);
    }
    this.#fillsAhead = this.#cache.fills;
  }

  /** Runs without the restless pages, and these alone. */
  #divide(runs: Float64Array): { calm: Float64Array; restless: Float64Array } {
    const calm: number[] = [];
    const restless: number[] = [];
    for (let index = 0; index < runs.length; index += 2) {
      const end = (runs[index] as number) + (runs[index + 1] as number);
      let begin = runs[index] as number;
      for (let at = begin; at < end; at += SMALL_CHUNK) {
        if (this.#restless.has(at / SMALL_CHUNK)) {
          if (at > begin) {
            calm.push(begin, at - begin);
          }
          begin = Math.min(end, at + SMALL_CHUNK);
          restless.push(at, begin - at);
        }
      }
      if (end > begin) {
        calm.push(begin, end - begin);
      }
    }
    return { calm: Float64Array.from(calm), restless: Float64Array.from(restless) };
  }

  #noteRestless(physical: number): void {
    if (this.#restless.size === MOST_RESTLESS) {
      this.#restless.clear();
    }
    this.#restless.add(Math.floor(physical / SMALL_CHUNK));
  }

  /** Begins another reading of the same moment: what was read stays. Only while the guest stands still. */
  beginReading(recording: boolean): void {
    this.#count = 0;
    this.#recording = recording;
  }

  /** Reads without remembering: for what always changes, such as clocks, and is right whenever it is read. */
  glance(reader: StructReader, address: Address): Place {
    return this.unrecorded(() => this.at(reader, address));
  }

  /** The same for a plain range of up to 64 KiB. */
  glanceAt(address: Address, length: number): Place {
    return this.unrecorded(() => this.place(address, length));
  }

  /** The same for all that `read` does: a search, whose result is read again. */
  unrecorded<T>(read: () => T): T {
    const recording = this.#recording;
    this.#recording = false;
    try {
      return read();
    } finally {
      this.#recording = recording;
    }
  }

  /** Where the structure at `address` can be read. @throws UnreadableMemory. */
  at(reader: StructReader, address: Address): Place {
    const physical = this.#space.direct(address);
    if (physical === undefined) {
      return this.place(address, reader.size);
    }
    const place = this.#cache.place(physical, reader.size, reader.ranges);
    if (this.#recording) {
      this.#record(physical, this.#indexOf(reader));
    }
    return place;
  }

  /** Where `length` bytes, up to 64 KiB, can be read. @throws UnreadableMemory. */
  place(address: Address, length: number): Place {
    if (!isCanonical(address)) {
      throw new UnreadableMemory(address, length);
    }
    const pieces = this.#space.pieces(address, length);
    const first = pieces[0];
    if (pieces.length === 1 && first) {
      const place = this.#cache.place(first.physical, first.length);
      this.#recordRange(first.physical, first.length);
      return place;
    }
    const bytes = new Uint8Array(length);
    let done = 0;
    for (const piece of pieces) {
      const { view, offset } = this.#cache.place(piece.physical, piece.length);
      this.#recordRange(piece.physical, piece.length);
      bytes.set(new Uint8Array(view.buffer, view.byteOffset + offset, piece.length), done);
      done += piece.length;
    }
    return { view: new DataView(bytes.buffer), offset: 0 };
  }

  read(address: Address, length: number): Buffer {
    if (!isCanonical(address)) {
      throw new UnreadableMemory(address, length);
    }
    const parts = this.#space.pieces(address, length).map((piece) => {
      const bytes = this.#cache.copy(piece.physical, piece.length);
      this.#recordRange(piece.physical, piece.length);
      return bytes;
    });
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  }

  /** The zero-terminated text at `address`, cut at `limit` bytes; undefined when it cannot be read. */
  text(address: Address, limit = 256): string | undefined {
    if (address === 0 || !isCanonical(address)) {
      return undefined;
    }
    const parts: Buffer[] = [];
    try {
      for (let done = 0; done < limit; ) {
        const at = address + done;
        // Up to the next 64 bytes: few texts are longer, and no page is crossed.
        const length = Math.min(limit - done, 64 - (((at % 64) + 64) % 64));
        const { view, offset } = this.place(at, length);
        const bytes = Buffer.from(view.buffer, view.byteOffset + offset, length);
        const end = bytes.indexOf(0);
        parts.push(Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)));
        if (end >= 0) {
          break;
        }
        done += length;
      }
    } catch (error) {
      if (!(error instanceof UnreadableMemory)) {
        throw error;
      }
      return undefined;
    }
    return Buffer.concat(parts).toString('utf8');
  }

  /** Whether everything that was looked at stood there at a second reading, byte for byte. */
  unchanged(): boolean {
    if (this.#cache.fills !== this.#fillsAhead) {
      this.#check.forget(this.#chunk());
    }
    for (let index = 0; index < this.#count; index++) {
      const physical = this.#physical[index] as number;
      const what = this.#what[index] as number;
      if (what < 0) {
        if (!this.#same(physical, -what)) {
          return false;
        }
        continue;
      }
      const { ranges } = this.#readers[what] as StructReader;
      for (let range = 0; range < ranges.length; range += 2) {
        if (!this.#same(physical + (ranges[range] as number), ranges[range + 1] as number)) {
          return false;
        }
      }
    }
    return true;
  }

  /** Another snapshot of the same memory, begun anew and unchecked: for counts that must not disturb this one's reading. */
  aside(): Snapshot {
    this.#aside ??= new Snapshot(new PhysicalCache(this.#cache.memory), this.#space);
    this.#aside.begin(false);
    return this.#aside;
  }

  /** Whether the guest runs, so that what is read must be checked. */
  get isRecording(): boolean {
    return this.#recording;
  }

  /** Objects and ranges looked at since `begin`. */
  get touched(): number {
    return this.#count;
  }

  #chunk(): typeof LARGE_CHUNK | typeof SMALL_CHUNK {
    return this.#count > MANY_OBJECTS ? LARGE_CHUNK : SMALL_CHUNK;
  }

  #same(physical: number, length: number): boolean {
    for (let done = 0; done < length; done += 0x1_0000) {
      const count = Math.min(length - done, 0x1_0000);
      const first = this.#cache.place(physical + done, count);
      const second = this.#check.place(physical + done, count);
      if (!sameBytes(first, second, count)) {
        this.#noteRestless(physical + done);
        return false;
      }
    }
    return true;
  }

  #indexOf(reader: StructReader): number {
    let index = this.#readerIndexes.get(reader);
    if (index === undefined) {
      index = this.#readers.push(reader) - 1;
      this.#readerIndexes.set(reader, index);
    }
    return index;
  }

  /** Of what could be read: what could not be cannot change unseen. */
  #recordRange(physical: number, length: number): void {
    if (this.#recording && length > 0) {
      this.#record(physical, -length);
    }
  }

  #record(physical: number, what: number): void {
    if (this.#count === this.#physical.length) {
      this.#physical = grown(this.#physical, new Float64Array(this.#count * 2));
      this.#what = grown(this.#what, new Int32Array(this.#count * 2));
    }
    this.#physical[this.#count] = physical;
    this.#what[this.#count++] = what;
  }
}

function grown<T extends Float64Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

function lengthOf(runs: Float64Array): number {
  let length = 0;
  for (let index = 1; index < runs.length; index += 2) {
    length += runs[index] as number;
  }
  return length;
}

function sameBytes(a: Place, b: Place, length: number): boolean {
  let index = 0;
  for (; index + 4 <= length; index += 4) {
    if (a.view.getInt32(a.offset + index, true) !== b.view.getInt32(b.offset + index, true)) {
      return false;
    }
  }
  for (; index < length; index++) {
    if (a.view.getUint8(a.offset + index) !== b.view.getUint8(b.offset + index)) {
      return false;
    }
  }
  return true;
}
