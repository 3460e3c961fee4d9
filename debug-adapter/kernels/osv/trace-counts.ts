import type { Address } from '../../guest/address.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { OsvStructures } from './structures.ts';
import type { OsvTraceBuffers } from './trace-buffers.ts';

/** Counts the records of each tracepoint as they come: from those that stand in the buffers at the first time on. */
export class OsvTraceCounts {
  readonly #structures: OsvStructures;
  readonly #buffers: OsvTraceBuffers;
  readonly #counts = new Map<Address, number>();
  /** Of each CPU: bytes that are counted already. */
  #counted: number[] = [];

  constructor(structures: OsvStructures, buffers: OsvTraceBuffers) {
    this.#structures = structures;
    this.#buffers = buffers;
  }

  /** Records so far by tracepoint; those that were overwritten unread are not among them. @throws UnreadableMemory. */
  read(snapshot: Snapshot): ReadonlyMap<Address, number> {
    this.#counted = this.#structures.cpus(snapshot).map((cpu, index) => {
      const found = this.#buffers.read(snapshot, cpu, this.#counted[index] ?? 0);
      for (const { point } of found?.records ?? []) {
        this.#counts.set(point.address, (this.#counts.get(point.address) ?? 0) + 1);
      }
      return found?.next ?? 0;
    });
    return this.#counts;
  }
}
