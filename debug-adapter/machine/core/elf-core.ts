/** A guest's memory and CPUs as QEMU's `dump-guest-memory` and `virsh dump --memory-only` write them. */
import { closeSync, openSync, readSync } from 'node:fs';
import { ElfFile } from '../../elf/elf-file.ts';
import { type Note, readNotes } from '../../elf/notes.ts';
import { formatBytes } from '../../units.ts';
import type { RamRegion } from '../machine.ts';
import { formatOf, MAGIC_SIZE } from './dump-formats.ts';
import { ramRegions } from './ram-regions.ts';

/** Registers of one CPU, unsigned 64-bit, by gdb's names. */
export type CpuState = ReadonlyMap<string, bigint>;

export interface ElfCore {
  path: string;
  /** Ascending, without overlaps. */
  regions: RamRegion[];
  /** One for each CPU, in QEMU's order. */
  cpus: CpuState[];
}

const ELF = Buffer.from('\x7fELF', 'latin1');
/** Numbers of ELF's EI_CLASS, e_type and e_machine. */
const CLASS_32 = 1;
const CORE = 4;
const X86_64 = 62;
/** More than any guest of ours has: bounds on what a broken file can claim. */
const MOST_CPUS = 512;
const LARGEST_NOTES = 16 << 20;

/**
 * QEMUCPUState of QEMU's target/i386/arch_dump.c: version and size (4 bytes each), then these of 8 bytes each, ten segments of 24
 * bytes (selector, limit, flags and padding of 4 bytes, base of 8), cr0 to cr4, and the kernel's GS base.
 */
const GENERAL = [
  ...['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rsp', 'rbp', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'],
  ...['rip', 'eflags'],
];
const SEGMENTS = ['cs', 'ds', 'es', 'fs', 'gs', 'ss', 'ldt', 'tr', 'gdt', 'idt'];
const CONTROL = ['cr0', 'cr1', 'cr2', 'cr3', 'cr4', 'k_gs_base'];
const GENERAL_AT = 8;
const SEGMENTS_AT = GENERAL_AT + GENERAL.length * 8;
const SEGMENT_SIZE = 24;
const BASE_IN_SEGMENT = 16;
const CONTROL_AT = SEGMENTS_AT + SEGMENTS.length * SEGMENT_SIZE;
const SMALLEST_STATE = CONTROL_AT + 5 * 8;

const PAGING = 1n << 31n;

/** CR3; undefined where addresses are physical. */
export function pageTableRootOf(cpu: CpuState): number | undefined {
  const isPaging = ((cpu.get('cr0') ?? 0n) & PAGING) !== 0n;
  return isPaging ? Number(cpu.get('cr3') ?? 0n) : undefined;
}

/** @throws Error with one sentence when the file cannot be read or is no such dump. */
export function readElfCore(path: string): ElfCore {
  const elf = openElf(path);
  try {
    if (elf.type !== CORE || elf.machine !== X86_64) {
      throw new Error(`${path} is an ELF file but no memory dump of an x86-64 machine.`);
    }
    const regions = ramRegions(elf.segments);
    if (!regions) {
      throw new Error(`${path} is broken: it tells of RAM where an x86-64 machine can have none.`);
    }
    const end = Math.max(0, ...regions.map(({ at, size }) => at + size));
    if (end > elf.size) {
      throw new Error(`${path} is cut short: it has ${formatBytes(elf.size)} of ${formatBytes(end)}.`);
    }
    const cpus = readCpus(elf);
    if (cpus.length === 0 || regions.length === 0) {
      throw new Error(
        `${path} has no ${cpus.length === 0 ? 'CPU states' : 'RAM'} in it: it is no dump that QEMU made.`,
      );
    }
    return { path, regions, cpus };
  } finally {
    elf.close();
  }
}

function openElf(path: string): ElfFile {
  const start = readStart(path);
  if (start.subarray(0, ELF.length).equals(ELF)) {
    if (start[4] === CLASS_32) {
      throw new Error(`${path} is a 32-bit dump: the guest's first CPU had not reached 64-bit mode when it was made.`);
    }
    return new ElfFile(path);
  }
  const format = formatOf(start);
  throw new Error(
    `${path} is ${format ?? 'no memory dump'}: only dumps in ELF format can be opened, as dump-guest-memory and virsh dump --memory-only --format elf make them.`,
  );
}

/** The first bytes of the file, fewer when it is shorter. */
function readStart(path: string): Buffer {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'r');
    const start = Buffer.alloc(MAGIC_SIZE);
    return start.subarray(0, readSync(descriptor, start, 0, start.length, 0));
  } catch (error) {
    throw new Error(`The memory dump ${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}.`);
  } finally {
    if (descriptor !== undefined) {
      closeSync(descriptor);
    }
  }
}

function readCpus(elf: ElfFile): CpuState[] {
  return elf.noteSegments
    .filter(({ fileSize }) => fileSize <= LARGEST_NOTES)
    .flatMap(({ offset, fileSize }) => readNotes(elf.read(offset, fileSize)))
    .filter(isCpuState)
    .slice(0, MOST_CPUS)
    .map(({ data }) => readRegisters(data));
}

function isCpuState({ name, type, data }: Note): boolean {
  return name === 'QEMU' && type === 0 && data.length >= SMALLEST_STATE;
}

function readRegisters(state: Buffer): CpuState {
  const registers = new Map<string, bigint>();
  GENERAL.forEach((name, index) => {
    registers.set(name, state.readBigUInt64LE(GENERAL_AT + index * 8));
  });
  SEGMENTS.forEach((name, index) => {
    const at = SEGMENTS_AT + index * SEGMENT_SIZE;
    registers.set(name, BigInt(state.readUInt32LE(at)));
    registers.set(`${name}_base`, state.readBigUInt64LE(at + BASE_IN_SEGMENT));
  });
  CONTROL.forEach((name, index) => {
    const at = CONTROL_AT + index * 8;
    if (at + 8 <= state.length) {
      registers.set(name, state.readBigUInt64LE(at));
    }
  });
  return registers;
}
