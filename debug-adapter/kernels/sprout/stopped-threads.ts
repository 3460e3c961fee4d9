import type { Address } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { KnownRegisters, StoppedThread } from '../kernel.ts';
import type { ThreadRow } from '../model.ts';
import type { SproutParkedFrames } from './parked-frames.ts';
import type { SproutStructures } from './structures.ts';
import type { SproutThreads } from './threads.ts';

/** No interrupt stack is bigger: an rsp this far below its top is not on it. */
const LARGEST_INTERRUPT_STACK = 64 * 1024;

/** Which thread is on which CPU, and what a parked thread's registers are. */
export class SproutStoppedThreads {
  readonly #threads: SproutThreads;
  readonly #cpu;
  readonly #frames: SproutParkedFrames;
  /** Who was on a CPU at the last stop, by thread id: their saved registers are stale. */
  #onCpu = new Map<number, number>();

  constructor(structures: SproutStructures, threads: SproutThreads, frames: SproutParkedFrames) {
    this.#threads = threads;
    this.#frames = frames;
    const { layouts } = structures.facts;
    const cpu = layouts.struct('sprout::arch::Cpu');
    this.#cpu = {
      reader: cpu,
      base: structures.symbol('sprout::arch::g_cpus'),
      current: cpu.pointer('current'),
      // A panic stops the other CPUs by NMI: their threads are on the last of these.
      interruptStacks: ['interrupt_stack', 'fault_stack', 'nmi_stack'].map((name) => cpu.pointer(name)),
    };
  }

  list(snapshot: Snapshot, stackPointers: readonly bigint[]): StoppedThread[] {
    const { rows, guestTime } = this.#threads.read(snapshot);
    this.#onCpu = this.#placeThreads(snapshot, rows, stackPointers);
    return rows.map((row) => {
      const onCpu = this.#onCpu.get(row.id);
      const thread: StoppedThread = {
        id: row.id,
        name: row.name,
        summary: summaryOf(row, guestTime, onCpu),
        state: row.state,
      };
      if (onCpu !== undefined) {
        thread.onCpu = onCpu;
      } else if (row.frame !== undefined) {
        thread.frame = row.frame;
      }
      return thread;
    });
  }

  parkedRegisters(snapshot: Snapshot, id: number): KnownRegisters | undefined {
    if (this.#onCpu.has(id)) {
      return undefined;
    }
    const row = this.#threads.read(snapshot).rows.find((candidate) => candidate.id === id);
    if (!row || row.state === 'finished') {
      return undefined;
    }
    try {
      const stackPointer = this.#threads.savedStackPointer(snapshot, row.key);
      return inStack(row, stackPointer) ? this.#frames.registers(snapshot, stackPointer) : undefined;
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return undefined;
      }
      throw error;
    }
  }

  /** A thread is on the CPU whose stack pointer lies in its stack, or in that CPU's interrupt stacks while it is current. */
  #placeThreads(snapshot: Snapshot, rows: readonly ThreadRow[], stackPointers: readonly bigint[]): Map<number, number> {
    const sorted = rows.filter((row) => row.stack).sort((a, b) => (a.stack?.base ?? 0) - (b.stack?.base ?? 0));
    const byKey = new Map(rows.map((row) => [row.key, row]));
    const placed = new Map<number, number>();
    stackPointers.forEach((pointer, cpu) => {
      const stackPointer = Number(BigInt.asIntN(64, pointer));
      const row = ownerOf(sorted, stackPointer) ?? byKey.get(this.#interrupted(snapshot, cpu, stackPointer));
      if (row && !placed.has(row.id)) {
        placed.set(row.id, cpu);
      }
    });
    return placed;
  }

  /** The thread that CPU `cpu` runs when its stack pointer lies in one of its interrupt stacks; 0 when it does not. */
  #interrupted(snapshot: Snapshot, cpu: number, stackPointer: Address): Address {
    const place = snapshot.at(this.#cpu.reader, this.#cpu.base + cpu * this.#cpu.reader.size);
    for (const top of this.#cpu.interruptStacks.map((stack) => stack(place))) {
      if (top !== 0 && stackPointer <= top && stackPointer > top - LARGEST_INTERRUPT_STACK) {
        return this.#cpu.current(place);
      }
    }
    return 0;
  }
}

function inStack(row: ThreadRow, address: Address): boolean {
  return row.stack !== undefined && address >= row.stack.base && address <= row.stack.base + row.stack.size;
}

/** The thread whose stack holds `address`; an empty stack's pointer is one past its end. */
function ownerOf(sorted: readonly ThreadRow[], address: Address): ThreadRow | undefined {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.stack?.base ?? 0) <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const row = sorted[low - 1];
  return row && inStack(row, address) ? row : undefined;
}

function summaryOf(row: ThreadRow, guestTime: number, onCpu: number | undefined): string {
  if (onCpu !== undefined) {
    return `running on CPU ${onCpu}`;
  }
  if (row.waitsFor?.kind === 'sleep') {
    return `sleeping (${duration(guestTime - (row.waitsFor.since ?? guestTime))})`;
  }
  if (row.waitsFor) {
    return `waiting for ${row.waitsFor.description} (${duration(guestTime - (row.waitsFor.since ?? guestTime))})`;
  }
  return row.state === 'ready'
    ? `ready on CPU ${row.cpu}`
    : row.state === 'running'
      ? `leaving CPU ${row.cpu}`
      : row.state;
}

/** Three digits at most: `12 ms`, `3.4 s`. */
function duration(nanoseconds: number): string {
  const units: [number, string][] = [
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'µs'],
  ];
  const [unit, name] = units.find(([size]) => nanoseconds >= size) ?? [1, 'ns'];
  const value = Math.max(0, nanoseconds) / unit;
  return `${value < 10 && unit > 1 ? value.toFixed(1) : Math.round(value)} ${name}`;
}
