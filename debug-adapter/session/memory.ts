/** Raw memory, as the memory view asks for it. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Gdb } from '../gdb/gdb.ts';
import { recordsOf, textOf } from '../gdb/records.ts';
import type { Handlers } from './requests.ts';

/** One answer's bound, in bytes. */
const LARGEST_READ = 1 << 20;

type Read = NonNullable<DebugProtocol.ReadMemoryResponse['body']>;

/** At a stop through the session's gdb; while the guest runs in its RAM. @param gdb tells which one to ask */
export function memoryHandlers(gdb: () => Promise<Gdb>): Handlers<'readMemory' | 'writeMemory'> {
  return {
    readMemory: async (given) => read(await gdb(), given),
    writeMemory: async (given) => write(await gdb(), given),
  };
}

/** A memory reference plus an offset. @throws Error with one sentence when it is no address. */
export function addressOf(reference: string, offset = 0): bigint {
  if (!/^(0x[0-9a-f]{1,16}|\d{1,20})$/i.test(reference)) {
    throw new Error(`"${String(reference).slice(0, 40)}" is no address.`);
  }
  return BigInt.asUintN(64, BigInt(reference) + BigInt(Math.trunc(offset) || 0));
}

export function hexadecimal(address: bigint): string {
  return `0x${address.toString(16)}`;
}

async function read(gdb: Gdb, given: DebugProtocol.ReadMemoryArguments): Promise<Read> {
  const address = addressOf(given.memoryReference, given.offset);
  const count = Math.min(LARGEST_READ, Math.max(0, Math.trunc(given.count) || 0));
  const nothing = { address: hexadecimal(address), unreadableBytes: count };
  if (count === 0) {
    return { address: hexadecimal(address) };
  }
  let blocks: { begin: bigint; bytes: Buffer }[];
  try {
    const answer = await gdb.execute(`-data-read-memory-bytes ${hexadecimal(address)} ${count}`);
    blocks = recordsOf(answer, 'memory').map((block) => ({
      begin: BigInt(textOf(block, 'begin') ?? '0'),
      bytes: Buffer.from(textOf(block, 'contents') ?? '', 'hex'),
    }));
  } catch {
    return nothing;
  }
  // DAP can tell one piece and the gap behind it; the client asks on from there.
  const [first] = blocks;
  if (!first) {
    return nothing;
  }
  if (first.begin > address) {
    return { address: hexadecimal(address), unreadableBytes: Number(first.begin - address) };
  }
  const rest = count - first.bytes.length;
  return {
    address: hexadecimal(address),
    data: first.bytes.toString('base64'),
    ...(rest > 0 && { unreadableBytes: rest }),
  };
}

async function write(
  gdb: Gdb,
  given: DebugProtocol.WriteMemoryArguments,
): Promise<NonNullable<DebugProtocol.WriteMemoryResponse['body']>> {
  const address = addressOf(given.memoryReference, given.offset);
  const bytes = Buffer.from(given.data, 'base64');
  if (bytes.length > LARGEST_READ) {
    throw new Error(`At most ${LARGEST_READ} bytes can be written at once.`);
  }
  if (bytes.length > 0) {
    await gdb.execute(`-data-write-memory-bytes ${hexadecimal(address)} ${bytes.toString('hex')}`);
  }
  return { offset: 0, bytesWritten: bytes.length };
}
