import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PageMiss, UnreadableMemory } from '../guest/memory.ts';
import type { Ram } from '../guest/ram.ts';
import { Qmp } from '../machine/qmp.ts';
import { patience } from '../patience.ts';

/** Saved at once by QEMU. */
const CHUNK = 1 << 20;
/** A reader that is run again this often without an end reads more than there is. */
const MOST_ROUNDS = 4096;
const TIME_LIMIT = 10_000;

/**
 * RAM through QMP's `pmemsave`, for a QEMU whose memory is no file of ours and cannot be read otherwise. What a reader misses
 * is fetched, and the reader runs again; what it needed last time is fetched ahead.
 */
export class QmpRam implements Ram {
  readonly size: number;
  readonly #qmp: Qmp;
  readonly #folder: string;
  readonly #chunks = new Map<number, Buffer>();
  #working = new Set<number>();

  /** @throws Error with one sentence when there is no QMP at `path`. */
  static async connect(path: string, size: number): Promise<QmpRam> {
    return new QmpRam(await Qmp.connect(path), size);
  }

  private constructor(qmp: Qmp, size: number) {
    this.size = size;
    this.#qmp = qmp;
    // QEMU writes here: a folder of our own.
    this.#folder = mkdtempSync(join(tmpdir(), 'unikernel-ram-'));
  }

  readInto(target: Buffer, physical: number): void {
    if (physical < 0 || physical + target.length > this.size) {
      throw new UnreadableMemory(physical, target.length);
    }
    const missing: number[] = [];
    const last = Math.floor((physical + target.length - 1) / CHUNK);
    for (let index = Math.floor(physical / CHUNK); index <= last; index++) {
      this.#working.add(index);
      const chunk = this.#chunks.get(index);
      if (!chunk) {
        missing.push(index * CHUNK);
        continue;
      }
      const from = Math.max(physical, index * CHUNK);
      const to = Math.min(physical + target.length, (index + 1) * CHUNK);
      chunk.copy(target, from - physical, from - index * CHUNK, to - index * CHUNK);
    }
    if (missing.length > 0) {
      throw new PageMiss(missing);
    }
  }

  /** Runs `read` until nothing is missing. */
  async fetching<T>(read: () => T): Promise<T> {
    const ahead = this.#working;
    this.#working = new Set();
    this.#chunks.clear();
    await this.#fetch([...ahead].map((index) => index * CHUNK));
    for (let round = 0; round < MOST_ROUNDS; round++) {
      try {
        return read();
      } catch (error) {
        if (!(error instanceof PageMiss)) {
          throw error;
        }
        await this.#fetch(error.pages);
      }
    }
    throw new Error("The guest's structures have no end.");
  }

  close(): void {
    this.#qmp.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #fetch(addresses: readonly number[]): Promise<void> {
    for (const address of addresses) {
      const size = Math.min(CHUNK, this.size - address);
      const filename = join(this.#folder, 'chunk');
      const saved = this.#qmp.execute('pmemsave', { val: address, size, filename }).then(() => true);
      if (!(await Promise.race([saved, patience(TIME_LIMIT)]))) {
        throw new Error('QEMU does not answer on its QMP socket.');
      }
      this.#chunks.set(address / CHUNK, readFileSync(filename));
    }
  }
}
