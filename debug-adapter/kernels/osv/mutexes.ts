import { type Address, isCanonical, readSigned64 } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { OsvStructures } from './structures.ts';

/** No queue is longer than there are threads; this bounds a broken one. */
const MOST_WAITERS = 100_000;
/** How far above a parked stack pointer the frames of a lock lie: registers that were saved, and the wait record. */
const STACK_WINDOW = 1024;
/** Nothing of the kernel lies below. */
const LOWEST_OBJECT = 0x10000;

export interface MutexState {
  /** The owner's sched::thread; 0: free, or being handed over. */
  owner: Address;
  depth: number;
  count: number;
  /** Waiting sched::threads in wake order. */
  waiters: Address[];
  /** False while somebody is between two steps: the queue and the count disagree. */
  whole: boolean;
}

/** OSv's lockfree::mutex, and what a parked thread waits for. */
export class OsvMutexes {
  readonly #mutex;
  readonly #record;
  readonly #condvar;

  constructor(structures: OsvStructures) {
    const { layouts } = structures.facts;
    const mutex = layouts.struct('lockfree::mutex');
    this.#mutex = {
      reader: mutex,
      count: mutex.number('count'),
      depth: mutex.number('depth'),
      owner: mutex.pointer('owner'),
      pushed: mutex.pointer('waitqueue.pushlist'),
      popped: mutex.pointer('waitqueue.poplist'),
    };
    const record = layouts.struct('wait_record');
    this.#record = { reader: record, thread: record.pointer('t'), next: record.pointer('next') };
    const condvar = layouts.struct('condvar');
    this.#condvar = {
      reader: condvar,
      oldest: condvar.pointer('_waiters_fifo.oldest'),
      newest: condvar.pointer('_waiters_fifo.newest'),
    };
  }

  /** @throws UnreadableMemory. */
  read(snapshot: Snapshot, address: Address): MutexState {
    const mutex = this.#mutex;
    const place = snapshot.at(mutex.reader, address);
    const owner = mutex.owner(place);
    const count = mutex.count(place);
    const state: MutexState = { owner, depth: mutex.depth(place), count, waiters: [], whole: true };
    if (count <= 1 && mutex.pushed(place) === 0 && mutex.popped(place) === 0) {
      state.whole = count >= 0 && (count === 0) === (owner === 0);
      return state;
    }
    const popped = this.#chain(snapshot, mutex.popped(place));
    const pushed = this.#chain(snapshot, mutex.pushed(place));
    // What is popped goes first as it stands; what was pushed is newest first.
    state.waiters = [...popped.threads, ...pushed.threads.reverse()];
    // Between fetch_add and push, and during a hand-off, the count is ahead of the queue.
    state.whole = popped.whole && pushed.whole && owner !== 0 && count === state.waiters.length + 1;
    return state;
  }

  /**
   * What the thread with this parked stack pointer waits for: found by its own wait record, which lies on its stack and is linked
   * into the queue of a mutex or condition variable whose address lies there too. Undefined: neither.
   */
  waitedFor(
    snapshot: Snapshot,
    thread: Address,
    stackPointer: Address,
    isThread: (address: Address) => boolean,
  ): { kind: 'mutex' | 'condition'; address: Address } | undefined {
    const words = this.#stackWords(snapshot, stackPointer);
    const records = new Set(words.flatMap((word, index) => (word === thread ? [stackPointer + index * 8] : [])));
    if (records.size === 0) {
      return undefined;
    }
    for (const candidate of new Set(words)) {
      if (isCanonical(candidate) && candidate % 4 === 0 && Math.abs(candidate) >= LOWEST_OBJECT) {
        const kind = this.#queueKind(snapshot, candidate, isThread, records);
        if (kind) {
          return { kind, address: candidate };
        }
      }
    }
    return undefined;
  }

  #stackWords(snapshot: Snapshot, stackPointer: Address): Address[] {
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

  /** Whether a record of the thread is in the queue of a mutex or a condition variable at `address`. */
  #queueKind(
    snapshot: Snapshot,
    address: Address,
    isThread: (address: Address) => boolean,
    records: ReadonlySet<Address>,
  ): 'mutex' | 'condition' | undefined {
    const isQueued = (head: Address): boolean => this.#chain(snapshot, head).records.some((one) => records.has(one));
    try {
      const mutex = snapshot.at(this.#mutex.reader, address);
      // Anything on a stack could look like a mutex: one that is waited for has a thread as its owner, or is being handed over.
      const owner = this.#mutex.owner(mutex);
      const count = this.#mutex.count(mutex);
      const isMutex = count > 0 && count <= MOST_WAITERS && (owner === 0 || isThread(owner));
      if (isMutex && [this.#mutex.popped(mutex), this.#mutex.pushed(mutex)].some(isQueued)) {
        return 'mutex';
      }
      const condvar = snapshot.at(this.#condvar.reader, address);
      const chain = this.#chain(snapshot, this.#condvar.oldest(condvar));
      const isCondition = chain.whole && chain.records.at(-1) === this.#condvar.newest(condvar);
      return isCondition && chain.records.some((one) => records.has(one)) ? 'condition' : undefined;
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return undefined;
      }
      throw error;
    }
  }

  /** Threads of a chain of wait records. A record whose thread is null is woken already. */
  #chain(snapshot: Snapshot, head: Address): { threads: Address[]; records: Address[]; whole: boolean } {
    const threads: Address[] = [];
    const seen = new Set<Address>();
    let record = head;
    try {
      while (record !== 0 && isCanonical(record) && !seen.has(record) && seen.size < MOST_WAITERS) {
        seen.add(record);
        const place = snapshot.at(this.#record.reader, record);
        const thread = this.#record.thread(place);
        if (thread !== 0) {
          threads.push(thread);
        }
        record = this.#record.next(place);
      }
      return { threads, records: [...seen], whole: record === 0 };
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return { threads, records: [...seen], whole: false };
      }
      throw error;
    }
  }
}
