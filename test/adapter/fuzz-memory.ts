/** Guest RAM that can be broken and mended: a dump in memory, and ways to put nonsense into it that the same seed repeats. */
import type { Address } from '../../debug-adapter/guest/address.ts';
import type { AddressSpace } from '../../debug-adapter/guest/address-space.ts';
import { UnreadableMemory } from '../../debug-adapter/guest/memory.ts';
import { PhysicalCache } from '../../debug-adapter/guest/physical-cache.ts';
import type { Ram } from '../../debug-adapter/guest/ram.ts';
import type { Kernel } from '../../debug-adapter/kernels/kernel.ts';

const PAGE = 4096;

/** Mulberry32: the same numbers for the same seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return Math.floor((((value ^ (value >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  word(): bigint {
    return (BigInt(this.below(2 ** 32)) << 32n) | BigInt(this.below(2 ** 32));
  }
}

/** RAM in memory. What was written is taken back by `mend`. */
export class FuzzedRam implements Ram {
  readonly size: number;
  readonly #bytes: Buffer;
  readonly #undo: { at: number; before: Buffer }[] = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.size = bytes.length;
  }

  readInto(target: Buffer, physical: number): void {
    if (!(physical >= 0 && physical + target.length <= this.size)) {
      throw new UnreadableMemory(physical, target.length);
    }
    this.#bytes.copy(target, 0, physical, physical + target.length);
  }

  /** Outside RAM nothing is written. */
  write(physical: number, bytes: Buffer): void {
    if (physical >= 0 && physical + bytes.length <= this.size) {
      const before = Buffer.from(this.#bytes.subarray(physical, physical + bytes.length));
      this.#undo.push({ at: physical, before });
      bytes.copy(this.#bytes, physical);
    }
  }

  word(physical: number): bigint {
    return this.#bytes.readBigUInt64LE(physical);
  }

  writeWord(physical: number, value: bigint): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
    this.write(physical, bytes);
  }

  mend(): void {
    for (const { at, before } of this.#undo.splice(0).reverse()) {
      before.copy(this.#bytes, at);
    }
  }

  close(): void {}
}

/** A place where a structure of the kernel's stands. */
export interface Target {
  name: string;
  address: Address;
  size: number;
}

/** Breaks the structures of a kernel in a RAM. */
export class Mutator {
  readonly #ram: FuzzedRam;
  readonly #random: Random;
  readonly #space: AddressSpace;
  readonly #targets: readonly Target[];
  readonly #physical: readonly number[];

  /** The RAM must be whole: where things are is told once. */
  constructor(ram: FuzzedRam, random: Random, kernel: Kernel, targets: readonly Target[]) {
    this.#ram = ram;
    this.#random = random;
    this.#space = kernel.addressSpace(new PhysicalCache(ram));
    this.#targets = targets;
    this.#physical = targets.map(({ address }) => this.#space.translate(address));
  }

  /** Does one bad thing. @returns what it was */
  mutate(): string {
    const kinds = [
      ...Array(6).fill(() => this.#setWord()),
      ...Array(4).fill(() => this.#bendLink()),
      ...Array(2).fill(() => this.#swapWords()),
      () => this.#fillPage(),
      () => this.#fillTarget(),
    ] as (() => string)[];
    return this.#random.of(kinds)();
  }

  /** All of RAM, or much of it. */
  devastate(kind: 'zeros' | 'ones' | 'noise' | 'shifted'): void {
    const bytes = Buffer.alloc(this.#ram.size, kind === 'ones' ? 0xff : 0);
    if (kind === 'noise') {
      for (let at = 0; at + 4 <= bytes.length; at += 4) {
        bytes.writeUInt32LE(this.#random.below(2 ** 32), at);
      }
    } else if (kind === 'shifted') {
      this.#ram.readInto(bytes.subarray(8), 0);
    }
    // Not all the same where the kernel is known by: the readers begin, and what they find is nonsense.
    this.#ram.write(0, bytes);
  }

  #setWord(): string {
    const { target, at, offset } = this.#anywhere();
    const value = this.#random.of([
      0n,
      1n,
      -1n,
      2n ** 31n,
      2n ** 40n,
      2n ** 63n - 1n,
      0xdeadn,
      0x0000_8000_0000_0000n,
      BigInt(target.address),
      BigInt(this.#random.of(this.#targets).address),
      this.#random.word(),
      this.#ram.word(at) + 8n,
      this.#ram.word(at) ^ (1n << BigInt(this.#random.below(64))),
    ]);
    this.#ram.writeWord(at, value);
    return `${target.name}+${offset} = 0x${BigInt.asUintN(64, value).toString(16)}`;
  }

  /** A pointer to another place, made one to itself, to where it came from, or to a third place. */
  #bendLink(): string {
    for (let tries = 0; tries < 50; tries++) {
      const { target, at, offset } = this.#anywhere();
      const pointer = Number(BigInt.asIntN(64, this.#ram.word(at)));
      const hit = this.#targets.find(({ address, size }) => pointer >= address && pointer < address + size);
      if (hit) {
        const inside = pointer - hit.address;
        const other = this.#random.of(this.#targets).address + inside;
        const value = this.#random.of([
          target.address + offset,
          target.address + inside,
          other,
          hit.address,
          pointer + 4,
        ]);
        this.#ram.writeWord(at, BigInt(value));
        return `link ${target.name}+${offset} → ${value}`;
      }
    }
    return this.#setWord();
  }

  #swapWords(): string {
    const [one, two] = [this.#anywhere(), this.#anywhere()];
    const word = this.#ram.word(one.at);
    this.#ram.writeWord(one.at, this.#ram.word(two.at));
    this.#ram.writeWord(two.at, word);
    return `${one.target.name}+${one.offset} ↔ ${two.target.name}+${two.offset}`;
  }

  #fillPage(): string {
    const near = this.#anywhere().at;
    const at = this.#random.below(2) === 0 ? near - (near % PAGE) : this.#random.below(this.#ram.size / PAGE) * PAGE;
    this.#ram.write(at, this.#nonsense(PAGE));
    return `page ${at}`;
  }

  #fillTarget(): string {
    const index = this.#random.below(this.#targets.length);
    const { name, size } = this.#targets[index] as Target;
    this.#ram.write(this.#physical[index] as number, this.#nonsense(Math.min(size, PAGE)));
    return `all of ${name}`;
  }

  #nonsense(length: number): Buffer {
    const kind = this.#random.below(3);
    const bytes = Buffer.alloc(length, kind === 1 ? 0xff : 0);
    for (let at = 0; kind === 2 && at + 4 <= length; at += 4) {
      bytes.writeUInt32LE(this.#random.below(2 ** 32), at);
    }
    return bytes;
  }

  /** A word of a structure. */
  #anywhere(): { target: Target; at: number; offset: number } {
    const index = this.#random.below(this.#targets.length);
    const target = this.#targets[index] as Target;
    const offset = this.#random.below(Math.max(1, Math.floor(target.size / 8))) * 8;
    return { target, at: (this.#physical[index] as number) + offset, offset };
  }
}
