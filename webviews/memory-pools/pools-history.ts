/** What the malloc pools' view told over the last minutes, a reading a second. */
import type { MallocPoolsRow } from '../../debug-adapter/protocol.ts';

/** Kept at most, in milliseconds. */
const LONGEST = 300_000;
/** Between two that are kept. */
const SPACING = 1000;

/** A class whose number of live objects differs between two moments. */
export interface ClassChange {
  objectSize: number;
  before: number;
  after: number;
}

export class PoolsHistory {
  #readings: { time: number; rows: readonly MallocPoolsRow[] }[] = [];

  add(rows: readonly MallocPoolsRow[], time: number): void {
    if (time - (this.#readings.at(-1)?.time ?? -SPACING) >= SPACING) {
      this.#readings = this.#readings.filter((reading) => time - reading.time <= LONGEST);
      this.#readings.push({ time, rows });
    }
  }

  /** The last reading that is not after `time`; the first when all are; empty without any. */
  at(time: number): readonly MallocPoolsRow[] {
    return (this.#readings.findLast((reading) => reading.time <= time) ?? this.#readings[0])?.rows ?? [];
  }

  clear(): void {
    this.#readings = [];
  }
}

/** Classes with more or fewer live objects, what grew by most bytes first. */
export function compareClasses(before: readonly MallocPoolsRow[], after: readonly MallocPoolsRow[]): ClassChange[] {
  const was = liveByClass(before);
  const is = liveByClass(after);
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((objectSize) => ({ objectSize, before: was.get(objectSize) ?? 0, after: is.get(objectSize) ?? 0 }))
    .filter((change) => change.before !== change.after)
    .sort((a, b) => (b.after - b.before) * b.objectSize - (a.after - a.before) * a.objectSize);
}

function liveByClass(rows: readonly MallocPoolsRow[]): Map<number, number> {
  return new Map(rows.flatMap((row) => (row.kind === 'class' ? [[row.objectSize, row.liveObjects]] : [])));
}
