/** The threads of the guest in fixtures/threads, told by its RAM: what a kernel's awareness does for a real one. */
import { ElfFile } from '../../debug-adapter/elf/elf-file.ts';
import { readSymbols, SymbolTable } from '../../debug-adapter/elf/symbols.ts';
import { openRam, type Ram } from '../../debug-adapter/guest/ram.ts';
import type { RamSource } from '../../debug-adapter/machine/machine.ts';
import { CPU_THREAD_BASE } from '../../debug-adapter/protocol.ts';
import type { KernelThreads } from '../../debug-adapter/stub/kernel-threads.ts';
import type { KnownRegisters } from '../../debug-adapter/worker/observation.ts';
import { THREADS_ELF } from './client.ts';

/** Of `struct Thread` in threads.cc, which has eight fields of 8 bytes. */
const THREAD_SIZE = 64;
const STACK_POINTER = 0;
const STACK_BASE = 8;
const LAPS = 48;
const STACK_SIZE = 16384n;
/** What `switch_stacks` pushes, from the saved stack pointer up; then the address that it returns to. */
const SAVED = ['r15', 'r14', 'r13', 'r12', 'rbx', 'rbp', 'rip'] as const;

/** The threads of threads.cc have the ids 1 to 8. */
export class FixtureThreads implements KernelThreads {
  readonly #ram: Ram;
  readonly #symbols: SymbolTable;

  constructor(source: RamSource | undefined) {
    if (source === undefined || source.kind === 'qmp') {
      throw new Error('The guest has no RAM that can be read.');
    }
    this.#ram = openRam(source);
    const elf = new ElfFile(THREADS_ELF);
    this.#symbols = new SymbolTable(readSymbols(elf));
    elf.close();
  }

  get count(): number {
    return Number(this.number('g_thread_count'));
  }

  /** Eight bytes `offset` behind a symbol; memory is mapped one to one. */
  number(symbol: string, offset = 0): bigint {
    return this.#read(BigInt(this.address(symbol) + offset));
  }

  address(symbol: string): number {
    const found = this.#symbols.find(symbol);
    if (found === undefined) {
      throw new Error(`${THREADS_ELF} has no ${symbol}.`);
    }
    return found.address;
  }

  laps(id: number): bigint {
    return this.#field(id, LAPS);
  }

  async atStop(stackPointers: bigint[]): Promise<number[]> {
    return stackPointers.map((pointer, cpu) => {
      for (let id = 1; id <= this.count; id++) {
        const base = this.#field(id, STACK_BASE);
        if (base !== 0n && pointer >= base && pointer < base + STACK_SIZE) {
          return id;
        }
      }
      return CPU_THREAD_BASE + cpu;
    });
  }

  async parkedRegisters(id: number): Promise<KnownRegisters | undefined> {
    if (id < 1 || id > this.count || this.#field(id, STACK_POINTER) === 0n) {
      return undefined;
    }
    const pointer = this.#field(id, STACK_POINTER);
    const saved = SAVED.map((name, index) => [name, this.#read(pointer + BigInt(index * 8))] as const);
    return { ...Object.fromEntries(saved), rsp: pointer + BigInt(SAVED.length * 8) };
  }

  name(id: number): string {
    return `worker <${id}> & "co"`;
  }

  close(): void {
    this.#ram.close();
  }

  #field(id: number, offset: number): bigint {
    return this.number('g_threads', (id - 1) * THREAD_SIZE + offset);
  }

  #read(address: bigint): bigint {
    const bytes = Buffer.alloc(8);
    this.#ram.readInto(bytes, Number(address));
    return bytes.readBigUInt64LE(0);
  }
}
