import type { MappedRam } from '../guest/mapped-ram.ts';
import type { Cpus } from './cpus.ts';
import type { Upstream } from './upstream.ts';
import type { CpuRegisters } from './x64/registers.ts';

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
const PAGE = 4096n;
/** gdb asks for less at a time. */
const LONGEST_READ = 0x10000;

/**
 * Guest memory at a stop, where it is to be had without asking upstream, which costs 0.2 ms each time: in the guest's RAM, when that
 * can be read beside QEMU; else the stack and the code of the CPU that stopped, read ahead while the threads are told. Only those two
 * are widened: they are RAM, never a device whose registers a read would change. Forgotten when the guest runs or is written.
 */
export class StopMemory {
  readonly #upstream: Upstream;
  readonly #cpus: Cpus;
  readonly #ram: MappedRam | undefined;
  #windows: Window[] = [];
  #generation = 0;

  /** @param ram this object's to close */
  constructor(upstream: Upstream, cpus: Cpus, ram: MappedRam | undefined) {
    this.#upstream = upstream;
    this.#cpus = cpus;
    this.#ram = ram;
  }

  forget(): void {
    this.#windows = [];
    this.#generation++;
    this.#ram?.forget();
  }

  close(): void {
    this.#ram?.close();
  }

  /** Reads ahead around the stack pointer and the program counter of `cpu`, unless RAM is at hand. */
  async readAhead(cpu: number, registers: CpuRegisters): Promise<void> {
    if (this.#ram !== undefined && registers.pageTableRoot !== undefined) {
      return;
    }
    const generation = this.#generation;
    const windows = [window(registers.rsp, STACK_BYTES), window(registers.rip, CODE_BYTES)];
    const selection = this.#cpus.selection(cpu);
    const packets = windows.map(({ start, end }) => `m${start.toString(16)},${(end - start).toString(16)}`);
    const replies = await this.#upstream.batch([...selection, ...packets]);
    if (generation === this.#generation) {
      windows.forEach((window, i) => {
        const hex = replies[selection.length + i]?.text ?? '';
        window.hex = hex.length === Number(window.end - window.start) * 2 ? hex : '';
      });
      this.#windows = windows.filter((window) => window.hex !== '');
    }
  }

  /** The reply to `m…` in the address space of `cpu`; undefined where only upstream can tell. */
  async answer(packet: string, cpu: number): Promise<string | undefined> {
    const [, address, length] = /^m([0-9a-f]{1,16}),([0-9a-f]{1,8})$/.exec(packet) ?? [];
    return address === undefined ? undefined : this.#find(cpu, BigInt(`0x${address}`), BigInt(`0x${length}`));
  }

  /** `length` bytes at `address` as an unsigned little-endian number, seen from `cpu`; undefined when they cannot be read. */
  async number(cpu: number, address: bigint, length: number): Promise<bigint | undefined> {
    let hex = await this.#find(cpu, address, BigInt(length));
    if (hex === undefined) {
      const packet = `m${address.toString(16)},${length.toString(16)}`;
      hex = (await this.#upstream.batch([...this.#cpus.selection(cpu), packet])).at(-1)?.text ?? '';
    }
    if (hex.length !== length * 2) {
      return undefined;
    }
    const bytes = Buffer.alloc(8);
    bytes.write(hex, 'hex');
    return bytes.readBigUInt64LE(0);
  }

  async #find(cpu: number, address: bigint, length: bigint): Promise<string | undefined> {
    for (const window of this.#windows) {
      if (address >= window.start && address + length <= window.end) {
        const at = Number(address - window.start) * 2;
        return window.hex.slice(at, at + Number(length) * 2);
      }
    }
    return this.#readRam(cpu, address, Number(length));
  }

  /** All of it, or undefined: what is no RAM, a device for one, is upstream's to tell. */
  async #readRam(cpu: number, address: bigint, length: number): Promise<string | undefined> {
    if (this.#ram === undefined || length > LONGEST_READ) {
      return undefined;
    }
    const root = (await this.#cpus.registers(cpu)).pageTableRoot;
    if (root === undefined) {
      return undefined;
    }
    const bytes = this.#ram.read(root, Number(BigInt.asIntN(64, address)), length);
    return bytes.length === length ? bytes.toString('hex') : undefined;
  }
}

/** The lines from `address` on, within its page: upstream reads all of a range or nothing. */
function window(address: bigint, length: bigint): Window {
  const start = address & ~(LINE - 1n);
  const pageEnd = (start & ~(PAGE - 1n)) + PAGE;
  return { start, end: start + length < pageEnd ? start + length : pageEnd, hex: '' };
}
