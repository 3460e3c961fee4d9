import { UnreadableMemory } from './memory.ts';
import { PhysicalCache, SMALL_CHUNK } from './physical-cache.ts';
import type { WritableRam } from './ram.ts';
import { PageTable } from './x64/page-table.ts';

const PAGE = 0x1000;
/** Addresses of 48 bits, sign-extended; others fault before they reach a page table. */
const CANONICAL_END = 2 ** 47;

/** A range cut at page boundaries. */
function* pagesOf(address: number, length: number): Generator<{ at: number; count: number }> {
  for (let done = 0; done < length; ) {
    const at = address + done;
    const count = Math.min(length - done, PAGE - (((at % PAGE) + PAGE) % PAGE));
    yield { at, count };
    done += count;
  }
}

/**
 * RAM as CPUs see it: by virtual address, through the page tables of any root. What was translated holds until `forget`; bytes are
 * read anew each time.
 */
export class MappedRam {
  readonly #ram: WritableRam;
  readonly #cache: PhysicalCache;
  readonly #tables = new Map<number, PageTable>();

  /** `ram` is this object's to close. */
  constructor(ram: WritableRam) {
    this.#ram = ram;
    this.#cache = new PhysicalCache(ram);
  }

  /** The guest runs, or was written. */
  forget(): void {
    this.#cache.forget(SMALL_CHUNK);
    this.#tables.clear();
  }

  close(): void {
    this.#ram.close();
  }

  /**
   * The first bytes of a range, as many as are mapped and RAM.
   * @param root CR3; undefined: addresses are physical
   * @param address signed, as `Address`
   */
  read(root: number | undefined, address: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    let read = 0;
    try {
      for (const { at, count } of pagesOf(address, length)) {
        this.#ram.readInto(bytes.subarray(read, read + count), this.#translate(root, at));
        read += count;
      }
    } catch {
      // What follows is not mapped, or no RAM.
    }
    return bytes.subarray(0, read);
  }

  /** Whole pages at a time. @throws UnreadableMemory where one is not mapped or no RAM; what went before it stays written. */
  write(root: number | undefined, address: number, bytes: Buffer): void {
    for (const { at, count } of pagesOf(address, bytes.length)) {
      this.#ram.write(bytes.subarray(at - address, at - address + count), this.#translate(root, at));
    }
  }

  #translate(root: number | undefined, address: number): number {
    if (root === undefined) {
      return address;
    }
    if (!(address >= -CANONICAL_END && address < CANONICAL_END)) {
      throw new UnreadableMemory(address, 1);
    }
    let table = this.#tables.get(root);
    if (!table) {
      table = new PageTable(this.#cache, () => root);
      this.#tables.set(root, table);
    }
    return table.translate(address);
  }
}
