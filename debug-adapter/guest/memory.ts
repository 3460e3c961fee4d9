import { type Address, formatAddress } from './address.ts';

/**
 * Guest memory by virtual address: synchronous and read-only.
 *
 * Backings: the RAM window (a shared memfd), `/proc/PID/mem`, QMP `pmemsave`, a page cache over a bare stub, an ELF core.
 */
export interface GuestMemory {
  /**
   * Reads exactly `length` bytes; the buffer is the caller's to keep.
   * @throws UnreadableMemory when any byte of the range is unmapped or outside RAM.
   * @throws PageMiss on a backing that must fetch first: fetch `error.pages`, then run the whole reader again.
   */
  read(address: Address, length: number): Buffer;
}

/** Guest memory by physical address, the level under the page tables. */
export interface PhysicalMemory {
  /** Bytes of RAM; nothing above it can be read. */
  readonly size: number;
  /** Fills `target` from `physical` on; throws UnreadableMemory outside RAM. */
  readInto(target: Buffer, physical: number): void;
}

/** A range that no RAM backs, or that the page tables do not map. */
export class UnreadableMemory extends Error {
  readonly address: Address;
  readonly length: number;

  constructor(address: Address, length: number) {
    // Readers try what may be an address, and catch this at once: nobody looks at a stack, and recording it costs the most.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`no memory at ${formatAddress(address)} (${length} bytes)`);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'UnreadableMemory';
    this.address = address;
    this.length = length;
  }
}

/** A page that the backing does not have yet. */
export class PageMiss extends Error {
  /** Guest virtual page addresses. */
  readonly pages: readonly number[];

  constructor(pages: readonly number[]) {
    super('guest page not fetched yet');
    this.name = 'PageMiss';
    this.pages = pages;
  }
}
