import { type Address, readSigned64 } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { KernelFacts } from '../kernel.ts';
import type { IsThread, OsvMutexes } from './mutexes.ts';
import { PAGE_SIZE } from './page-scan.ts';
import type { OsvStructures } from './structures.ts';

/** How far above a parked stack pointer the frames of a lock reach, its wait record among them: 1.2 KiB in a build without optimisation. */
const STACK_WINDOW = 2048;
/** So much of what a word of the stack points to is looked at: a condition variable is mostly a part of an object. */
const NEIGHBOURHOOD = 512;
/** The kernel's variables that are looked at, at most. */
const MOST_VARIABLES = 4 << 20;
/** Functions that wait in a queue, by linker name: who waits in one returns to it. */
const QUEUEING = /^_ZN(?:7condvar4wait|8lockfree5mutex4lock)/;
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
  readonly #variables;

  constructor(structures: OsvStructures, mutexes: OsvMutexes) {
    this.#structures = structures;
    this.#mutexes = mutexes;
    this.#variables = variablesOf(structures.facts);
  }

  /**
   * By the thread's own wait record, which lies on its stack and is linked into the queue of a mutex or condition variable: one whose
   * address lies on the stack too, else one that is a part of what the stack points to, or a variable of the kernel. Undefined: it waits
   * for neither.
   */
  find(snapshot: Snapshot, thread: Address, stackPointer: Address, isThread: IsThread): OsvWait | undefined {
    // Anything may lie where a word of the stack points to: what is no queue need not stand still.
    const wait = snapshot.unrecorded(() => this.#search(snapshot, thread, stackPointer, isThread));
    return wait && this.stands(snapshot, wait, isThread) ? wait : undefined;
  }

  #search(snapshot: Snapshot, thread: Address, stackPointer: Address, isThread: IsThread): OsvWait | undefined {
    const words = readWords(snapshot, stackPointer, STACK_WINDOW);
    if (!words.some((word) => this.#returnsToQueueing(word))) {
      return undefined;
    }
    const records = new Set(
      words
        .flatMap((word, index) => (word === thread ? [stackPointer + index * 8] : []))
        .filter((at) => at % this.#mutexes.alignment === 0),
    );
    if (records.size === 0) {
      return undefined;
    }
    const pointers = [...new Set(words)].filter((word) => this.#isPlausible(snapshot, word));
    const isOne = (address: Address) => this.#queued(snapshot, address, records, isThread);
    return (
      firstOf(pointers, isOne) ??
      firstOf(pointers, (pointer) => firstOf(this.#linked(snapshot, pointer, NEIGHBOURHOOD, records), isOne)) ??
      firstOf(this.#variables, ({ begin, size }) => firstOf(this.#linked(snapshot, begin, size, records), isOne))
    );
  }

  /** Where a queue would begin whose link to one of the records lies among `size` bytes from `address` on. */
  #linked(snapshot: Snapshot, address: Address, size: number, records: ReadonlySet<Address>): Address[] {
    const begin = address - (address % 8);
    return readWords(snapshot, begin, size).flatMap((word, index) =>
      records.has(word) ? this.#mutexes.linkOffsets.map((offset) => begin + index * 8 - offset) : [],
    );
  }

  /** Whether a wait that was found before still is one: a condition variable may hand its waiters over to a mutex. */
  stands(snapshot: Snapshot, wait: OsvWait, isThread: IsThread): boolean {
    return this.#queued(snapshot, wait.address, new Set([wait.record]), isThread)?.kind === wait.kind;
  }

  #returnsToQueueing(address: Address): boolean {
    const { symbol } = this.#structures.facts.symbols.at(address) ?? {};
    return symbol?.kind === 'function' && QUEUEING.test(symbol.name);
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
    isThread: IsThread,
  ): OsvWait | undefined {
    try {
      for (const { kind, records: queued } of this.#mutexes.waitedFor(snapshot, address, isThread)) {
        const own = queued.find((one) => records.has(one));
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

/** The first result of `find` that is one. */
function firstOf<From, To>(all: readonly From[], find: (one: From) => To | undefined): To | undefined {
  for (const one of all) {
    const found = find(one);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

/** From the first to the last of the kernel's variables, by section. */
function variablesOf({ symbols }: KernelFacts): { begin: Address; size: number }[] {
  return ['.data', '.bss'].flatMap((section) => {
    const extent = symbols.variables(section);
    return extent ? [{ begin: extent.begin, size: Math.min(extent.end - extent.begin, MOST_VARIABLES) }] : [];
  });
}

/** Words from `address`, a multiple of 8, on; fewer where the memory ends. */
function readWords(snapshot: Snapshot, address: Address, size: number): Address[] {
  const words: Address[] = [];
  try {
    for (let at = address; at < address + size; ) {
      const length = Math.min(address + size, (Math.floor(at / PAGE_SIZE) + 1) * PAGE_SIZE) - at;
      const bytes = snapshot.read(at, length);
      for (let offset = 0; offset + 8 <= length; offset += 8) {
        words.push(readSigned64(bytes, offset));
      }
      at += length;
    }
  } catch (error) {
    if (!(error instanceof UnreadableMemory)) {
      throw error;
    }
  }
  return words;
}
