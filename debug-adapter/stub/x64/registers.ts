/**
 * The registers of x86-64 as gdb and QEMU number and lay them out in `g`: 16 general registers and rip of 8 bytes each,
 * then eflags and six segments of 4 bytes. The rest (x87, SSE, control registers) follows as the target description tells; it is
 * passed on and never looked into. QEMU sends this layout in 32-bit and real mode too.
 */
import type { KnownRegisters, RegisterName } from '../../worker/observation.ts';
import { byteHex } from '../stop-reply.ts';

const ORDER: readonly RegisterName[] = [
  'rax',
  'rbx',
  'rcx',
  'rdx',
  'rsi',
  'rdi',
  'rbp',
  'rsp',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
  'rip',
  'eflags',
];
const RBP = 6;
const RSP = 7;
const RIP = 16;
const EFLAGS = 17;
const LAST_SEGMENT = 23;
const WIDE = 16; // hexadecimal digits
const NARROW = 8;

/** QEMU tells fs_base, gs_base and k_gs_base next, then cr0, cr2, cr3, cr4, cr8 and efer, 8 bytes each (gdb-xml/i386-64bit.xml). */
const CR0 = 3;
const CR3 = 5;
const CR4 = 6;
const EFER = 8;
const PAGING = 1n << 31n;
const FIVE_LEVELS = 1n << 12n;
const LONG_MODE_ACTIVE = 1n << 10n;

/** Digits of `g` up to and with the last segment register. */
const KNOWN_DIGITS = (RIP + 1) * WIDE + (LAST_SEGMENT - RIP) * NARROW;

/** The kernel's part of the description that says so: `<architecture>i386:x86-64</architecture>`. */
export function isX64(targetDescription: string): boolean {
  return targetDescription.includes('i386:x86-64');
}

/** The registers of one CPU, read from its `g` reply. */
export class CpuRegisters {
  /** As it goes to gdb. */
  readonly hex: string;

  constructor(hex: string) {
    this.hex = hex;
  }

  get rip(): bigint {
    return this.#wide(RIP);
  }

  get rsp(): bigint {
    return this.#wide(RSP);
  }

  get rbp(): bigint {
    return this.#wide(RBP);
  }

  /** Register `number` as gdb counts; undefined beyond the segments, and where `g` is short. */
  value(number: number): bigint | undefined {
    const digits = this.digits(number);
    return digits === undefined ? undefined : littleEndian(digits);
  }

  /** Register `number` as RSP writes it. */
  digits(number: number): string | undefined {
    const place = placeOf(number);
    if (place === undefined || place.at + place.length > this.hex.length) {
      return undefined;
    }
    return this.hex.slice(place.at, place.at + place.length);
  }

  /** CR3 in QEMU's own layout, in long mode with tables of four levels; undefined in any other, where page tables are others. */
  get pageTableRoot(): number | undefined {
    const isKnown =
      (this.#control(CR0) & PAGING) !== 0n &&
      (this.#control(EFER) & LONG_MODE_ACTIVE) !== 0n &&
      (this.#control(CR4) & FIVE_LEVELS) === 0n;
    return isKnown ? Number(this.#control(CR3)) : undefined;
  }

  /** `00:…;01:…;`, for a stop reply: all that unwinding a frame and its locals takes, so that gdb need not ask. */
  expedited(): string {
    let text = '';
    for (let number = 0; number <= LAST_SEGMENT; number++) {
      const digits = this.digits(number);
      text += digits === undefined || digits.includes('x') ? '' : `${byteHex(number)}:${digits};`;
    }
    return text;
  }

  #control(index: number): bigint {
    const at = KNOWN_DIGITS + index * WIDE;
    return littleEndian(this.hex.slice(at, at + WIDE));
  }

  #wide(number: number): bigint {
    return littleEndian(this.hex.slice(number * WIDE, (number + 1) * WIDE));
  }
}

/**
 * The `g` reply of a parked thread: known registers, `x` for the rest. `length` is the length of a CPU's reply; what CPUs have in
 * common in a kernel (segments) is not known of the thread and stays unknown.
 */
export function parkedRegisterSet(known: KnownRegisters, length: number): CpuRegisters {
  let hex = '';
  for (let number = 0; number <= EFLAGS; number++) {
    const name = ORDER[number];
    const value = name === undefined ? undefined : known[name];
    const bytes = (placeOf(number)?.length ?? 0) / 2;
    hex += value === undefined ? 'xx'.repeat(bytes) : toLittleEndian(value, bytes);
  }
  return new CpuRegisters(hex.padEnd(Math.max(length, KNOWN_DIGITS), 'x'));
}

/** `p` of a parked thread for registers whose place is beyond what we know: gdb takes `x` for any width. */
export function unavailable(number: number): string {
  return 'xx'.repeat((placeOf(number)?.length ?? WIDE) / 2);
}

function placeOf(number: number): { at: number; length: number } | undefined {
  if (number <= RIP) {
    return { at: number * WIDE, length: WIDE };
  }
  if (number <= LAST_SEGMENT) {
    return { at: (RIP + 1) * WIDE + (number - EFLAGS) * NARROW, length: NARROW };
  }
  return undefined;
}

function littleEndian(digits: string): bigint {
  const bytes = Buffer.from(digits, 'hex');
  if (bytes.length === 8) {
    return bytes.readBigUInt64LE(0);
  }
  return bytes.length === 4 ? BigInt(bytes.readUInt32LE(0)) : 0n;
}

function toLittleEndian(value: bigint, bytes: number): string {
  const buffer = Buffer.allocUnsafe(8);
  buffer.writeBigUInt64LE(BigInt.asUintN(64, value));
  return buffer.toString('hex', 0, bytes);
}
