import { type Address, isCanonical } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64 } from '../../guest/struct-reader.ts';
import type { Reading } from '../kernel.ts';
import type { LockHolder, VnodeLockRow, WaitCycle } from '../model.ts';
import type { OsvMutexes } from './mutexes.ts';
import { MOST_ELEMENTS, type OsvStructures } from './structures.ts';

/** fs/vfs/vfs_vnode.cc: file-local, as the linker knows it. */
const TABLE = '_ZL11vnode_table';
const LONGEST_PATH = 4096;
/** sys/vnode.h: VREG and VDIR. */
const REGULAR = 1;
const DIRECTORY = 2;

/** Names a thread by the address of its sched::thread. */
export type NameThread = (snapshot: Snapshot, address: Address) => { id: number; name: string } | undefined;

/** OSv's vnodes and their locks: the hash table vnode_table. */
export class OsvVnodeLocks {
  readonly #structures: OsvStructures;
  readonly #mutexes: OsvMutexes;
  readonly #nameThread: NameThread;
  readonly #cycles: (snapshot: Snapshot) => WaitCycle[];
  readonly #table: { address: Address; heads: number };
  readonly #vnode;
  readonly #dentry;
  readonly #mount;

  /** `cycles` is asked only when somebody waits for a vnode. */
  constructor(
    structures: OsvStructures,
    mutexes: OsvMutexes,
    nameThread: NameThread,
    cycles: (snapshot: Snapshot) => WaitCycle[],
  ) {
    this.#structures = structures;
    this.#mutexes = mutexes;
    this.#nameThread = nameThread;
    this.#cycles = cycles;
    const { layouts } = structures.facts;
    const table = layouts.variableType('vnode_table');
    this.#table = { address: structures.symbol(TABLE), heads: table.size / 8 };
    const vnode = layouts.struct('vnode');
    this.#vnode = {
      reader: vnode,
      number: vnode.number('v_ino'),
      next: vnode.pointer('v_link.le_next'),
      mount: vnode.pointer('v_mount'),
      references: vnode.optionalNumber('v_refcnt', 'References of vnodes'),
      type: vnode.number('v_type'),
      size: vnode.optionalNumber('v_size', 'Sizes of vnodes'),
      lock: vnode.offset('v_lock'),
      names: vnode.pointer('v_names.lh_first'),
    };
    const dentry = layouts.struct('dentry');
    this.#dentry = { reader: dentry, path: dentry.pointer('d_path') };
    const mount = layouts.struct('mount');
    this.#mount = { path: mount.offset('m_path'), special: mount.offset('m_special') };
  }

  read(snapshot: Snapshot): Reading<'vnodeLocks'> {
    const guestTime = this.#structures.guestTime(snapshot);
    const { addresses, whole } = this.#addresses(snapshot);
    const rows: VnodeLockRow[] = [];
    let consistent = whole;
    for (const address of addresses) {
      try {
        const { row, settled } = this.#row(snapshot, address);
        rows.push(row);
        consistent &&= settled;
      } catch (error) {
        if (!(error instanceof UnreadableMemory)) {
          throw error;
        }
        consistent = false;
      }
    }
    if (rows.some(({ waiters }) => waiters.length > 0)) {
      this.#markCycles(snapshot, rows);
    }
    return { rows, notes: ['OSv does not keep since when a vnode lock is held.'], consistent, guestTime };
  }

  /** `vnode /hello` when the mutex at `address` is a vnode's. */
  describeLock(snapshot: Snapshot, address: Address): string | undefined {
    const vnode = this.#addresses(snapshot).addresses.find((candidate) => candidate + this.#vnode.lock === address);
    return vnode === undefined ? undefined : `vnode ${this.#path(snapshot, vnode)}`;
  }

  #addresses(snapshot: Snapshot): { addresses: Address[]; whole: boolean } {
    const { view, offset } = snapshot.place(this.#table.address, this.#table.heads * 8);
    const addresses = new Set<Address>();
    let whole = true;
    for (let head = 0; head < this.#table.heads; head++) {
      let vnode = signed64(view, offset + head * 8);
      try {
        while (vnode !== 0 && isCanonical(vnode) && !addresses.has(vnode) && addresses.size < MOST_ELEMENTS) {
          addresses.add(vnode);
          vnode = this.#vnode.next(snapshot.at(this.#vnode.reader, vnode));
        }
        whole &&= vnode === 0;
      } catch (error) {
        if (!(error instanceof UnreadableMemory)) {
          throw error;
        }
        whole = false;
      }
    }
    return { addresses: [...addresses], whole };
  }

  #row(snapshot: Snapshot, vnode: Address): { row: VnodeLockRow; settled: boolean } {
    const fields = this.#vnode;
    const place = snapshot.at(fields.reader, vnode);
    const type = fields.type(place);
    const lock = this.#mutexes.read(snapshot, vnode + fields.lock);
    const people = (threads: readonly Address[]): LockHolder[] =>
      threads.flatMap((address) => {
        const thread = this.#nameThread(snapshot, address);
        return thread ? [{ thread: thread.id, threadName: thread.name, mode: 'exclusive' as const }] : [];
      });
    const holders = people(lock.owner === 0 ? [] : [lock.owner]);
    const row: VnodeLockRow = {
      key: vnode,
      lock: vnode + fields.lock,
      path: this.#path(snapshot, vnode),
      number: fields.number(place),
      fileSystem: this.#fileSystem(snapshot, fields.mount(place)),
      type: type === REGULAR ? 'regular' : type === DIRECTORY ? 'directory' : 'other',
      size: fields.size(place) ?? 0,
      references: fields.references(place) ?? 0,
      mode: holders.length === 0 ? 'free' : 'exclusive',
      holders,
      waiters: people(lock.waiters),
      acquisitions: 0,
      contentions: 0,
      ...(lock.depth > 1 && { depth: lock.depth }),
    };
    // Who has or wants a lock is a thread.
    const everybody = row.holders.length + row.waiters.length === lock.waiters.length + (lock.owner === 0 ? 0 : 1);
    return { row, settled: lock.whole && everybody };
  }

  /** The mount's path, then the path of the vnode's first name in it. */
  #path(snapshot: Snapshot, vnode: Address): string {
    try {
      const place = snapshot.at(this.#vnode.reader, vnode);
      const mount = this.#vnode.mount(place);
      const dentry = this.#vnode.names(place);
      const inMount =
        dentry === 0
          ? undefined
          : snapshot.text(this.#dentry.path(snapshot.at(this.#dentry.reader, dentry)), LONGEST_PATH);
      if (inMount === undefined) {
        return `(no name, #${this.#vnode.number(place)})`;
      }
      const base = mount === 0 ? '' : (snapshot.text(mount + this.#mount.path, LONGEST_PATH) ?? '');
      return `${base === '/' ? '' : base}${inMount === '/' && base !== '/' && base !== '' ? '' : inMount}`;
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return '(unreadable)';
      }
      throw error;
    }
  }

  /** What is mounted: a device, or the name of a file system without one. */
  #fileSystem(snapshot: Snapshot, mount: Address): string {
    return mount === 0 ? '' : (snapshot.text(mount + this.#mount.special, LONGEST_PATH) ?? '');
  }

  #markCycles(snapshot: Snapshot, rows: VnodeLockRow[]): void {
    for (const cycle of this.#cycles(snapshot)) {
      const wanted = new Set(cycle.threads.map(({ waitsFor }) => waitsFor));
      for (const row of rows) {
        if (wanted.has(`vnode ${row.path}`)) {
          row.cycle = cycle.description;
        }
      }
    }
  }
}
