import { type Address, isCanonical } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import { LONGEST_PLACE, type Place } from '../../guest/physical-cache.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { type StructReader, signed64 } from '../../guest/struct-reader.ts';
import { type OsvCpu, type OsvStructures, TRACE_BUFFER } from './structures.ts';
import { readArguments } from './trace-arguments.ts';
import type { OsvTracepoint, OsvTracepoints } from './tracepoints.ts';

/** core/trace.cc: no record crosses a page of a buffer, and `backtrace_len` addresses stand before the arguments when it has a backtrace. */
const PAGE = 4096;
const BACKTRACE_SIZE = 10 * 8;
/** A bound on what a guest may claim; OSv takes 1 MiB or 4 MiB for all CPUs. */
const LARGEST_BUFFER = 1 << 26;

export interface OsvRecord {
  point: OsvTracepoint;
  time: number;
  /** sched::thread. */
  thread: Address;
  threadName: string;
  /** Its first arguments that are whole numbers. */
  numbers: number[];
}

/** What one CPU's buffer has. */
export interface OsvRecords {
  /** Bytes ever written: what to go on from. */
  next: number;
  /** Bytes that were overwritten before they could be read. */
  lost: number;
  records: OsvRecord[];
}

/** percpu_trace_buffer: records of different lengths, one after the other, in a ring of pages. */
export class OsvTraceBuffers {
  readonly #structures: OsvStructures;
  readonly #points: OsvTracepoints;
  readonly #variable: Address;
  readonly #buffer;
  readonly #record;

  constructor(structures: OsvStructures, points: OsvTracepoints) {
    this.#structures = structures;
    this.#points = points;
    this.#variable = structures.symbol(TRACE_BUFFER);
    const { layouts } = structures.facts;
    const buffer = layouts.struct('trace_buf');
    this.#buffer = {
      reader: buffer,
      ...pointerAndDeleter(buffer),
      last: buffer.number('_last'),
      lastAt: buffer.offset('_last'),
      size: buffer.number('_size'),
      sizeAt: buffer.offset('_size'),
    };
    const record = layouts.struct('trace_record');
    this.#record = {
      size: record.size,
      point: record.pointer('tp'),
      thread: record.pointer('thread'),
      threadName: record.text('thread_name._M_elems'),
      time: record.number('time'),
      hasBacktrace: record.number('backtrace'),
    };
  }

  /** Whether the CPU has a buffer. @throws UnreadableMemory. */
  has(snapshot: Snapshot, cpu: OsvCpu): boolean {
    return word(snapshot, this.#structures.percpuAddress(this.#variable, cpu) + this.#buffer.pointer) !== 0;
  }

  /** Where a CPU keeps its buffer, for whoever gives it one: the offsets of what stands there. */
  fields(cpu: OsvCpu): { address: Address; base: number; deleter: number; last: number; size: number } {
    const { pointer, deleter, lastAt, sizeAt } = this.#buffer;
    const address = this.#structures.percpuAddress(this.#variable, cpu);
    return { address, base: pointer, deleter, last: lastAt, size: sizeAt };
  }

  /** Records from `after` bytes on. Undefined before the CPU has a buffer: tracing was never on. @throws UnreadableMemory. */
  read(snapshot: Snapshot, cpu: OsvCpu, after: number): OsvRecords | undefined {
    const address = this.#structures.percpuAddress(this.#variable, cpu);
    const place = snapshot.glance(this.#buffer.reader, address);
    const size = this.#buffer.size(place);
    const base = signed64(place.view, place.offset + this.#buffer.pointer);
    if (base === 0 || !(size >= PAGE && size <= LARGEST_BUFFER && size % PAGE === 0)) {
      return undefined;
    }
    const last = this.#buffer.last(place);
    // A count that is behind ours is another boot's: begin anew. The oldest page is being overwritten.
    const wanted = after > last ? 0 : after;
    const begin = Math.max(wanted, last <= size ? 0 : Math.ceil((last - size) / PAGE + 1) * PAGE);
    const records: OsvRecord[] = [];
    let next = begin;
    while (next < last) {
      const end = Math.min(last, (Math.floor(next / PAGE) + 1) * PAGE);
      const stopped = this.#readPage(snapshot, base + (next % size), end - next, records);
      if (stopped !== undefined) {
        next += stopped;
        break;
      }
      next = end;
    }
    return { next, lost: begin - wanted, records };
  }

  /** Reads the records of a part of a page. Undefined, or where one begins that is still being written. */
  #readPage(snapshot: Snapshot, address: Address, length: number, records: OsvRecord[]): number | undefined {
    const { view, offset } = snapshot.glanceAt(address, Math.min(length, LONGEST_PLACE));
    const { size, point, thread, threadName, time, hasBacktrace } = this.#record;
    for (let at = 0; at + size <= length; ) {
      const place: Place = { view, offset: offset + at };
      const pointer = point(place);
      if (pointer === 0) {
        return undefined; // the rest of the page is empty
      }
      if (pointer === -1) {
        return at;
      }
      const tracepoint = this.#pointAt(snapshot, pointer);
      const begin = offset + at + size + (hasBacktrace(place) ? BACKTRACE_SIZE : 0);
      const read = tracepoint && readArguments(view, begin, offset + length, tracepoint.signature);
      if (!tracepoint || !read) {
        return undefined; // overwritten meanwhile: the next page is another matter
      }
      records.push({
        point: tracepoint,
        time: time(place),
        thread: thread(place),
        threadName: threadName(place),
        numbers: read.numbers,
      });
      at = Math.ceil((read.end - offset) / 8) * 8;
    }
    return undefined;
  }

  #pointAt(snapshot: Snapshot, address: Address): OsvTracepoint | undefined {
    try {
      return isCanonical(address) ? this.#points.at(snapshot, address) : undefined;
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return undefined;
      }
      throw error;
    }
  }
}

/** The 64 bits at an address. @throws UnreadableMemory. */
export function word(snapshot: Snapshot, address: Address): number {
  const { view, offset } = snapshot.place(address, 8);
  return signed64(view, offset);
}

/** A unique_ptr's tuple of pointer and deleter, both a word: the head that is found first is the one that stands first. */
function pointerAndDeleter(buffer: StructReader): { pointer: number; deleter: number } {
  const begin = buffer.offset('_base');
  const head = '_base._M_t._M_t._M_head_impl';
  const type = buffer.typeOf(head);
  const found = buffer.offset(head);
  const other = 2 * begin + 8 - found;
  const isDeleter = type.kind === 'pointer' && type.target.includes('(');
  return isDeleter ? { pointer: other, deleter: found } : { pointer: found, deleter: other };
}
