/** The objects of slabs as they were read, and which of them are new. */
import type { SlabRow } from '../../debug-adapter/protocol.ts';
import { PAGE_SIZE } from './words.ts';

export interface Slab extends SlabRow {
  /** Its first page. */
  frame: number;
}

/** An object, and where it begins. */
export interface ObjectPlace {
  /** Its slab's first page. */
  slab: number;
  objectSize: number;
  index: number;
  frame: number;
  /** Bytes from the page's start. */
  offset: number;
}

/** How long an object that was seen to come to life is brighter, in milliseconds. */
const GLOW_MS = 4000;

export function isLive(slab: SlabRow, index: number): boolean {
  return ((bytesOf(slab)[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

/** Where object `index` of a slab begins. */
export function placeOf(slab: Slab, index: number): ObjectPlace {
  const at = (slab.objects ?? slab.address) - slab.address + index * slab.objectSize;
  const page = Math.floor(at / PAGE_SIZE);
  return {
    slab: slab.frame,
    objectSize: slab.objectSize,
    index,
    frame: slab.frame + page,
    offset: at - page * PAGE_SIZE,
  };
}

/** The object of a slab at a byte of a page; undefined beside all objects. */
export function objectAt(slab: Slab, frame: number, offset: number): number | undefined {
  const at = (frame - slab.frame) * PAGE_SIZE + offset - ((slab.objects ?? slab.address) - slab.address);
  const index = Math.floor(at / slab.objectSize);
  return index >= 0 && index < slab.capacity ? index : undefined;
}

/** Objects that live `now` and did not `before`, in the order of their addresses. */
export function newObjects(before: readonly Slab[], now: readonly Slab[]): ObjectPlace[] {
  const known = new Map(before.map((slab) => [slab.frame, slab]));
  return now.flatMap((slab) => {
    const was = known.get(slab.frame);
    const born = bornIn(was?.objectSize === slab.objectSize ? was : undefined, slab);
    return born.map((index) => placeOf(slab, index));
  });
}

/** Slabs by their pages. */
export class Slabs {
  #byFrame = new Map<number, Slab>();
  /** When objects were seen to come to life, by their slab's frame and their index. */
  #born = new Map<number, Map<number, number>>();

  at(frame: number): Slab | undefined {
    return this.#byFrame.get(frame);
  }

  /** How bright an object is: 1 when it has just come to life, 0 when it is old or was never seen otherwise. */
  glow(slab: Slab, index: number, now: number): number {
    const born = this.#born.get(slab.frame)?.get(index);
    return born === undefined ? 0 : Math.max(0, 1 - (now - born) / GLOW_MS);
  }

  /** Takes a reading in, in place of the last. */
  take(slabs: readonly Slab[], now: number): void {
    for (const slab of slabs) {
      const before = this.#byFrame.get(slab.frame);
      if (before?.objectSize !== slab.objectSize) {
        this.#born.delete(slab.frame);
        continue;
      }
      const born = this.#born.get(slab.frame) ?? new Map<number, number>();
      for (const index of bornIn(before, slab)) {
        born.set(index, now);
      }
      this.#born.set(slab.frame, born);
    }
    this.#byFrame = new Map(
      slabs.flatMap((slab) =>
        Array.from({ length: slab.pageCount }, (_, page): [number, Slab] => [slab.frame + page, slab]),
      ),
    );
  }

  clear(): void {
    this.#byFrame.clear();
    this.#born.clear();
  }
}

/** Without a reading before, all that live. */
function bornIn(before: Slab | undefined, now: Slab): number[] {
  const was = before ? bytesOf(before) : new Uint8Array(0);
  const is = bytesOf(now);
  const born: number[] = [];
  for (let index = 0; index < now.capacity; index++) {
    const bit = 1 << (index & 7);
    if (((is[index >> 3] ?? 0) & bit) !== 0 && ((was[index >> 3] ?? 0) & bit) === 0) {
      born.push(index);
    }
  }
  return born;
}

/** Maps that were decoded already: a slab in sight is drawn many times a second. */
const decoded = new WeakMap<SlabRow, Uint8Array>();

function bytesOf(slab: SlabRow): Uint8Array {
  let bytes = decoded.get(slab);
  if (!bytes) {
    bytes = Uint8Array.from(atob(slab.liveMap), (character) => character.charCodeAt(0));
    decoded.set(slab, bytes);
  }
  return bytes;
}
