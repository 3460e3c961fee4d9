import type { Address } from '../../guest/address.ts';
import { walkList } from '../../guest/lists.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Place } from '../../guest/physical-cache.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { Reading } from '../kernel.ts';
import type { HeldLockInfo, LockMode, ThreadRow, ThreadStateName, WaitInfo } from '../model.ts';
import type { SproutNames } from './names.ts';
import type { SproutParkedFrames } from './parked-frames.ts';
import { SproutStackUse } from './stack-use.ts';
import { MOST_ELEMENTS } from './structures.ts';
import type { SproutWaits } from './waits.ts';

const STATES: ReadonlySet<string> = new Set(['created', 'ready', 'running', 'waiting', 'finished']);

/** Sprout's threads: g_threads.list. */
export class SproutThreads {
  readonly #names: SproutNames;
  readonly #waits: SproutWaits;
  readonly #frames: SproutParkedFrames;
  readonly #stackUse = new SproutStackUse();
  readonly #list: Address;
  readonly #count: (snapshot: Snapshot) => number;
  readonly #fields;
  readonly #hook: number;
  readonly #sleepTimer: number;

  constructor(names: SproutNames, waits: SproutWaits, frames: SproutParkedFrames) {
    this.#names = names;
    this.#waits = waits;
    this.#frames = frames;
    const { structures } = names;
    const { layouts } = structures.facts;
    const list = layouts.struct('sprout::ThreadList');
    const threads = structures.symbol('sprout::g_threads');
    this.#list = threads + list.offset('list.sentinel');
    const count = list.number('count');
    this.#count = (snapshot) => count(snapshot.at(list, threads));
    const reader = layouts.struct('sprout::Thread');
    this.#hook = reader.offset('all_link');
    this.#sleepTimer = reader.offset('sleep_timer');
    const held = reader.elements('held');
    this.#fields = {
      reader,
      id: reader.number('id'),
      name: reader.text('name'),
      state: reader.enumeration('state'),
      cpu: reader.number('cpu'),
      priority: reader.optionalNumber('priority', 'Priorities of threads'),
      cpuTime: reader.optionalNumber('cpu_time', 'CPU times of threads'),
      runningSince: reader.optionalNumber('running_since', 'The running slice of threads'),
      switches: reader.optionalNumber('switches', 'Switches of threads'),
      preemptions: reader.optionalNumber('preemptions', 'Preemptions of threads'),
      migrations: reader.optionalNumber('migrations', 'Migrations of threads'),
      stackBase: reader.pointer('stack.base'),
      stackSize: reader.number('stack.size'),
      stackPointer: reader.pointer('stack_pointer'),
      waitQueue: reader.pointer('wait.queue'),
      waitKind: reader.enumeration('wait.kind'),
      waitMode: reader.enumeration('wait.mode'),
      waitSince: reader.number('wait.since'),
      heldCount: reader.number('held_count'),
      held,
      heldLock: held.reader.pointer('lock'),
      heldMode: held.reader.enumeration('mode'),
      heldSince: held.reader.number('since'),
    };
  }

  read(snapshot: Snapshot): Reading<'threads'> {
    const guestTime = this.#names.structures.guestTime(snapshot);
    const { addresses, whole, cut } = this.addresses(snapshot);
    const notes = cut ? [`More than ${MOST_ELEMENTS} threads: the rest is left out.`] : [];
    const rows: ThreadRow[] = [];
    const ids = new Set<number>();
    const cpus = this.#names.structures.cpuCount(snapshot);
    let consistent = whole && addresses.length === this.#count(snapshot);
    for (const address of addresses) {
      try {
        const row = this.row(snapshot, address, guestTime);
        rows.push(row);
        consistent &&= !ids.has(row.id) && row.cpu < cpus && this.#isSound(snapshot, row);
        ids.add(row.id);
      } catch (error) {
        if (!(error instanceof UnreadableMemory)) {
          throw error;
        }
        consistent = false;
      }
    }
    this.#stackUse.measure(snapshot, rows);
    return { rows, notes, consistent, guestTime };
  }

  /** Whether a thread's own fields agree with each other: what does not is half a change, or no thread. */
  #isSound(snapshot: Snapshot, { key, holds, waitsFor }: ThreadRow): boolean {
    const fields = this.#fields;
    const place = snapshot.at(fields.reader, key);
    const state = fields.state(place);
    // Taken out of its queue, a thread still says that it waits.
    const waits = state === 'waiting' && fields.waitQueue(place) !== 0;
    return STATES.has(state) && waits === (waitsFor !== undefined) && holds.length === fields.heldCount(place);
  }

  /** Addresses of all threads. */
  addresses(snapshot: Snapshot): { addresses: Address[]; whole: boolean; cut: boolean } {
    const walk = walkList(snapshot, this.#names.structures.node, this.#list, MOST_ELEMENTS);
    return { addresses: walk.nodes.map((node) => node - this.#hook), whole: walk.whole, cut: walk.cut };
  }

  /** @throws UnreadableMemory. */
  row(snapshot: Snapshot, address: Address, guestTime: number): ThreadRow {
    const fields = this.#fields;
    const place = snapshot.at(fields.reader, address);
    const waitsFor = this.#waitOf(snapshot, address, place);
    const row: ThreadRow = {
      key: address,
      id: fields.id(place),
      name: fields.name(place),
      state: this.#state(place, waitsFor !== undefined),
      cpu: fields.cpu(place),
      priority: fields.priority(place) ?? 0,
      cpuTime: this.#cpuTime(place, guestTime),
      switches: fields.switches(place) ?? 0,
      preemptions: fields.preemptions(place) ?? 0,
      migrations: fields.migrations(place) ?? 0,
      holds: this.#heldBy(snapshot, place),
    };
    if (waitsFor) {
      row.waitsFor = waitsFor;
      const frame = this.#frames.find(snapshot, address, fields.stackPointer(place), row.switches);
      if (frame) {
        row.frame = frame.text;
        row.frameAddress = frame.address;
      }
    }
    const size = fields.stackSize(place);
    if (size > 0) {
      row.stack = { base: fields.stackBase(place), size };
    }
    return row;
  }

  /** Id and name of every thread. */
  names(snapshot: Snapshot): [id: number, name: string][] {
    return this.addresses(snapshot).addresses.flatMap((address) => {
      const thread = this.#names.thread(snapshot, address);
      return thread ? [[thread.id, thread.name] satisfies [number, string]] : [];
    });
  }

  /** The name of the thread with an id; undefined when it has ended. */
  nameOf(snapshot: Snapshot, id: number): string | undefined {
    const found = this.addresses(snapshot).addresses.find(
      (address) => this.#names.thread(snapshot, address)?.id === id,
    );
    return found === undefined ? undefined : this.#names.thread(snapshot, found)?.name;
  }

  /** Where a parked thread's SwitchFrame stands. @throws UnreadableMemory. */
  savedStackPointer(snapshot: Snapshot, address: Address): Address {
    return this.#fields.stackPointer(snapshot.at(this.#fields.reader, address));
  }

  /** A thread that was taken out of its queue is as good as ready: whoever took it out is about to say so. */
  #state(place: Place, waits: boolean): ThreadStateName {
    const state = this.#fields.state(place);
    if (state === 'waiting' && !waits) {
      return 'ready';
    }
    return (STATES.has(state) ? state : 'created') as ThreadStateName;
  }

  #cpuTime(place: Place, guestTime: number): number {
    const since = this.#fields.runningSince(place) ?? 0;
    const running = since > 0 && this.#fields.state(place) === 'running' ? Math.max(0, guestTime - since) : 0;
    return (this.#fields.cpuTime(place) ?? 0) + running;
  }

  #waitOf(snapshot: Snapshot, address: Address, place: Place): WaitInfo | undefined {
    const fields = this.#fields;
    if (fields.state(place) !== 'waiting') {
      return undefined;
    }
    const kind = this.#waits.kind(fields.waitKind(place));
    const queue = fields.waitQueue(place);
    if (!kind || queue === 0) {
      return undefined;
    }
    // For people a sleep is a timer of the thread's own, and a join is the other thread.
    const object =
      kind === 'sleep' ? address + this.#sleepTimer : kind === 'join' ? this.#waits.joinedThread(queue) : queue;
    return {
      kind,
      mode: mode(fields.waitMode(place)),
      object,
      description: this.#waits.describe(snapshot, queue),
      since: fields.waitSince(place),
    };
  }

  #heldBy(snapshot: Snapshot, place: Place): HeldLockInfo[] {
    const fields = this.#fields;
    const holds: HeldLockInfo[] = [];
    // Most threads hold nothing: their slots need not be looked at.
    if (fields.heldCount(place) === 0) {
      return holds;
    }
    for (let index = 0; index < fields.held.count; index++) {
      const slot = fields.held.at(place, index);
      const lock = fields.heldLock(slot);
      if (lock !== 0) {
        holds.push({
          lock,
          kind: this.#waits.kindAt(snapshot, lock),
          mode: mode(fields.heldMode(slot)),
          description: this.#waits.describe(snapshot, lock),
          since: fields.heldSince(slot),
        });
      }
    }
    return holds.sort((a, b) => (a.since ?? 0) - (b.since ?? 0));
  }
}

export function mode(name: string): LockMode {
  return name === 'shared' ? 'shared' : 'exclusive';
}
