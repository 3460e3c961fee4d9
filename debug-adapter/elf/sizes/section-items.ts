/** The fine account of one section: its bytes by symbol, its fill, and what no symbol covers. */
import type { ElfFile, Section } from '../elf-file.ts';
import { demangle } from './demangle.ts';
import { walkExtents } from './extents.ts';
import { isCodeFill, isZero } from './fill.ts';
import { isInMemory, plainItem } from './layout.ts';
import type { SectionTotal, SizeItem } from './model.ts';
import { type SymbolColumns, SymbolType, symbolName } from './symbol-columns.ts';

const NO_BITS = 8;
const FLAG_CODE = 4;
const FLAG_ALLOCATED = 2;
const FLAG_THREAD_LOCAL = 0x400;
const RELOCATABLE = 1;
/** Types of sections that only linkers and loaders read: symbols, strings, relocations, hashes, the dynamic section, versions. */
const TABLE_TYPES = new Set([2, 3, 4, 5, 6, 9, 11, 17, 18, 19, 0x6ffffff6, 0x6ffffffd, 0x6ffffffe, 0x6fffffff]);
const DEBUG_NAME = /^\.(z?debug_|gdb_index|gnu_debug|stab|line$)/;
/** A larger section is not read to tell fill from contents: only gaps shorter than its alignment count as fill then. */
const LARGEST_READ = 512 << 20;
/** Symbols without a size that only mark an edge: linker scripts make them. */
const EDGE_NAME = /(^_*|_)(start|end|begin|stop|edata|etext|ebss|data|text|bss)\w{0,8}$/i;

/** Rows for all bytes of `section`; `rows` are the rows of the symbol table that lie in it. */
export function sectionItems(
  elf: ElfFile,
  section: Section,
  total: SectionTotal,
  columns: SymbolColumns | undefined,
  rows: readonly number[],
): SizeItem[] {
  const isWhole =
    total.fileBytes === (section.type === NO_BITS ? 0 : section.size) &&
    (total.memoryBytes === section.size || !isInMemory(section));
  if (!columns || rows.length === 0 || !isWhole || section.size === 0) {
    return total.fileBytes + total.memoryBytes > 0 ? [wholeItem(section, total)] : [];
  }
  return new SectionAccount(elf, section, columns).items(rows);
}

function wholeItem(section: Section, total: SectionTotal): SizeItem {
  const kind = kindOf(section);
  const item = plainItem(kind, section.name || 'unnamed section', section.address, section);
  item.size = section.size;
  item.fileBytes = total.fileBytes;
  item.memoryBytes = total.memoryBytes;
  return item;
}

function kindOf(section: Section): SizeItem['kind'] {
  if (!(section.flags & FLAG_ALLOCATED) && DEBUG_NAME.test(section.name)) {
    return 'debug';
  }
  return TABLE_TYPES.has(section.type) ? 'table' : 'unnamed';
}

class SectionAccount {
  readonly #elf: ElfFile;
  readonly #section: Section;
  readonly #columns: SymbolColumns;
  /** Where the section begins, in the terms of symbol values. */
  readonly #base: number;
  readonly #isCode: boolean;
  #contents: Buffer | undefined;

  constructor(elf: ElfFile, section: Section, columns: SymbolColumns) {
    this.#elf = elf;
    this.#section = section;
    this.#columns = columns;
    // A relocatable file tells offsets already; a thread-local symbol tells its offset in the template.
    this.#base =
      elf.type === RELOCATABLE ? 0 : section.flags & FLAG_THREAD_LOCAL ? templateBase(elf, section) : section.address;
    this.#isCode = (section.flags & FLAG_CODE) !== 0;
  }

  items(rows: readonly number[]): SizeItem[] {
    const groups = this.#groups(rows);
    const { starts, ends, items } = this.#symbols(groups);
    const section = this.#section;
    const inFile = section.type === NO_BITS ? 0 : 1;
    const inMemory = isInMemory(section) ? 1 : 0;
    const padding = plainItem('padding', `padding in ${section.name}`, section.address, section);
    const unnamed = plainItem('unnamed', `${section.name}, no symbol`, section.address, section);
    const give = (item: SizeItem, bytes: number): void => {
      item.fileBytes += bytes * inFile;
      item.memoryBytes += bytes * inMemory;
      if (item === padding || item === unnamed) {
        item.size += bytes;
      }
    };
    const order = items.map((_, index) => index);
    walkExtents({ from: 0, to: section.size }, order, starts, ends, {
      owned: (owner, from, to) => {
        const item = items[owner] as SizeItem;
        const fill = item.kind === 'label' ? this.#trailingFill(from, to) : 0;
        give(item, to - from - fill);
        give(padding, fill);
      },
      gap: (from, to) => give(this.#isFill(from, to) ? padding : unnamed, to - from),
    });
    return [...items, padding, unnamed].filter((item) => item.size > 0);
  }

  /** Rows of the symbol table by offset in the section, ascending: those at one place together. */
  #groups(rows: readonly number[]): { offset: number; rows: number[] }[] {
    const { value } = this.#columns;
    const { size } = this.#section;
    const count = rows.length;
    // One native sort of numbers: the offset above, the place in `rows` below; exact while the product is below 2^53.
    const keys = new Float64Array(count);
    let kept = 0;
    for (let index = 0; index < count; index++) {
      const offset = (value[rows[index] as number] as number) - this.#base;
      if (offset >= 0 && offset < size) {
        keys[kept++] = offset * count + index;
      }
    }
    const sorted = keys.subarray(0, kept).sort();
    const groups: { offset: number; rows: number[] }[] = [];
    let last: { offset: number; rows: number[] } | undefined;
    for (const key of sorted) {
      const offset = Math.floor(key / count);
      const row = rows[key - offset * count] as number;
      if (last?.offset === offset) {
        last.rows.push(row);
      } else {
        last = { offset, rows: [row] };
        groups.push(last);
      }
    }
    return groups;
  }

  /** One row for each place; aliases are names of that row. */
  #symbols(groups: { offset: number; rows: number[] }[]): { starts: number[]; ends: number[]; items: SizeItem[] } {
    const starts: number[] = [];
    const ends: number[] = [];
    const items: SizeItem[] = [];
    let covered = 0;
    for (const [index, { offset, rows }] of groups.entries()) {
      const row = rows.length === 1 ? (rows[0] as number) : rows.reduce((best, other) => this.#better(best, other));
      const size = this.#columns.size[row] as number;
      if (size > 0) {
        const end = Math.min(offset + size, this.#section.size);
        covered = Math.max(covered, end);
        starts.push(offset);
        ends.push(end);
        items.push(this.#item(row, rows, offset, size));
      } else if (offset >= covered && this.#isPlace(row)) {
        const end = groups[index + 1]?.offset ?? this.#section.size;
        starts.push(offset);
        ends.push(end);
        items.push(this.#item(row, rows, offset, end - offset));
      }
    }
    return { starts, ends, items };
  }

  /** Which of two names at one place is the better one: the larger, then a function or object, then a global. */
  #better(a: number, b: number): number {
    const { size, type, binding } = this.#columns;
    const bySize = (size[b] as number) - (size[a] as number);
    const isTyped = (row: number): number => (type[row] === SymbolType.none ? 0 : 1);
    const rank = (row: number): number => (binding[row] === 1 ? 2 : binding[row] === 2 ? 1 : 0);
    const order = bySize || isTyped(b) - isTyped(a) || rank(b) - rank(a);
    // The same one in every build, whatever the table's order.
    const isEarlier = order === 0 && symbolName(this.#columns, b) < symbolName(this.#columns, a);
    return order > 0 || isEarlier ? b : a;
  }

  /** Whether a symbol without a size marks something of its own: a label of assembly, not an edge that a linker script made. */
  #isPlace(row: number): boolean {
    const type = this.#columns.type[row];
    if (type === SymbolType.function) {
      return true;
    }
    return (
      type === SymbolType.none && this.#section.type !== NO_BITS && !EDGE_NAME.test(symbolName(this.#columns, row))
    );
  }

  #item(row: number, rows: number[], offset: number, size: number): SizeItem {
    const columns = this.#columns;
    const linkName = symbolName(columns, row);
    const type = columns.type[row];
    const fileRow = columns.fileRow[row] as number;
    const isFunction = type === SymbolType.function || type === SymbolType.indirect;
    return {
      kind:
        columns.size[row] === 0
          ? 'label'
          : isFunction || (type === SymbolType.none && this.#isCode)
            ? 'function'
            : 'object',
      name: demangle(linkName),
      linkName,
      section: this.#section.name,
      sectionIndex: this.#section.index,
      address: this.#base + offset,
      size,
      fileBytes: 0,
      memoryBytes: 0,
      local: columns.binding[row] === 0,
      weak: columns.binding[row] === 2,
      aliases:
        rows.length === 1 ? [] : rows.filter((other) => other !== row).map((other) => symbolName(columns, other)),
      ...(fileRow > 0 && { unit: symbolName(columns, fileRow) }),
    };
  }

  #isFill(from: number, to: number): boolean {
    if (this.#section.type === NO_BITS || this.#section.size > LARGEST_READ) {
      return to - from < Math.max(16, this.#section.alignment);
    }
    this.#contents ??= this.#elf.contents(this.#section);
    return this.#isCode ? isCodeFill(this.#contents, from, to, this.#elf.machine) : isZero(this.#contents, from, to);
  }

  /** Bytes of fill at the end of `[from, to)`, of which the first is no fill. */
  #trailingFill(from: number, to: number): number {
    if (this.#section.type === NO_BITS || this.#section.size > LARGEST_READ) {
      return 0;
    }
    // The shortest run of contents after which all is fill; fill is no longer than a cache line, or than the alignment.
    const longest = Math.min(to - from - 1, Math.max(64, this.#section.alignment) - 1);
    for (let fill = longest; fill > 0; fill--) {
      if (this.#isFill(to - fill, to)) {
        return fill;
      }
    }
    return 0;
  }
}

/** Values of thread-local symbols count from the first thread-local section. */
function templateBase(elf: ElfFile, section: Section): number {
  const first = elf.sections.find((other) => (other.flags & FLAG_THREAD_LOCAL) !== 0);
  return section.address - (first ?? section).address;
}
