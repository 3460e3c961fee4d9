import type { Address } from '../../guest/address.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { interestingFrame, type ParkedFrame, parkedFrame } from '../interesting-frame.ts';
import type { WaitInfo } from '../model.ts';
import type { OsvMutexes } from './mutexes.ts';
import { OSV_PLUMBING } from './plumbing.ts';
import type { OsvStructures } from './structures.ts';
import { type OsvWait, OsvWaits } from './waits.ts';

/** Where a thread left its CPU. */
export interface ParkedAt {
  thread: Address;
  stackPointer: Address;
  framePointer: Address;
  instruction: Address;
  /** What changes whenever it runs. */
  moment: string;
}

interface Known {
  moment: string;
  frame: ParkedFrame | undefined;
  wait: OsvWait | undefined;
  /** Readings since it was parked. */
  readings: number;
}

/** A queue that was just being changed can hide a waiter: that a thread waits for nothing is believed after so many readings. */
const BELIEVED_AFTER = 2;

/** What parked threads are doing. One that has not run since keeps its stack, so both are found once. */
export class OsvParkedThreads {
  readonly #structures: OsvStructures;
  readonly #waits: OsvWaits | undefined;
  readonly #describeLock: DescribeLock;
  /** By thread: of this reading, and of the one before. */
  #known = new Map<Address, Known>();
  #before: ReadonlyMap<Address, Known> = new Map();

  constructor(structures: OsvStructures, mutexes: OsvMutexes | undefined, describeLock: DescribeLock) {
    this.#structures = structures;
    this.#waits = mutexes && new OsvWaits(structures, mutexes);
    this.#describeLock = describeLock;
  }

  /** Another reading of all threads begins: those that it does not ask for are forgotten. */
  begin(): void {
    this.#before = this.#known;
    this.#known = new Map();
  }

  read(
    snapshot: Snapshot,
    parked: ParkedAt,
    isThread: (address: Address) => boolean,
  ): { frame: ParkedFrame | undefined; waitsFor: WaitInfo | undefined } {
    const known = this.#before.get(parked.thread);
    const same = known?.moment === parked.moment ? known : undefined;
    const frame = same ? same.frame : this.#frame(snapshot, parked);
    const stands = same?.wait
      ? this.#waits?.stands(snapshot, same.wait, isThread)
      : (same?.readings ?? 0) >= BELIEVED_AFTER;
    const wait = stands ? same?.wait : this.#waits?.find(snapshot, parked.thread, parked.stackPointer, isThread);
    this.#known.set(parked.thread, { moment: parked.moment, frame, wait, readings: (same?.readings ?? 0) + 1 });
    return { frame, waitsFor: wait && this.#told(snapshot, wait) };
  }

  #told(snapshot: Snapshot, { kind, address }: OsvWait): WaitInfo {
    const known = this.#describeLock(snapshot, address);
    const description =
      known ?? `${kind === 'mutex' ? 'mutex' : 'condition'} ${this.#structures.facts.describe(address)}`;
    return { kind, mode: 'exclusive', object: address, description };
  }

  #frame(snapshot: Snapshot, { instruction, framePointer }: ParkedAt): ParkedFrame | undefined {
    const { facts } = this.#structures;
    const address = interestingFrame(snapshot, instruction, framePointer, OSV_PLUMBING, (at) => facts.functionAt(at));
    // A thread that never ran was never parked.
    return address === undefined || address === 0 ? undefined : parkedFrame(address, (at) => facts.describe(at));
  }
}

/** Names a lock for people, where its address is known to be part of something. */
export type DescribeLock = (snapshot: Snapshot, address: Address) => string | undefined;
