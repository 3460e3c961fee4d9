/** The registers of a stored CPU state as a gdbserver tells them: their description for gdb, and their bytes in its order. */
import type { CpuState } from './core/elf-core.ts';
import { FLAGS_TYPES } from './register-flags.ts';

interface Register {
  name: string;
  bits: 32 | 64 | 80;
  type: string;
}

const wide = (name: string, type = 'int64'): Register => ({ name, bits: 64, type });
const narrow = (name: string, type = 'int32'): Register => ({ name, bits: 32, type });

/**
 * gdb's `org.gnu.gdb.i386.core` in the order that it demands (GDB manual, "i386 Features"); what the state lacks (x87) is told as
 * unavailable. The others are ours.
 */
const CORE: Register[] = [
  ...['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi'].map((name) => wide(name)),
  wide('rbp', 'data_ptr'),
  wide('rsp', 'data_ptr'),
  ...['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'].map((name) => wide(name)),
  wide('rip', 'code_ptr'),
  narrow('eflags', 'x64_eflags'),
  ...['cs', 'ss', 'ds', 'es', 'fs', 'gs'].map((name) => narrow(name)),
  ...Array.from({ length: 8 }, (_, index): Register => ({ name: `st${index}`, bits: 80, type: 'i387_ext' })),
  ...['fctrl', 'fstat', 'ftag', 'fiseg', 'fioff', 'foseg', 'fooff', 'fop'].map((name) => narrow(name)),
];
const OTHERS: Register[] = [
  ...['fs_base', 'gs_base', 'k_gs_base'].map((name) => wide(name)),
  wide('cr0', 'x64_cr0'),
  wide('cr2'),
  wide('cr3', 'x64_cr3'),
  wide('cr4', 'x64_cr4'),
];
const ALL = [...CORE, ...OTHERS];

export const TARGET_DESCRIPTION = `<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target>
<architecture>i386:x86-64</architecture>
<feature name="org.gnu.gdb.i386.core">${FLAGS_TYPES}${CORE.map(describe).join('')}</feature>
<feature name="unikernel.control">${FLAGS_TYPES}${OTHERS.map(describe).join('')}</feature>
</target>`;

function describe({ name, bits, type }: Register): string {
  return `<reg name="${name}" bitsize="${bits}" type="${type}"/>`;
}

/** Every register, for `g`. */
export function allDigits(registers: CpuState): string {
  return ALL.map((register) => digits(registers, register)).join('');
}

/** Register `number`, for `p`; undefined when there is none such. */
export function registerDigits(registers: CpuState, number: number): string | undefined {
  const register = ALL[number];
  return register && digits(registers, register);
}

function digits(registers: CpuState, { name, bits }: Register): string {
  const value = registers.get(name);
  if (value === undefined) {
    return 'xx'.repeat(bits / 8);
  }
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes.toString('hex', 0, bits / 8);
}
