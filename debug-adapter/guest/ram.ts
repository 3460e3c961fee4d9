import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { RamRegion, RamSource } from '../machine/machine.ts';
import { type PhysicalMemory, UnreadableMemory } from './memory.ts';

/** RAM that must be let go. */
export interface Ram extends PhysicalMemory {
  close(): void;
}

/** RAM in a file that may be written too. */
export interface WritableRam extends Ram {
  /** Writes all of `bytes`. @throws UnreadableMemory outside RAM; Error with one sentence when the file may not be written. */
  write(bytes: Buffer, physical: number): void;
}

/** PCI devices live right below 4 GiB: RAM that does not fit below them goes on at 4 GiB. */
const FOUR_GIB = 0x1_0000_0000;

/** Video memory and firmware hide the RAM here, on a PC: the file has other bytes than the guest sees. */
const LEGACY_HOLE = { begin: 0xa_0000, end: 0x10_0000 };

/**
 * Opens RAM that a file holds: a memfd, `/proc/PID/mem`, or a core.
 * @throws Error with one sentence when the file cannot be opened.
 */
export function openRam(source: Exclude<RamSource, { kind: 'qmp' }>): WritableRam {
  switch (source.kind) {
    case 'file': {
      const low = Math.min(source.size, source.lowSize);
      const regions: RamRegion[] = [
        { physical: 0, size: Math.min(low, LEGACY_HOLE.begin), at: 0 },
        { physical: LEGACY_HOLE.end, size: Math.max(0, low - LEGACY_HOLE.end), at: LEGACY_HOLE.end },
      ];
      if (source.size > low) {
        regions.push({ physical: FOUR_GIB, size: source.size - low, at: low });
      }
      return new FileRam(source.path, regions);
    }
    case 'process':
      return new FileRam(`/proc/${source.pid}/mem`, source.regions);
    case 'core':
      return new FileRam(source.path, source.regions);
  }
}

/** RAM in a file, in regions: physical address → offset. */
class FileRam implements WritableRam {
  readonly size: number;
  readonly #descriptor: number;
  readonly #regions: readonly RamRegion[];
  readonly #path: string;
  #writable: number | undefined;
  #closed = false;

  constructor(path: string, regions: readonly RamRegion[]) {
    this.#path = path;
    this.#regions = [...regions].sort((a, b) => a.physical - b.physical);
    this.size = Math.max(0, ...regions.map((region) => region.physical + region.size));
    try {
      this.#descriptor = openSync(path, 'r');
    } catch (error) {
      throw new Error(
        `The guest's RAM cannot be opened at ${path}: ${(error as NodeJS.ErrnoException).code ?? error}.`,
      );
    }
  }

  readInto(target: Buffer, physical: number): void {
    if (this.#closed) {
      throw new UnreadableMemory(physical, target.length);
    }
    for (let done = 0; done < target.length; ) {
      const address = physical + done;
      const region = this.#regionAt(address);
      if (!region) {
        throw new UnreadableMemory(address, target.length - done);
      }
      const inside = address - region.physical;
      const wanted = Math.min(target.length - done, region.size - inside);
      const count = this.#read(target, done, wanted, region.at + inside);
      if (count <= 0) {
        throw new UnreadableMemory(address, wanted);
      }
      done += count;
    }
  }

  write(bytes: Buffer, physical: number): void {
    const region = this.#regionAt(physical);
    if (this.#closed || !region || physical + bytes.length > region.physical + region.size) {
      throw new UnreadableMemory(physical, bytes.length);
    }
    this.#writable ??= this.#openToWrite();
    writeSync(this.#writable, bytes, 0, bytes.length, region.at + physical - region.physical);
  }

  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      closeSync(this.#descriptor);
      if (this.#writable !== undefined) {
        closeSync(this.#writable);
      }
    }
  }

  #openToWrite(): number {
    try {
      return openSync(this.#path, 'r+');
    } catch (error) {
      throw new Error(`The guest's RAM may not be written: ${(error as NodeJS.ErrnoException).code ?? error}.`);
    }
  }

  #regionAt(physical: number): RamRegion | undefined {
    return this.#regions.find((region) => physical >= region.physical && physical < region.physical + region.size);
  }

  #read(target: Buffer, offset: number, length: number, position: number): number {
    try {
      return readSync(this.#descriptor, target, offset, length, position);
    } catch {
      // EIO and EFAULT: the process is gone or the range is not mapped.
      return 0;
    }
  }
}
