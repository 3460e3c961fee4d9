import type { Upstream } from './upstream.ts';

interface Window {
  start: bigint;
  end: bigint;
  /** Empty when it could not be read. */
  hex: string;
}

/** gdb reads its stack and code caches by lines of 64 bytes from here on; measured for `next` and a backtrace of 4 frames. */
const STACK_BYTES = 512n;
const CODE_BYTES = 128n;
const LINE = 64n;

/**
 * Guest memory around the stop: the stack and the code of the CPU that stopped, read ahead while the threads are told, so that gdb's
 * own reads cost no further way to upstream. Only those two are widened: they are RAM, never a device whose registers a read would
 * change. Forgotten when the guest runs or is written.
 */
export class StopMemory {
  readonly #upstream: Upstream;
  #windows: Window[] = [];
  #generation = 0;

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }

  forget(): void {
    this.#windows = [];
    this.#generation++;
  }

  /** Reads ahead around a CPU's stack pointer and program counter. `selection`: what selects that CPU upstream. */
  async readAhead(selection: string[], stackPointer: bigint, programCounter: bigint): Promise<void> {
    const generation = this.#generation;
    const windows: Window[] = [
      { start: stackPointer & ~(LINE - 1n), end: 0n, hex: '' },
      { start: programCounter & ~(LINE - 1n), end: 0n, hex: '' },
    ];
    const packets = windows.map((window, i) => {
      const length = i === 0 ? STACK_BYTES : CODE_BYTES;
      window.end = window.start + length;
      return `m${window.start.toString(16)},${length.toString(16)}`;
    });
    const replies = await this.#upstream.batch([...selection, ...packets]);
    if (generation === this.#generation) {
      windows.forEach((window, i) => {
        const hex = replies[selection.length + i]?.text ?? '';
        window.hex = hex.length === Number(window.end - window.start) * 2 ? hex : '';
      });
      this.#windows = windows.filter((window) => window.hex !== '');
    }
  }

  /** The reply to `m…`, when all of it was read ahead. */
  answer(packet: string): string | undefined {
    const match = /^m([0-9a-f]+),([0-9a-f]+)$/.exec(packet);
    return match === null ? undefined : this.#find(BigInt(`0x${match[1]}`), BigInt(`0x${match[2]}`));
  }

  /** `length` bytes at `address` as an unsigned little-endian number; undefined when they cannot be read. */
  async number(selection: string[], address: bigint, length: number): Promise<bigint | undefined> {
    let hex = this.#find(address, BigInt(length));
    if (hex === undefined) {
      const replies = await this.#upstream.batch([...selection, `m${address.toString(16)},${length.toString(16)}`]);
      hex = replies[replies.length - 1]?.text ?? '';
    }
    if (hex.length !== length * 2) {
      return undefined;
    }
    const bytes = Buffer.alloc(8);
    bytes.write(hex, 'hex');
    return bytes.readBigUInt64LE(0);
  }

  #find(address: bigint, length: bigint): string | undefined {
    for (const window of this.#windows) {
      if (address >= window.start && address + length <= window.end) {
        const at = Number(address - window.start) * 2;
        return window.hex.slice(at, at + Number(length) * 2);
      }
    }
    return undefined;
  }
}
