import type { Address } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type { SproutStructures } from './structures.ts';

/** Directories above a file; more would be a circle. */
const DEEPEST_PATH = 256;
const LONGEST_NAME = 256;
/** What has no name because its memory is no longer what it was. */
export const UNREADABLE = '(unreadable)';

/** Paths of vnodes, and names of threads, for one reading. */
export class SproutNames {
  readonly #structures: SproutStructures;
  readonly #dentry;
  readonly #dentryParent;
  readonly #dentryName;
  readonly #vnode;
  readonly #vnodeDentry;
  readonly #vnodeNumber;
  readonly #thread;
  readonly #threadId;
  readonly #threadName;
  /** Of directories. */
  #paths = new Map<Address, string>();
  #threads = new Map<Address, { id: number; name: string }>();

  constructor(structures: SproutStructures) {
    this.#structures = structures;
    const { layouts } = structures.facts;
    this.#dentry = layouts.struct('sprout::Dentry');
    this.#dentryParent = this.#dentry.pointer('parent');
    this.#dentryName = this.#dentry.pointer('name');
    this.#vnode = layouts.struct('sprout::Vnode');
    this.#vnodeDentry = this.#vnode.pointer('dentry');
    this.#vnodeNumber = this.#vnode.number('number');
    this.#thread = layouts.struct('sprout::Thread');
    this.#threadId = this.#thread.number('id');
    this.#threadName = this.#thread.text('name');
  }

  /** Begins a new reading: names can have changed. */
  forget(): void {
    this.#paths = new Map();
    this.#threads = new Map();
  }

  /** `/data/log`; `(unlinked #12)` for a vnode without a name. */
  vnodePath(snapshot: Snapshot, vnode: Address): string {
    try {
      const place = snapshot.at(this.#vnode, vnode);
      const dentry = this.#vnodeDentry(place);
      return dentry === 0 ? `(unlinked #${this.#vnodeNumber(place)})` : this.path(snapshot, dentry);
    } catch (error) {
      return unreadable(error);
    }
  }

  /** The path of a dentry, its parents' names first. */
  path(snapshot: Snapshot, dentry: Address): string {
    const known = this.#paths.get(dentry);
    if (known !== undefined) {
      return known;
    }
    const chain: { dentry: Address; name: string }[] = [];
    let above = '';
    try {
      for (let current = dentry; current !== 0; ) {
        const parentPath = this.#paths.get(current);
        if (parentPath !== undefined) {
          above = parentPath === '/' ? '' : parentPath;
          break;
        }
        if (chain.length === DEEPEST_PATH) {
          return '(a path without an end)';
        }
        const place = snapshot.at(this.#dentry, current);
        chain.push({ dentry: current, name: this.#nameAt(snapshot, this.#dentryName(place)) });
        current = this.#dentryParent(place);
      }
    } catch (error) {
      return unreadable(error);
    }
    let path = above;
    for (const { dentry: step, name } of chain.reverse()) {
      // The root of all is called "/": it adds the slash that each name below it brings along.
      path = name === '/' && path === '' ? '' : `${path}/${name}`;
      // Directories are asked for again and again, most others once: a map of all of them would cost more than it saves.
      if (step !== dentry) {
        this.#paths.set(step, path === '' ? '/' : path);
      }
    }
    return path === '' ? '/' : path;
  }

  /** Id and name of the thread whose structure is at `address`; undefined when there is none. */
  thread(snapshot: Snapshot, address: Address): { id: number; name: string } | undefined {
    if (address === 0) {
      return undefined;
    }
    let known = this.#threads.get(address);
    if (!known) {
      try {
        const place = snapshot.at(this.#thread, address);
        known = { id: this.#threadId(place), name: this.#threadName(place) };
      } catch (error) {
        if (!(error instanceof UnreadableMemory)) {
          throw error;
        }
        return undefined;
      }
      this.#threads.set(address, known);
    }
    return known;
  }

  /** A C string that lives as long as the kernel or its owner. */
  text(snapshot: Snapshot, address: Address): string {
    return this.#nameAt(snapshot, address);
  }

  get structures(): SproutStructures {
    return this.#structures;
  }

  #nameAt(snapshot: Snapshot, address: Address): string {
    return snapshot.text(address, LONGEST_NAME) ?? '?';
  }
}

function unreadable(error: unknown): string {
  if (error instanceof UnreadableMemory) {
    return UNREADABLE;
  }
  throw error;
}
