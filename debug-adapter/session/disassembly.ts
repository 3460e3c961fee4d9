/** Instructions around an address, backwards too: x86 code can only be read forwards, so it is read function by function. */
import { basename } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Gdb } from '../gdb/gdb.ts';
import { type MiRecord, numberOf, recordsOf, textOf } from '../gdb/records.ts';
import type { CurrentBoot } from './lifecycle.ts';
import { addressOf, hexadecimal } from './memory.ts';
import type { Handlers } from './requests.ts';

interface Instruction {
  address: bigint;
  size: number;
  shown: DebugProtocol.DisassembledInstruction;
}

const MOST_INSTRUCTIONS = 10_000;
/** How many functions before or behind are read for one answer. */
const MOST_FUNCTIONS = 200;
/** x86's longest instruction. */
const LONGEST_INSTRUCTION = 15;

export function disassemblyHandlers(current: CurrentBoot): Handlers<'disassemble'> {
  return {
    disassemble: async (given) => {
      const { debuggee } = current();
      debuggee.requireStopped();
      const anchor = addressOf(given.memoryReference, given.offset);
      const offset = clamp(given.instructionOffset ?? 0, -MOST_INSTRUCTIONS, MOST_INSTRUCTIONS);
      const count = clamp(given.instructionCount, 0, MOST_INSTRUCTIONS);
      return { instructions: await around(debuggee.gdb, anchor, offset, count) };
    },
  };
}

/** `count` instructions from the one that lies `offset` instructions behind `anchor`; what cannot be read is said so. */
async function around(
  gdb: Gdb,
  anchor: bigint,
  offset: number,
  count: number,
): Promise<DebugProtocol.DisassembledInstruction[]> {
  let list = await functionAt(gdb, anchor);
  let index = list.findIndex(({ address }) => address === anchor);
  if (index < 0) {
    list = await linear(gdb, anchor, count);
    index = 0;
  }
  for (let read = 0; index + offset < 0 && read < MOST_FUNCTIONS; read++) {
    const before = await functionBefore(gdb, list[0]?.address ?? anchor);
    list = [...before, ...list];
    index += before.length;
    if (before.length === 0) {
      break;
    }
  }
  for (let read = 0; index + offset + count > list.length && read < MOST_FUNCTIONS; read++) {
    const behind = await codeBehind(gdb, list.at(-1), index + offset + count - list.length);
    list.push(...behind);
    if (behind.length === 0) {
      break;
    }
  }
  const first = index + offset;
  return Array.from({ length: count }, (_, at) => list[first + at]?.shown ?? unreadable(list, first + at, anchor));
}

async function functionBefore(gdb: Gdb, address: bigint): Promise<Instruction[]> {
  const before = address > 0n ? await functionAt(gdb, address - 1n) : [];
  return before.filter((instruction) => instruction.address < address);
}

async function codeBehind(gdb: Gdb, last: Instruction | undefined, missing: number): Promise<Instruction[]> {
  if (!last) {
    return [];
  }
  const end = last.address + BigInt(last.size);
  const next = await functionAt(gdb, end);
  return next[0]?.address === end ? next : linear(gdb, end, Math.min(missing, 100));
}

/** The function that holds `address`, from its first instruction on; empty when none is known there. */
function functionAt(gdb: Gdb, address: bigint): Promise<Instruction[]> {
  return instructions(gdb, `-a ${hexadecimal(address)}`);
}

async function linear(gdb: Gdb, address: bigint, count: number): Promise<Instruction[]> {
  const end = address + BigInt(count * LONGEST_INSTRUCTION);
  const list = await instructions(gdb, `-s ${hexadecimal(address)} -e ${hexadecimal(end)}`);
  return list.slice(0, count);
}

async function instructions(gdb: Gdb, range: string): Promise<Instruction[]> {
  try {
    // Mode 5: in the order of addresses, with source lines and opcodes.
    return recordsOf(await gdb.execute(`-data-disassemble ${range} -- 5`), 'asm_insns').flatMap(readGroup);
  } catch {
    // No function there, or no memory.
    return [];
  }
}

/** A source line with its instructions, or one instruction where no source is known. */
function readGroup(group: MiRecord): Instruction[] {
  const path = textOf(group, 'fullname');
  const line = numberOf(group, 'line');
  const records = textOf(group, 'inst') === undefined ? recordsOf(group, 'line_asm_insn') : [group];
  return records.map((record, index) => {
    const instruction = readInstruction(record);
    if (index === 0 && path !== undefined && line !== undefined) {
      Object.assign(instruction.shown, { location: { name: basename(path), path }, line });
    }
    return instruction;
  });
}

function readInstruction(record: MiRecord): Instruction {
  const address = BigInt(textOf(record, 'address') ?? '0');
  const opcodes = textOf(record, 'opcodes') ?? '';
  const name = textOf(record, 'func-name');
  const shown: DebugProtocol.DisassembledInstruction = {
    address: hexadecimal(address),
    instruction: textOf(record, 'inst')?.replaceAll('\t', ' ') ?? '',
    instructionBytes: opcodes,
  };
  if (name !== undefined && textOf(record, 'offset') === '0') {
    shown.symbol = name;
  }
  return { address, size: opcodes === '' ? 1 : opcodes.split(' ').length, shown };
}

/** DAP wants exactly as many instructions as it asked for. */
function unreadable(list: Instruction[], index: number, anchor: bigint): DebugProtocol.DisassembledInstruction {
  const first = list[0]?.address ?? anchor;
  const last = list.at(-1);
  const end = last ? last.address + BigInt(last.size) : anchor;
  const address = index < 0 ? first + BigInt(index) : end + BigInt(index - list.length);
  return { address: hexadecimal(BigInt.asUintN(64, address)), instruction: '??', presentationHint: 'invalid' };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, Math.trunc(value) || 0));
}
