import { type Address, isCanonical } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { OsvStructures } from './structures.ts';

/** No queue is longer than there are threads; this bounds a broken one. */
const MOST_WAITERS = 100_000;

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

/** OSv's lockfree::mutex and condvar. */
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
    const popped = this.chain(snapshot, mutex.popped(place));
    const pushed = this.chain(snapshot, mutex.pushed(place));
    // What is popped goes first as it stands; what was pushed is newest first.
    state.waiters = [...popped.threads, ...pushed.threads.reverse()];
    // Between fetch_add and push, and during a hand-off, the count is ahead of the queue.
    state.whole = popped.whole && pushed.whole && owner !== 0 && count === state.waiters.length + 1;
    return state;
  }

  /** Whether nobody has or wants the mutex at `address`. @throws UnreadableMemory. */
  isFree(snapshot: Snapshot, address: Address): boolean {
    const { owner, count } = this.read(snapshot, address);
    return owner === 0 && count === 0;
  }

  /**
   * The queues of what may be a mutex or a condition variable at `address`. Anything could look like a mutex: one that is waited for
   * has a thread as its owner, or is being handed over. @throws UnreadableMemory.
   */
  queues(
    snapshot: Snapshot,
    address: Address,
    isThread: (address: Address) => boolean,
  ): { kind: 'mutex' | 'condition'; heads: Address[] }[] {
    const queues: { kind: 'mutex' | 'condition'; heads: Address[] }[] = [];
    const mutex = snapshot.at(this.#mutex.reader, address);
    const owner = this.#mutex.owner(mutex);
    const count = this.#mutex.count(mutex);
    if (count > 0 && count <= MOST_WAITERS && (owner === 0 || isThread(owner))) {
      queues.push({ kind: 'mutex', heads: [this.#mutex.popped(mutex), this.#mutex.pushed(mutex)] });
    }
    const condvar = snapshot.at(this.#condvar.reader, address);
    const oldest = this.#condvar.oldest(condvar);
    if (oldest !== 0 && this.#condvar.newest(condvar) !== 0) {
      queues.push({ kind: 'condition', heads: [oldest] });
    }
    return queues;
  }

  /**
   * Threads of a chain of wait records. A record whose thread is null is woken already; one whose thread is no thread is none, and
   * ends the chain.
   */
  chain(
    snapshot: Snapshot,
    head: Address,
    isThread: (address: Address) => boolean = () => true,
  ): { threads: Address[]; records: Address[]; whole: boolean } {
    const threads: Address[] = [];
    const seen = new Set<Address>();
    let record = head;
    try {
      while (record !== 0 && isCanonical(record) && !seen.has(record) && seen.size < MOST_WAITERS) {
        const place = snapshot.at(this.#record.reader, record);
        const thread = this.#record.thread(place);
        if (thread !== 0 && !isThread(thread)) {
          break;
        }
        seen.add(record);
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
