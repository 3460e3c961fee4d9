import { type Address, isCanonical } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { OsvStructures } from './structures.ts';

/** No queue is longer than there are threads; this bounds a broken one. */
const MOST_WAITERS = 100_000;
const CACHE_LINE = 64;

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

/** Whether a sched::thread lies at an address. */
export type IsThread = (address: Address) => boolean;

/** What a thread can wait for, and the wait records that are linked to it. */
export interface WaitedFor {
  kind: 'mutex' | 'condition';
  records: Address[];
}

/** OSv's lockfree::mutex and condvar. */
export class OsvMutexes {
  /** Wait records lie at multiples of this. */
  readonly alignment: number;
  /** Where in a mutex or a condition variable a wait record's address may stand. */
  readonly linkOffsets: readonly number[];
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
    // One that fills cache lines begins with one.
    this.alignment = record.size % CACHE_LINE === 0 ? CACHE_LINE : 8;
    const condvar = layouts.struct('condvar');
    this.#condvar = {
      reader: condvar,
      inner: condvar.offset('_m'),
      oldest: condvar.pointer('_waiters_fifo.oldest'),
      newest: condvar.pointer('_waiters_fifo.newest'),
      mutex: condvar.pointer('_user_mutex'),
    };
    this.linkOffsets = [
      condvar.offset('_waiters_fifo.oldest'),
      condvar.offset('_waiters_fifo.newest'),
      mutex.offset('waitqueue.pushlist'),
      mutex.offset('waitqueue.poplist'),
    ];
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

  /** What may be a mutex or a condition variable at `address`, by all that it would say of itself. @throws UnreadableMemory. */
  waitedFor(snapshot: Snapshot, address: Address, isThread: IsThread): WaitedFor[] {
    const found: WaitedFor[] = [];
    const mutex = snapshot.at(this.#mutex.reader, address);
    if (this.#mutex.count(mutex) > 0 && this.#isMutex(snapshot, address, isThread)) {
      const heads = [this.#mutex.popped(mutex), this.#mutex.pushed(mutex)];
      found.push({ kind: 'mutex', records: heads.flatMap((head) => this.chain(snapshot, head, isThread).records) });
    }
    const records = this.#conditionRecords(snapshot, address, isThread);
    if (records.length > 0) {
      found.push({ kind: 'condition', records });
    }
    return found;
  }

  /** Whether what lies at `address` may be a mutex: its owner is a thread, or nobody, as while it is handed over. */
  #isMutex(snapshot: Snapshot, address: Address, isThread: IsThread): boolean {
    const place = snapshot.at(this.#mutex.reader, address);
    const count = this.#mutex.count(place);
    const owner = this.#mutex.owner(place);
    return count >= 0 && count <= MOST_WAITERS && (owner === 0 || isThread(owner));
  }

  /**
   * The wait records of what may be a condition variable, from its oldest to its newest; none when it is none. Much on a stack points to
   * a record: only a condition variable has a mutex of its own, knows that of its user, and both ends of one list.
   */
  #conditionRecords(snapshot: Snapshot, address: Address, isThread: IsThread): Address[] {
    const condvar = this.#condvar;
    const place = snapshot.at(condvar.reader, address);
    const [oldest, newest, mutex] = [condvar.oldest(place), condvar.newest(place), condvar.mutex(place)];
    if (oldest === 0 || newest === 0 || mutex === 0 || !this.#isMutex(snapshot, address + condvar.inner, isThread)) {
      return [];
    }
    const { records, whole } = this.chain(snapshot, oldest, isThread);
    return whole && records.at(-1) === newest && this.#isMutex(snapshot, mutex, isThread) ? records : [];
  }

  /**
   * Threads of a chain of wait records. A record whose thread is null is woken already; one whose thread is no thread is none, and
   * ends the chain.
   */
  chain(
    snapshot: Snapshot,
    head: Address,
    isThread: IsThread = () => true,
  ): { threads: Address[]; records: Address[]; whole: boolean } {
    const threads: Address[] = [];
    const seen = new Set<Address>();
    let record = head;
    try {
      while (record !== 0 && this.#mayBeRecord(record) && !seen.has(record) && seen.size < MOST_WAITERS) {
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
  #mayBeRecord(address: Address): boolean {
    return isCanonical(address) && address % this.alignment === 0;
  }
}
