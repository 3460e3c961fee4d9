import type { Address } from '../../guest/address.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { MemoryWrite } from '../kernel.ts';
import type { FreeRange, OsvFreeRanges } from './free-ranges.ts';
import type { OsvMutexes } from './mutexes.ts';
import { PAGE_SIZE } from './page-scan.ts';
import type { OsvCpu, OsvStructures } from './structures.ts';
import { type OsvTraceBuffers, word } from './trace-buffers.ts';

/** core/trace.cc, `ensure_log_initialized`: the least that a CPU gets, in bytes. More would keep the guest standing for longer. */
const BUFFER = 256 * PAGE_SIZE;
const SMALLEST_BUFFER = 16 * PAGE_SIZE;
/** No more of the free memory is taken for buffers: a quarter. */
const SHARE = 4;

/** One large allocation: a page with its size, as `malloc_large` lays it, then the buffer. */
const HEADER = PAGE_SIZE;

/**
 * Buffers for tracepoints in a guest that booted without any: the end of a free range becomes a large allocation for each CPU, as the
 * guest's own allocator would have made it. Planned for a guest that stands; nothing is written here.
 */
export class OsvTraceMemory {
  readonly #structures: OsvStructures;
  readonly #buffers: OsvTraceBuffers;
  readonly #mutexes: OsvMutexes;
  readonly #ranges: OsvFreeRanges;
  readonly #symbols;
  readonly #allocator;

  constructor(
    structures: OsvStructures,
    { buffers, mutexes, ranges }: { buffers: OsvTraceBuffers; mutexes: OsvMutexes; ranges: OsvFreeRanges },
  ) {
    this.#structures = structures;
    this.#buffers = buffers;
    this.#mutexes = mutexes;
    this.#ranges = ranges;
    this.#symbols = {
      lock: structures.symbol('memory::free_page_ranges_lock'),
      free: structures.symbol('memory::free_memory'),
      deleter: structures.symbol('free'),
      isBooted: structures.symbol('smp_allocator'),
      /** In a function: only the linker's name is known. */
      isMade: structures.symbol('_ZZ22ensure_log_initializedvE19buffers_initialized'),
    };
    const reader = structures.facts.layouts.variable('memory::free_page_ranges');
    this.#allocator = {
      reader,
      address: structures.symbol('memory::free_page_ranges'),
      bitmap: reader.pointer('_bitmap.m_bits._M_impl._M_start'),
      bits: reader.number('_bitmap.m_num_bits'),
    };
  }

  /**
   * What gives each CPU a buffer; nothing when they have one. Undefined while the guest is about to change what would be written.
   * @throws Error with one sentence when there is too little memory.
   */
  plan(snapshot: Snapshot): MemoryWrite[] | undefined {
    const cpus = this.#structures.cpus(snapshot);
    const lacking = cpus.filter((cpu) => !this.#buffers.has(snapshot, cpu));
    if (lacking.length === 0) {
      return [];
    }
    const { ranges, bytes, whole } = this.#ranges.read(snapshot);
    const free = word(snapshot, this.#symbols.free);
    const isStill = whole && bytes === free && this.#mutexes.isFree(snapshot, this.#symbols.lock);
    if (!isStill || snapshot.read(this.#symbols.isBooted, 1)[0] !== 1) {
      return undefined;
    }
    const { range, size } = choose(ranges, lacking.length, this.#ranges.orders, bytes);
    const taken = lacking.length * (HEADER + size);
    const first = range.address + range.size - taken;
    const blocks = lacking.map((_, index) => first + index * (HEADER + size));
    return [
      ...this.#shrink(snapshot, range, taken, blocks, HEADER + size),
      write(this.#symbols.free, free - taken),
      ...lacking.flatMap((cpu, index) => this.#buffer(cpu, blocks[index] ?? 0, size)),
      { address: this.#symbols.isMade, bytes: '01' },
    ];
  }

  /** The range without its last `taken` bytes, which are blocks of `length` bytes: `page_range_allocator::alloc_aligned`. */
  #shrink(snapshot: Snapshot, range: FreeRange, taken: number, blocks: Address[], length: number): MemoryWrite[] {
    const rest = range.size - taken;
    const frame = (offset: number): number => (range.physical + offset) / PAGE_SIZE;
    const bits = new Map([[frame(rest) - 1, true]]);
    for (const block of blocks) {
      const begin = frame(block - range.address);
      bits.set(begin, false).set(begin + length / PAGE_SIZE - 1, false);
    }
    return [
      write(range.address + this.#ranges.sizeOffset, rest),
      // A range ends with a pointer to its begin.
      write(range.address + rest - 8, range.address),
      ...this.#setBits(snapshot, bits),
    ];
  }

  /** In the bitmap the first and the last page of each free range are set. */
  #setBits(snapshot: Snapshot, bits: ReadonlyMap<number, boolean>): MemoryWrite[] {
    const place = snapshot.at(this.#allocator.reader, this.#allocator.address);
    const begin = this.#allocator.bitmap(place);
    const count = this.#allocator.bits(place);
    const bytes = new Map<Address, number>();
    for (const [bit, isSet] of bits) {
      if (bit < count) {
        const address = begin + Math.floor(bit / 8);
        const mask = 1 << (bit % 8);
        const before = bytes.get(address) ?? snapshot.read(address, 1).readUInt8();
        bytes.set(address, isSet ? before | mask : before & ~mask);
      }
    }
    return [...bytes].map(([address, byte]) => ({ address, bytes: byte.toString(16).padStart(2, '0') }));
  }

  #buffer(cpu: OsvCpu, block: Address, size: number): MemoryWrite[] {
    const { address, base, deleter, last, size: sizeAt } = this.#buffers.fields(cpu);
    return [
      write(block + this.#ranges.sizeOffset, HEADER + size),
      { address: block + HEADER, bytes: '00', repeat: size },
      write(address + deleter, this.#symbols.deleter),
      write(address + base, block + HEADER),
      write(address + last, 0),
      write(address + sizeAt, size),
    ];
  }
}

/** A range that keeps its place among the others when its end is taken, and the size of each buffer. @throws Error. */
function choose(
  ranges: readonly FreeRange[],
  wanted: number,
  orders: number,
  free: number,
): { range: FreeRange; size: number } {
  for (let size = BUFFER; size >= SMALLEST_BUFFER; size /= 2) {
    const taken = wanted * (HEADER + size);
    const range = taken * SHARE <= free && ranges.find((one) => keepsPlace(one, one.size - taken, ranges, orders));
    if (range) {
      return { range, size };
    }
  }
  throw new Error('The guest has too little free memory in one piece for trace buffers: boot it with --trace=….');
}

/** Lists are of one power of two each, in no order; the tree of huge ranges is sorted. */
function keepsPlace(range: FreeRange, rest: number, ranges: readonly FreeRange[], orders: number): boolean {
  if (rest < PAGE_SIZE) {
    return false;
  }
  const order = (bytes: number): number => Math.min(orders, Math.floor(Math.log2(bytes / PAGE_SIZE)));
  const isBetween = ({ size }: FreeRange): boolean => size > rest && size < range.size;
  return order(rest) === order(range.size) && (order(rest) < orders || !ranges.some(isBetween));
}

/** 64 bits, little-endian. */
function write(address: Address, value: number): MemoryWrite {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return { address, bytes: bytes.toString('hex') };
}
