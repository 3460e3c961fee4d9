/** A guest's memory and CPUs as QEMU's `dump-guest-memory` and `virsh dump --memory-only` write them. */
import { ElfFile } from '../../elf/elf-file.ts';
import { type Note, readNotes } from '../../elf/notes.ts';
import type { RamRegion } from '../machine.ts';

/** Registers of one CPU, unsigned 64-bit, by gdb's names. */
export type CpuState = ReadonlyMap<string, bigint>;

export interface ElfCore {
  path: string;
  regions: RamRegion[];
  /** One for each CPU, in QEMU's order. */
  cpus: CpuState[];
}

const CORE = 4;
const X86_64 = 62;
/** More than any guest of ours has; a bound on what a broken file can claim. */
const MOST_CPUS = 512;

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

/** @throws Error with one sentence when the file cannot be read or is no such dump. */
export function readElfCore(path: string): ElfCore {
  const elf = openElf(path);
  try {
    if (elf.type !== CORE || elf.machine !== X86_64) {
      throw new Error(`${path} is an ELF file but no memory dump of an x86-64 machine.`);
    }
    const notes = elf.noteSegments.flatMap((segment) => readNotes(elf.read(segment.offset, segment.fileSize)));
    const cpus = notes
      .filter(isCpuState)
      .slice(0, MOST_CPUS)
      .map(({ data }) => readRegisters(data));
    if (cpus.length === 0) {
      throw new Error(`${path} has no CPU states in it: it is no dump that QEMU made.`);
    }
    const regions = elf.segments
      .filter(({ offset, fileSize }) => fileSize > 0 && offset + fileSize <= elf.size)
      .map(({ physical, offset, fileSize }) => ({ physical, size: fileSize, at: offset }));
    if (regions.length < elf.segments.filter(({ fileSize }) => fileSize > 0).length) {
      throw new Error(`${path} is cut short: not all of the guest's RAM is in it.`);
    }
    return { path, regions, cpus };
  } finally {
    elf.close();
  }
}

function openElf(path: string): ElfFile {
  try {
    return new ElfFile(path);
  } catch (error) {
    const isMissing = error instanceof Error && error.message.includes('cannot be opened');
    throw isMissing
      ? error
      : new Error(
          `${path} is no memory dump in ELF format: make one with dump-guest-memory or virsh dump --memory-only.`,
        );
  }
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
