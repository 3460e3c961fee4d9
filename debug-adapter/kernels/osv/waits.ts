import { type Address, readSigned64 } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { OsvMutexes } from './mutexes.ts';
import type { OsvStructures } from './structures.ts';

/** How far above a parked stack pointer the frames of a lock lie: registers that were saved, and the wait record. */
const STACK_WINDOW = 1024;
/** Applications, their maps and their threads' stacks lie here, below the linear areas. */
const MAPS = { begin: 0x1000_0000_0000, end: 0x4000_0000_0000 };

/** What a parked thread waits for. */
export interface OsvWait {
  kind: 'mutex' | 'condition';
  address: Address;
  /** Its wait record, on its stack. */
  record: Address;
}

/** Finds what parked threads wait for: OSv does not write it down. */
export class OsvWaits {
  readonly #structures: OsvStructures;
  readonly #mutexes: OsvMutexes;

  constructor(structures: OsvStructures, mutexes: OsvMutexes) {
    this.#structures = structures;
    this.#mutexes = mutexes;
  }

  /**
   * By the thread's own wait record, which lies on its stack and is linked into the queue of a mutex or condition variable whose
   * address lies there too. Undefined: it waits for neither.
   */
  find(
    snapshot: Snapshot,
    thread: Address,
    stackPointer: Address,
    isThread: (address: Address) => boolean,
  ): OsvWait | undefined {
    // Anything may lie where a word of the stack points to: what is no queue need not stand still.
    const wait = snapshot.unrecorded(() => this.#search(snapshot, thread, stackPointer, isThread));
    return wait && this.stands(snapshot, wait, isThread) ? wait : undefined;
  }

  #search(
    snapshot: Snapshot,
    thread: Address,
    stackPointer: Address,
    isThread: (address: Address) => boolean,
  ): OsvWait | undefined {
    const words = stackWords(snapshot, stackPointer);
    const records = new Set(words.flatMap((word, index) => (word === thread ? [stackPointer + index * 8] : [])));
    if (records.size === 0) {
      return undefined;
    }
    for (const address of new Set(words)) {
      const found = this.#isPlausible(snapshot, address) && this.#queued(snapshot, address, records, isThread);
      if (found) {
        return found;
      }
    }
    return undefined;
  }

  /** Whether a wait that was found before still is one: a condition variable may hand its waiters over to a mutex. */
  stands(snapshot: Snapshot, wait: OsvWait, isThread: (address: Address) => boolean): boolean {
    return this.#queued(snapshot, wait.address, new Set([wait.record]), isThread)?.kind === wait.kind;
  }

  /** Most words on a stack are small numbers and return addresses. */
  #isPlausible(snapshot: Snapshot, address: Address): boolean {
    const isInMaps = address >= MAPS.begin && address < MAPS.end;
    if (address % 4 !== 0 || !(isInMaps || snapshot.space.direct(address) !== undefined)) {
      return false;
    }
    return this.#structures.facts.symbols.at(address)?.symbol.kind !== 'function';
  }

  /** The mutex or the condition variable at `address`, when one of the records is in its queue. */
  #queued(
    snapshot: Snapshot,
    address: Address,
    records: ReadonlySet<Address>,
    isThread: (address: Address) => boolean,
  ): OsvWait | undefined {
    try {
      for (const { kind, heads } of this.#mutexes.queues(snapshot, address, isThread)) {
        const record = heads.flatMap((head) => this.#mutexes.chain(snapshot, head, isThread).records);
        const own = record.find((one) => records.has(one));
        if (own !== undefined) {
          return { kind, address, record: own };
        }
      }
    } catch (error) {
      if (!(error instanceof UnreadableMemory)) {
        throw error;
      }
    }
    return undefined;
  }
}

function stackWords(snapshot: Snapshot, stackPointer: Address): Address[] {
  try {
    const bytes = snapshot.read(stackPointer, STACK_WINDOW);
    return Array.from({ length: STACK_WINDOW / 8 }, (_, index) => readSigned64(bytes, index * 8));
  } catch (error) {
    if (error instanceof UnreadableMemory) {
      return [];
    }
    throw error;
  }
}
