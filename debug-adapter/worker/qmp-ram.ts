import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PageMiss, UnreadableMemory } from '../guest/memory.ts';
import type { Ram } from '../guest/ram.ts';

/** Saved at once by QEMU. */
const CHUNK = 1 << 20;
/** A reader that is run again this often without an end reads more than there is. */
const MOST_ROUNDS = 4096;
const TIME_LIMIT = 10_000;

interface QmpReply {
  return?: unknown;
  error?: { desc?: string };
  event?: string;
  QMP?: unknown;
}

/**
 * RAM through QMP's `pmemsave`, for a QEMU whose memory is no file of ours and cannot be read otherwise. What a reader misses
 * is fetched, and the reader runs again; what it needed last time is fetched ahead.
 */
export class QmpRam implements Ram {
  readonly size: number;
  readonly #socket: Socket;
  readonly #folder: string;
  readonly #chunks = new Map<number, Buffer>();
  #working = new Set<number>();
  #replies: ((reply: QmpReply) => void)[] = [];
  #closed = false;

  /** @throws Error with one sentence when there is no QMP at `path`. */
  static async connect(path: string, size: number): Promise<QmpRam> {
    const socket = createConnection(path);
    const ram = new QmpRam(socket, size);
    try {
      await ram.#greeted();
      await ram.#execute('qmp_capabilities');
    } catch (error) {
      ram.close();
      throw new Error(`QEMU's monitor does not answer at ${path}: ${error instanceof Error ? error.message : error}.`);
    }
    return ram;
  }

  private constructor(socket: Socket, size: number) {
    this.size = size;
    this.#socket = socket;
    // QEMU writes here: a folder of our own.
    this.#folder = mkdtempSync(join(tmpdir(), 'unikernel-ram-'));
    createInterface({ input: socket }).on('line', (line) => this.#receive(line));
    const end = () => {
      this.#closed = true;
      for (const reply of this.#replies.splice(0)) {
        reply({ error: { desc: 'the connection is closed' } });
      }
    };
    socket.on('error', end);
    socket.on('close', end);
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
    this.#closed = true;
    this.#socket.destroy();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #fetch(addresses: readonly number[]): Promise<void> {
    for (const address of addresses) {
      const size = Math.min(CHUNK, this.size - address);
      const filename = join(this.#folder, 'chunk');
      await this.#execute('pmemsave', { val: address, size, filename });
      this.#chunks.set(address / CHUNK, readFileSync(filename));
    }
  }

  async #execute(command: string, parameters: Record<string, unknown> = {}): Promise<unknown> {
    if (this.#closed) {
      throw new Error("The connection to QEMU's monitor is closed");
    }
    const reply = this.#next();
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: parameters })}\n`);
    const { error, return: value } = await reply;
    if (error) {
      throw new Error(`${command}: ${error.desc ?? 'refused'}`);
    }
    return value;
  }

  #greeted(): Promise<QmpReply> {
    return this.#next();
  }

  #next(): Promise<QmpReply> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no answer')), TIME_LIMIT);
      this.#replies.push((reply) => {
        clearTimeout(timer);
        resolve(reply);
      });
    });
  }

  #receive(line: string): void {
    let message: QmpReply;
    try {
      message = JSON.parse(line);
    } catch {
      return;
    }
    if (message.event === undefined) {
      this.#replies.shift()?.(message);
    }
  }
}
