import type { Address } from '../../guest/address.ts';
import { walkList } from '../../guest/lists.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Place } from '../../guest/physical-cache.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { Getter, StructReader } from '../../guest/struct-reader.ts';
import type { Reading } from '../kernel.ts';
import type { LockHolder, LockWaiter, VnodeLockRow, WaitCycle } from '../model.ts';
import type { SproutNames } from './names.ts';
import { MOST_ELEMENTS } from './structures.ts';
import { mode } from './threads.ts';

/** No lock has more holders or waiters than there are threads; this bounds a broken list. */
const MOST_IN_QUEUE = 100_000;

/** How an element of a lock's list of holders or waiters is read. */
interface QueueElement {
  reader: StructReader;
  /** Offset of its node. */
  hook: number;
  thread: Getter<number>;
  mode: Getter<string>;
  since: Getter<number>;
}

/** Sprout's vnodes and their locks: g_vnodes.list. */
export class SproutVnodeLocks {
  readonly #names: SproutNames;
  readonly #list: Address;
  readonly #count: (snapshot: Snapshot) => number;
  readonly #cycles: (snapshot: Snapshot) => WaitCycle[];
  readonly #fields;
  readonly #held: QueueElement;
  readonly #wait: QueueElement;
  readonly #offsets;
  readonly #mountOf;
  readonly #fileSystemOf;
  #fileSystems = new Map<Address, string>();

  /** `cycles` is asked only when somebody waits for a vnode. */
  constructor(names: SproutNames, cycles: (snapshot: Snapshot) => WaitCycle[]) {
    this.#names = names;
    this.#cycles = cycles;
    const { structures } = names;
    const { layouts } = structures.facts;
    const table = layouts.struct('sprout::VnodeTable');
    const vnodes = structures.symbol('sprout::g_vnodes');
    this.#list = vnodes + table.offset('list.sentinel');
    const count = table.number('count');
    this.#count = (snapshot) => count(snapshot.at(table, vnodes));
    const reader = layouts.struct('sprout::Vnode');
    this.#offsets = {
      link: reader.offset('table_link'),
      lock: reader.offset('lock'),
      holders: reader.offset('lock.holders.sentinel'),
      waiters: reader.offset('lock.waiters.sentinel'),
    };
    this.#fields = {
      reader,
      number: reader.number('number'),
      mount: reader.pointer('mount'),
      type: reader.enumeration('type'),
      references: reader.optionalNumber('references', 'References of vnodes'),
      size: reader.optionalNumber('size', 'Sizes of vnodes'),
      firstHolder: reader.pointer('lock.holders.sentinel.next'),
      firstWaiter: reader.pointer('lock.waiters.sentinel.next'),
      acquisitions: reader.optionalNumber('lock.acquisitions', 'Acquisitions of vnode locks'),
      contentions: reader.optionalNumber('lock.contentions', 'Contentions of vnode locks'),
    };
    const held = layouts.struct('sprout::HeldLock');
    this.#held = {
      reader: held,
      hook: held.offset('link'),
      thread: held.pointer('thread'),
      mode: held.enumeration('mode'),
      since: held.number('since'),
    };
    const wait = layouts.struct('sprout::Wait');
    this.#wait = {
      reader: wait,
      hook: wait.offset('link'),
      thread: wait.pointer('thread'),
      mode: wait.enumeration('mode'),
      since: wait.number('since'),
    };
    const mount = layouts.struct('sprout::Mount');
    const fileSystem = layouts.struct('sprout::FileSystem');
    this.#mountOf = { reader: mount, fileSystem: mount.pointer('file_system') };
    this.#fileSystemOf = { reader: fileSystem, name: fileSystem.pointer('name') };
  }

  read(snapshot: Snapshot): Reading<'vnodeLocks'> {
    this.#fileSystems = new Map();
    const guestTime = this.#names.structures.guestTime(snapshot);
    const walk = walkList(snapshot, this.#names.structures.node, this.#list, MOST_ELEMENTS);
    const notes = walk.cut ? [`More than ${MOST_ELEMENTS} vnodes: the rest is left out.`] : [];
    const rows: VnodeLockRow[] = [];
    let consistent = walk.whole && walk.nodes.length === this.#count(snapshot);
    let someoneWaits = false;
    for (const node of walk.nodes) {
      try {
        const { row, whole } = this.#row(snapshot, node - this.#offsets.link);
        rows.push(row);
        consistent &&= whole;
        someoneWaits ||= row.waiters.length > 0;
      } catch (error) {
        if (!(error instanceof UnreadableMemory)) {
          throw error;
        }
        consistent = false;
      }
    }
    if (someoneWaits) {
      markCycles(rows, this.#cycles(snapshot));
    }
    return { rows, notes, consistent, guestTime };
  }

  /** Addresses of all vnodes. */
  addresses(snapshot: Snapshot): Address[] {
    const walk = walkList(snapshot, this.#names.structures.node, this.#list, MOST_ELEMENTS);
    return walk.nodes.map((node) => node - this.#offsets.link);
  }

  #row(snapshot: Snapshot, vnode: Address): { row: VnodeLockRow; whole: boolean } {
    const fields = this.#fields;
    const place = snapshot.at(fields.reader, vnode);
    const type = fields.type(place);
    const holders = this.#holders(snapshot, vnode, place);
    const waiters = this.#waiters(snapshot, vnode, place);
    const exclusive = holders.list.some((holder) => holder.mode === 'exclusive');
    const row: VnodeLockRow = {
      key: vnode,
      lock: vnode + this.#offsets.lock,
      path: this.#names.vnodePath(snapshot, vnode),
      number: fields.number(place),
      fileSystem: this.#fileSystem(snapshot, fields.mount(place)),
      type: type === 'regular' || type === 'directory' ? type : 'other',
      size: fields.size(place) ?? 0,
      references: fields.references(place) ?? 0,
      mode: holders.list.length === 0 ? 'free' : exclusive ? 'exclusive' : 'shared',
      holders: holders.list,
      waiters: waiters.list,
      acquisitions: fields.acquisitions(place) ?? 0,
      contentions: fields.contentions(place) ?? 0,
    };
    const whole =
      holders.whole &&
      waiters.whole &&
      // A writer is alone; who waits, waits for somebody.
      !(exclusive && holders.list.length > 1) &&
      !(waiters.list.length > 0 && holders.list.length === 0);
    return { row, whole };
  }

  #holders(snapshot: Snapshot, vnode: Address, place: Place): { list: LockHolder[]; whole: boolean } {
    const sentinel = vnode + this.#offsets.holders;
    return this.#queue(snapshot, sentinel, this.#fields.firstHolder(place), this.#held);
  }

  #waiters(snapshot: Snapshot, vnode: Address, place: Place): { list: LockWaiter[]; whole: boolean } {
    const sentinel = vnode + this.#offsets.waiters;
    return this.#queue(snapshot, sentinel, this.#fields.firstWaiter(place), this.#wait);
  }

  #queue(
    snapshot: Snapshot,
    sentinel: Address,
    first: Address,
    fields: QueueElement,
  ): { list: LockHolder[]; whole: boolean } {
    const list: LockHolder[] = [];
    // Nearly all locks are free: their sentinels point at themselves.
    if (first === sentinel || first === 0) {
      return { list, whole: true };
    }
    const walk = walkList(snapshot, this.#names.structures.node, sentinel, MOST_IN_QUEUE);
    let { whole } = walk;
    for (const node of walk.nodes) {
      try {
        const place = snapshot.at(fields.reader, node - fields.hook);
        const thread = this.#names.thread(snapshot, fields.thread(place));
        if (thread) {
          const entry = { thread: thread.id, threadName: thread.name, mode: mode(fields.mode(place)) };
          list.push({ ...entry, since: fields.since(place) });
        } else {
          whole = false;
        }
      } catch (error) {
        if (!(error instanceof UnreadableMemory)) {
          throw error;
        }
        whole = false;
      }
    }
    return { list, whole };
  }

  #fileSystem(snapshot: Snapshot, mount: Address): string {
    let name = this.#fileSystems.get(mount);
    if (name === undefined) {
      name = mount === 0 ? '' : this.#fileSystemName(snapshot, mount);
      this.#fileSystems.set(mount, name);
    }
    return name;
  }

  #fileSystemName(snapshot: Snapshot, mount: Address): string {
    try {
      const fileSystem = this.#mountOf.fileSystem(snapshot.at(this.#mountOf.reader, mount));
      if (fileSystem === 0) {
        return '';
      }
      const name = this.#fileSystemOf.name(snapshot.at(this.#fileSystemOf.reader, fileSystem));
      return this.#names.text(snapshot, name);
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return '?';
      }
      throw error;
    }
  }
}

/** Tells each lock that a cycle goes through. */
function markCycles(rows: VnodeLockRow[], cycles: readonly WaitCycle[]): void {
  for (const cycle of cycles) {
    const wanted = new Set(cycle.threads.map((thread) => thread.waitsFor));
    for (const row of rows) {
      if (wanted.has(`vnode ${row.path}`)) {
        row.cycle = cycle.description;
      }
    }
  }
}
