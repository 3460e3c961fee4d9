/** Raw memory, as the memory view asks for it. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { recordsOf, textOf } from '../gdb/records.ts';
import type { CurrentBoot } from './lifecycle.ts';
import type { Handlers } from './requests.ts';

/** One answer's bound, in bytes. */
const LARGEST_READ = 1 << 20;

type Read = NonNullable<DebugProtocol.ReadMemoryResponse['body']>;

export function memoryHandlers(current: CurrentBoot): Handlers<'readMemory' | 'writeMemory'> {
  return {
    readMemory: (given) => read(current, given),
    writeMemory: (given) => write(current, given),
  };
}

/** A memory reference plus an offset. @throws Error with one sentence when it is no address. */
export function addressOf(reference: string, offset = 0): bigint {
  if (!/^(0x[0-9a-f]{1,16}|\d{1,20})$/i.test(reference)) {
    throw new Error(`"${reference.slice(0, 40)}" is no address.`);
  }
  return BigInt.asUintN(64, BigInt(reference) + BigInt(Math.trunc(offset)));
}

export function hexadecimal(address: bigint): string {
  return `0x${address.toString(16)}`;
}

async function read(current: CurrentBoot, given: DebugProtocol.ReadMemoryArguments): Promise<Read> {
  const { debuggee } = current();
  debuggee.requireStopped();
  const address = addressOf(given.memoryReference, given.offset);
  const count = Math.min(LARGEST_READ, Math.max(0, given.count));
  const nothing = { address: hexadecimal(address), unreadableBytes: count };
  if (count === 0) {
    return { address: hexadecimal(address) };
  }
  let blocks: { begin: bigint; bytes: Buffer }[];
  try {
    const answer = await debuggee.gdb.execute(`-data-read-memory-bytes ${hexadecimal(address)} ${count}`);
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
  current: CurrentBoot,
  given: DebugProtocol.WriteMemoryArguments,
): Promise<NonNullable<DebugProtocol.WriteMemoryResponse['body']>> {
  const { debuggee } = current();
  debuggee.requireStopped();
  const address = addressOf(given.memoryReference, given.offset);
  const bytes = Buffer.from(given.data, 'base64');
  if (bytes.length > LARGEST_READ) {
    throw new Error(`At most ${LARGEST_READ} bytes can be written at once.`);
  }
  if (bytes.length > 0) {
    await debuggee.gdb.execute(`-data-write-memory-bytes ${hexadecimal(address)} ${bytes.toString('hex')}`);
  }
  return { offset: 0, bytesWritten: bytes.length };
}
