import type { Address } from '../guest/address.ts';
import { UnreadableMemory } from '../guest/memory.ts';
import type { Snapshot } from '../guest/snapshot.ts';
import { briefly } from './brief.ts';

/** Frames looked at before giving up: a lock in a lock in a wait is not deeper. */
const DEEPEST = 16;
/** One stack frame is not larger. */
const LARGEST_FRAME = 64 * 1024;

/** The function at a code address, by its C++ name without arguments; undefined when nobody knows. */
export type FunctionAt = (address: Address) => string | undefined;

/** Where a thread waits. */
export interface ParkedFrame {
  /** `sprout::Worker::rest (worker.cc:88)` */
  text: string;
  /** In the call, not behind it. */
  address: Address;
}

/** The frame whose callee returns to `returnAddress`. */
export function parkedFrame(returnAddress: Address, describe: (address: Address) => string): ParkedFrame {
  const address = returnAddress - 1;
  return { text: briefly(describe(address)), address };
}

/**
 * Where a parked thread really is: the first return address, going up its frame pointers, that lies in no function of `plumbing`.
 * Undefined when there is none before the stack ends. `rip` and `rbp` are the thread's saved ones.
 */
export function interestingFrame(
  snapshot: Snapshot,
  rip: Address,
  rbp: Address,
  plumbing: RegExp,
  functionAt: FunctionAt,
): Address | undefined {
  let address = rip;
  let frame = rbp;
  for (let depth = 0; depth < DEEPEST; depth++) {
    // A return address may be the first byte behind a call that never returns.
    const name = functionAt(depth === 0 ? address : address - 1);
    if (name === undefined) {
      return undefined;
    }
    if (!plumbing.test(name)) {
      return address;
    }
    const next = readFrame(snapshot, frame);
    if (next === undefined) {
      return undefined;
    }
    address = next.address;
    // Stacks grow down: a caller's frame lies above, the outermost one says 0.
    frame = next.frame > frame && next.frame - frame <= LARGEST_FRAME ? next.frame : 0;
  }
  return undefined;
}

/** `rbp` points to the caller's rbp, and behind it stands the return address. */
function readFrame(snapshot: Snapshot, frame: Address): { address: Address; frame: Address } | undefined {
  try {
    const bytes = snapshot.read(frame, 16);
    return { frame: Number(bytes.readBigInt64LE(0)), address: Number(bytes.readBigInt64LE(8)) };
  } catch (error) {
    if (error instanceof UnreadableMemory) {
      return undefined;
    }
    throw error;
  }
}
