/** Turning tracepoints on and off: the worker plans what is written, and the control road writes it while the guest stands. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Gdb } from '../gdb/gdb.ts';
import type { MemoryWrite } from '../kernels/kernel.ts';
import type { SetTracepointRequest } from '../protocol.ts';
import type { Observation } from '../worker/observation.ts';
import type { Debuggee } from './debuggee.ts';
import { hexadecimal } from './memory.ts';

/** A guest that runs is stopped so often, until it is not about to change what would be written; the rest between, in milliseconds. */
const MOST_TRIES = 20;
const REST = 10;

/**
 * Through gdb, not in the guest's RAM: QEMU has to hear that code is another now. Registers stay as they are.
 * Rejects with one sentence where it cannot be done.
 */
export async function setTracepoint(
  debuggee: Debuggee,
  observation: Observation,
  { name, enabled }: SetTracepointRequest,
): Promise<void> {
  if (typeof name !== 'string' || typeof enabled !== 'boolean') {
    throw new Error('"name" must be the name of a tracepoint, and "enabled" true or false.');
  }
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    if (await debuggee.whileStopped(() => write(debuggee.gdb, observation.tracepointWrites(name, enabled)))) {
      return;
    }
    if (!debuggee.isRunning) {
      break;
    }
    await delay(REST);
  }
  throw new Error(
    'The guest boots still, or stands in the middle of a change to its memory or its tracepoints: let it run on, then try again.',
  );
}

async function write(gdb: Gdb, planned: Promise<MemoryWrite[] | undefined>): Promise<boolean> {
  const writes = await planned;
  for (const { address, bytes, repeat } of writes ?? []) {
    const place = hexadecimal(BigInt.asUintN(64, BigInt(address)));
    const times = repeat === undefined ? '' : ` ${repeat}`;
    await gdb.execute(`-data-write-memory-bytes ${place} ${bytes}${times}`);
  }
  return writes !== undefined;
}
