import type { Address } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { KnownRegisters, StoppedThread } from '../kernel.ts';
import type { ThreadRow } from '../model.ts';
import type { OsvStructures } from './structures.ts';
import type { OsvThreads } from './threads.ts';

/** Which thread is on which CPU, and what a parked thread's registers are. */
export class OsvStoppedThreads {
  readonly #structures: OsvStructures;
  readonly #threads: OsvThreads;
  /** Who was on a CPU at the last stop, by thread id: their saved registers are stale. */
  #onCpu = new Map<number, number>();

  constructor(structures: OsvStructures, threads: OsvThreads) {
    this.#structures = structures;
    this.#threads = threads;
  }

  list(snapshot: Snapshot, stackPointers: readonly bigint[]): StoppedThread[] {
    const { rows } = this.#threads.read(snapshot);
    this.#onCpu = this.#place(rows, stackPointers);
    return rows.map((row) => {
      const onCpu = this.#onCpu.get(row.id);
      return {
        id: row.id,
        name: row.name,
        summary: summaryOf(row, onCpu),
        state: row.state,
        ...(onCpu === undefined ? row.frame !== undefined && { frame: row.frame } : { onCpu }),
      };
    });
  }

  parkedRegisters(snapshot: Snapshot, id: number): KnownRegisters | undefined {
    const cpus = this.#structures.cpus(snapshot);
    if (this.#onCpu.has(id)) {
      return undefined;
    }
    for (const address of this.#threads.addresses(snapshot, cpus).addresses) {
      try {
        const thread = this.#threads.thread(snapshot, address, cpus);
        if (thread.id === id) {
          return thread.status === 'terminated' ? undefined : this.#threads.registers(snapshot, address);
        }
      } catch (error) {
        if (!(error instanceof UnreadableMemory)) {
          throw error;
        }
      }
    }
    return undefined;
  }

  /** On its own stack, on an interrupt or exception stack inside it, or else as the scheduler says. */
  #place(rows: readonly ThreadRow[], stackPointers: readonly bigint[]): Map<number, number> {
    const placed = new Map<number, number>();
    const taken = new Set<number>();
    const put = (row: ThreadRow | undefined, cpu: number): void => {
      if (row && !placed.has(row.id)) {
        placed.set(row.id, cpu);
        taken.add(cpu);
      }
    };
    stackPointers.forEach((pointer, cpu) => {
      const stackPointer = Number(BigInt.asIntN(64, pointer));
      put(
        rows.find((row) => this.#isOnStackOf(row, stackPointer)),
        cpu,
      );
    });
    stackPointers.forEach((_, cpu) => {
      if (!taken.has(cpu)) {
        put(
          rows.find((row) => row.state === 'running' && row.cpu === cpu && !placed.has(row.id)),
          cpu,
        );
      }
    });
    return placed;
  }

  #isOnStackOf(row: ThreadRow, stackPointer: Address): boolean {
    const own = this.#threads.ownStacks(row.key);
    return (
      isIn(stackPointer, own.base, own.size) ||
      (row.stack !== undefined && isIn(stackPointer, row.stack.base, row.stack.size))
    );
  }
}

/** An empty stack's pointer is one past its end. */
function isIn(address: Address, base: Address, size: number): boolean {
  return address > base && address <= base + size;
}

function summaryOf(row: ThreadRow, onCpu: number | undefined): string {
  if (onCpu !== undefined) {
    return `running on CPU ${onCpu}`;
  }
  if (row.waitsFor) {
    return `waiting for ${row.waitsFor.description}`;
  }
  return row.state === 'ready' ? `ready on CPU ${row.cpu}` : row.state;
}
