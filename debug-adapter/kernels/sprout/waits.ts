import type { Address } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { LockKind } from '../model.ts';
import { type SproutNames, UNREADABLE } from './names.ts';

/** Sprout's WaitKind by its enumerators' names. */
const KINDS: Record<string, LockKind> = {
  mutex: 'mutex',
  reader_writer_lock: 'readerWriterLock',
  condition: 'condition',
  join: 'join',
  sleep: 'sleep',
  event: 'event',
};

/** Tells what a WaitQueue is, for people: `vnode /data/log`, `mutex "mounts"`, `thread worker-3`. */
export class SproutWaits {
  readonly #names: SproutNames;
  readonly #queue;
  readonly #queueName;
  readonly #queueKind;
  readonly #lock;
  readonly #lockRank;
  readonly #vnode;
  readonly #vnodeLink;
  readonly #lockInVnode: number;
  readonly #joinersInThread: number;
  #described = new Map<Address, string>();

  constructor(names: SproutNames) {
    this.#names = names;
    const { layouts } = names.structures.facts;
    this.#queue = layouts.struct('sprout::WaitQueue');
    this.#queueName = this.#queue.pointer('name');
    this.#queueKind = this.#queue.enumeration('kind');
    this.#lock = layouts.struct('sprout::Lock');
    this.#lockRank = this.#lock.enumeration('rank');
    this.#vnode = layouts.struct('sprout::Vnode');
    this.#vnodeLink = this.#vnode.pointer('table_link.previous');
    this.#lockInVnode = this.#vnode.offset('lock');
    this.#joinersInThread = layouts.struct('sprout::Thread').offset('joiners');
  }

  forget(): void {
    this.#described = new Map();
  }

  kind(name: string): LockKind | undefined {
    return KINDS[name];
  }

  /** The thread whose `joiners` the queue at `address` is. */
  joinedThread(address: Address): Address {
    return address - this.#joinersInThread;
  }

  /** What the queue or lock at `address` is. */
  describe(snapshot: Snapshot, address: Address): string {
    let text = this.#described.get(address);
    if (text === undefined) {
      text = this.#tell(snapshot, address);
      this.#described.set(address, text);
    }
    return text;
  }

  /** The kind of the queue at `address`. */
  kindAt(snapshot: Snapshot, address: Address): LockKind {
    try {
      return KINDS[this.#queueKind(snapshot.at(this.#queue, address))] ?? 'event';
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return 'event';
      }
      throw error;
    }
  }

  #tell(snapshot: Snapshot, address: Address): string {
    try {
      const place = snapshot.at(this.#queue, address);
      const kind = this.#queueKind(place);
      if (kind === 'join') {
        const thread = this.#names.thread(snapshot, this.joinedThread(address));
        return `thread ${thread?.name ?? '?'}`;
      }
      if (kind === 'reader_writer_lock') {
        const path = this.#vnodePath(snapshot, address);
        if (path !== undefined) {
          return `vnode ${path}`;
        }
      }
      const name = this.#names.text(snapshot, this.#queueName(place));
      const words = kind.replaceAll('_', ' ').replace('reader writer', 'reader-writer');
      return kind === 'sleep' ? 'sleep' : `${words} "${name}"`;
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return UNREADABLE;
      }
      throw error;
    }
  }

  /** The path of the vnode that the lock at `address` is part of: one that says so by its rank and stands in the table. */
  #vnodePath(snapshot: Snapshot, address: Address): string | undefined {
    if (!this.#lockRank(snapshot.at(this.#lock, address)).startsWith('vnode')) {
      return undefined;
    }
    const vnode = address - this.#lockInVnode;
    const previous = this.#vnodeLink(snapshot.at(this.#vnode, vnode));
    const { node } = this.#names.structures;
    const isInTable = previous !== 0 && node.next(snapshot.at(node.reader, previous)) === vnode + this.#linkInVnode();
    return isInTable ? this.#names.vnodePath(snapshot, vnode) : undefined;
  }

  #linkInVnode(): number {
    return this.#vnode.offset('table_link');
  }
}
