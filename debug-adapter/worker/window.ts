import type { BuildId } from '../elf/build-id.ts';
import { formatAddress } from '../guest/address.ts';
import { UnreadableMemory } from '../guest/memory.ts';
import { PhysicalCache } from '../guest/physical-cache.ts';
import type { Ram } from '../guest/ram.ts';
import { Snapshot } from '../guest/snapshot.ts';
import type { Kernel } from '../kernels/kernel.ts';

/** A running guest is read again this long, in milliseconds, until a reading is whole. */
const PATIENCE = 20;
const MOST_TRIES = 40;

/** One reading, and whether it is known to be of one moment. */
export interface Taken<T> {
  value: T;
  quality: 'whole' | 'torn';
}

/** The window on a guest's RAM, through one kernel's eyes. */
export class Window {
  readonly #ram: Ram;
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #kernel: Kernel;
  readonly #buildId: BuildId | undefined;
  #isChecked = false;

  constructor(ram: Ram, kernel: Kernel, buildId: BuildId | undefined) {
    this.#ram = ram;
    this.#kernel = kernel;
    this.#buildId = buildId;
  }

  close(): void {
    this.#ram.close();
  }

  /**
   * Reads with `read`. At a stop once is enough; of a running guest until the bytes stand still and the structures agree, or
   * until time is up: then the last reading is told, torn. `purpose` names what is read: each has its own read-ahead.
   */
  take<T extends { consistent: boolean }>(
    running: boolean,
    purpose: string,
    read: (snapshot: Snapshot) => T,
  ): Taken<T> {
    this.#check();
    const snapshot = this.#snapshot(purpose);
    const deadline = performance.now() + PATIENCE;
    for (let tries = 1; ; tries++) {
      snapshot.begin(running);
      const value = read(snapshot);
      if (!running) {
        return { value, quality: value.consistent ? 'whole' : 'torn' };
      }
      if (value.consistent && snapshot.unchanged()) {
        return { value, quality: 'whole' };
      }
      if (tries === MOST_TRIES || performance.now() > deadline) {
        return { value, quality: 'torn' };
      }
    }
  }

  #snapshot(purpose: string): Snapshot {
    let snapshot = this.#snapshots.get(purpose);
    if (!snapshot) {
      const cache = new PhysicalCache(this.#ram);
      snapshot = new Snapshot(cache, this.#kernel.addressSpace(cache));
      this.#snapshots.set(purpose, snapshot);
    }
    return snapshot;
  }

  /** Whether the guest runs the ELF that we read: the same build id stands in its memory. @throws Error with one sentence. */
  #check(): void {
    const expected = this.#buildId;
    if (this.#isChecked || expected?.address === undefined) {
      return;
    }
    const snapshot = this.#snapshot('build id');
    snapshot.begin(false);
    let found: Buffer;
    try {
      found = snapshot.read(expected.address, expected.note.length);
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        throw new Error(
          `The guest has no memory at ${formatAddress(expected.address)}, where this ELF's build id stands.`,
        );
      }
      throw error;
    }
    if (found.every((byte) => byte === 0)) {
      throw new Error('The guest has not loaded the kernel yet.');
    }
    if (!found.equals(expected.note)) {
      throw new Error(
        `The guest runs another build than this ELF (build id ${expected.id.slice(0, 12)}… is not in its memory): build and start it again, or name the right ELF.`,
      );
    }
    this.#isChecked = true;
  }
}
