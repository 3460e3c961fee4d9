import type { Address } from '../../guest/address.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { TraceEvents, Tracepoint, TraceReading } from '../model.ts';
import type { DescribeLock } from './parked-threads.ts';
import type { OsvStructures } from './structures.ts';
import type { OsvRecord, OsvTraceBuffers } from './trace-buffers.ts';
import { OsvTraceCounts } from './trace-counts.ts';
import type { OsvTracepoints } from './tracepoints.ts';
import type { NameThread } from './vnode-locks.ts';

/** What OSv's tracepoints tell of what every kernel does; others keep their own names. */
const NEUTRAL_KINDS: Record<string, string> = {
  sched_switch: 'thread_switch',
  sched_wake: 'thread_wake',
  thread_create: 'thread_start',
  mutex_lock_wait: 'lock_wait',
  condvar_wait: 'lock_wait',
  waitqueue_wait: 'lock_wait',
  mutex_lock_wake: 'lock_acquire',
};
/** What a lock_wait waits for, by value. */
const WAITS: TraceReading['waits'] = ['mutex', 'condition'];
/** Threads that have ended have no id any more: they get one by their address. */
const ENDED_IDS = 0x2000_0000;
const MOST_NAMES = 10_000;
/** Bytes: the head of a record, and two arguments. */
const USUAL_RECORD = 64;

/** OSv's trace buffers as the neutral model has them. */
export class OsvTrace {
  readonly #structures: OsvStructures;
  readonly #points: OsvTracepoints;
  readonly #buffers: OsvTraceBuffers;
  readonly #counts: OsvTraceCounts;
  readonly #nameThread: NameThread;
  readonly #describeLock: DescribeLock;

  constructor(
    structures: OsvStructures,
    { points, buffers }: { points: OsvTracepoints; buffers: OsvTraceBuffers },
    nameThread: NameThread,
    describeLock: DescribeLock,
  ) {
    this.#structures = structures;
    this.#points = points;
    this.#buffers = buffers;
    this.#counts = new OsvTraceCounts(structures, buffers);
    this.#nameThread = nameThread;
    this.#describeLock = describeLock;
  }

  /**
   * Of each CPU the newest `limit` records after `after[cpu]` bytes; undefined when tracing was never on.
   * @throws UnreadableMemory.
   */
  read(snapshot: Snapshot, after: readonly number[], limit: number): TraceReading | undefined {
    const telling = new Telling(snapshot, this.#nameThread);
    let isThere = false;
    const cpus = this.#structures.cpus(snapshot).map((cpu, index) => {
      const found = this.#buffers.read(snapshot, cpu, after[index] ?? 0);
      isThere ||= found !== undefined;
      const records = found?.records.slice(-limit) ?? [];
      return { cpu: cpu.id, next: found?.next ?? 0, lost: lostRecords(found), events: telling.events(records) };
    });
    if (!isThere) {
      return undefined;
    }
    return {
      guestTime: this.#structures.guestTime(snapshot),
      kinds: telling.kinds,
      operations: [],
      off: this.#off(snapshot),
      waits: WAITS,
      cpus,
      threads: Object.fromEntries(telling.threads),
      objects: this.#objects(snapshot, telling.locks),
    };
  }

  tracepoints(snapshot: Snapshot): Tracepoint[] {
    const counts = this.#counts.read(snapshot);
    return this.#points.list(snapshot).map(({ address, name, format, isEnabled }) => ({
      address,
      name,
      format,
      enabled: isEnabled,
      records: counts.get(address) ?? 0,
    }));
  }

  /** What every kernel can do and this one does not record now. */
  #off(snapshot: Snapshot): string[] {
    const on = new Set(
      this.#points.list(snapshot).flatMap(({ name, isEnabled }) => (isEnabled ? [NEUTRAL_KINDS[name]] : [])),
    );
    return [...new Set(Object.values(NEUTRAL_KINDS))].filter((kind) => !on.has(kind));
  }

  #objects(snapshot: Snapshot, locks: ReadonlySet<Address>): Record<string, string> {
    const { facts } = this.#structures;
    const named = [...locks].slice(0, MOST_NAMES).flatMap((lock): [string, string][] => {
      const symbol = facts.symbols.at(lock);
      const name = this.#describeLock(snapshot, lock) ?? (symbol && facts.describe(lock));
      return name === undefined ? [] : [[String(lock), name]];
    });
    return Object.fromEntries(named);
  }
}

/** Bytes were overwritten; how many records they were nobody knows: so many, had they been of the usual length. */
function lostRecords(found: { lost: number } | undefined): number {
  return Math.ceil((found?.lost ?? 0) / USUAL_RECORD);
}

/** One answer in the making: kinds and names as they come up. */
class Telling {
  readonly kinds: string[] = [];
  readonly threads = new Map<number, string>();
  readonly locks = new Set<Address>();
  readonly #ids = new Map<Address, number>();
  readonly #snapshot: Snapshot;
  readonly #nameThread: NameThread;

  constructor(snapshot: Snapshot, nameThread: NameThread) {
    this.#snapshot = snapshot;
    this.#nameThread = nameThread;
  }

  events(records: readonly OsvRecord[]): TraceEvents {
    const events: TraceEvents = { time: [], thread: [], kind: [], object: [], value: [] };
    const waitsSince = new Map<number, number>();
    for (const record of records) {
      const { time, point, numbers } = record;
      const thread = this.#idOf(record.thread, record.threadName);
      const kind = NEUTRAL_KINDS[point.name] ?? point.name;
      const [object = 0, second = 0] = numbers;
      events.time.push(time);
      events.thread.push(thread);
      events.kind.push(this.#kindOf(kind));
      events.object.push(object);
      if (kind === 'thread_switch' || kind === 'thread_start') {
        events.value.push(this.#idOf(object));
      } else if (kind === 'lock_wait') {
        this.locks.add(object);
        waitsSince.set(thread, time);
        events.value.push(WAITS.indexOf(point.name === 'mutex_lock_wait' ? 'mutex' : 'condition'));
      } else if (kind === 'lock_acquire') {
        this.locks.add(object);
        events.value.push(time - (waitsSince.get(thread) ?? time));
      } else {
        events.value.push(second);
      }
    }
    return events;
  }

  #kindOf(name: string): number {
    const index = this.kinds.indexOf(name);
    return index < 0 ? this.kinds.push(name) - 1 : index;
  }

  #idOf(thread: Address, recorded?: string): number {
    let id = this.#ids.get(thread);
    if (id === undefined) {
      const known = thread === 0 ? undefined : this.#nameThread(this.#snapshot, thread);
      // Another thread may have taken an ended one's place: then it has another name.
      const isSame = known !== undefined && (recorded === undefined || known.name === recorded);
      id = isSame ? known.id : thread === 0 ? 0 : ENDED_IDS + (Math.floor(thread / 64) % ENDED_IDS);
      this.#ids.set(thread, id);
      const name = isSame ? known.name : recorded;
      if (name !== undefined && id !== 0) {
        this.threads.set(id, name);
      }
    }
    return id;
  }
}
