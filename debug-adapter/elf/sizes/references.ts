/** Who keeps a symbol alive: the graph of references that the linker leaves with `--emit-relocs`, and its dominators. */
import { readSigned64, readUnsigned64 } from '../../guest/address.ts';
import { readBuildId } from '../build-id.ts';
import { ElfFile, type Section } from '../elf-file.ts';
import { contentKey } from './account.ts';
import { dominators } from './dominators.ts';
import type { Retained } from './messages.ts';
import { isSymbol, type SizeItem, type SizeModel } from './model.ts';
import { findDirectReferences } from './x64-calls.ts';

const RELOCATIONS_WITH_ADDENDS = 4;
const FLAG_ALLOCATED = 2;
const FLAG_CODE = 4;
const RELOCATABLE = 1;
const ENTRY_SIZE = 24;
const X86_64 = 62;
/** x86-64's relocations that count from the end of their four bytes: PC32, PLT32, GOTPCREL, GOTPCRELX, REX_GOTPCRELX. */
const RELATIVE_TYPES = new Set([2, 4, 9, 41, 42]);
/** Of these, those that a call has. */
const CALL_TYPES = new Set([2, 4]);
/** Unwind tables mention every function and keep none. */
const SILENT_SECTION = /^\.(eh_frame|gcc_except_table|debug_|zdebug_|note|stab)/;
const MOST_TOLD = 200;

/** One reference, by index of rows. */
interface Edge {
  from: number;
  to: number;
  isCall: boolean;
}

export class References {
  readonly #items: SizeItem[];
  readonly #index: Map<SizeItem, number>;
  /** By the referring row. Row `items.length` stands for what keeps everything: the entry and what the linker keeps by itself. */
  readonly #out: Int32Array[];
  readonly #calls: Map<number, Set<number>>;
  readonly #referrers: number[][];
  #dominators: Int32Array | undefined;

  /** @throws Error with one sentence when the file changed since, or has no relocations. */
  static read(model: SizeModel): References {
    const elf = new ElfFile(model.path);
    try {
      if (contentKey(elf, readBuildId(elf)?.id) !== model.key) {
        throw new Error(`${model.path} was built anew since its sizes were read.`);
      }
      const sections = elf.sections.filter((section) => isRelevant(elf, section));
      if (sections.length === 0) {
        throw new Error(
          `The linker kept no relocations in ${model.path}, so who refers to whom cannot be told: link with -Wl,--emit-relocs.`,
        );
      }
      return new References(elf, model, sections);
    } finally {
      elf.close();
    }
  }

  private constructor(elf: ElfFile, model: SizeModel, sections: Section[]) {
    this.#items = model.items;
    this.#index = new Map(model.items.map((item, index) => [item, index]));
    const places = new Places(model.items);
    const edges = [
      ...sections.flatMap((section) => readEdges(elf, section, places)),
      ...directEdges(elf, model, places),
    ];
    const out: Set<number>[] = model.items.map(() => new Set());
    this.#calls = new Map();
    this.#referrers = model.items.map(() => []);
    for (const { from, to, isCall } of edges) {
      if (isCall) {
        const called = this.#calls.get(from) ?? new Set();
        this.#calls.set(from, called.add(to));
      }
      if (from !== to && !out[from]?.has(to)) {
        out[from]?.add(to);
        this.#referrers[to]?.push(from);
      }
    }
    // What keeps everything: the entry point, and what nobody refers to (kept by the linker script, or not at all).
    const entry = places.at(elf.entry);
    const roots = model.items.flatMap((_item, index) =>
      index === entry || this.#referrers[index]?.length === 0 ? [index] : [],
    );
    this.#out = [...out.map((targets) => Int32Array.from(targets)), Int32Array.from(roots)];
  }

  /** Functions that `item` calls directly. */
  calledBy(item: SizeItem): SizeItem[] {
    const called = this.#calls.get(this.#index.get(item) ?? -1) ?? new Set();
    return [...called].map((index) => this.#items[index] as SizeItem).filter((target) => target.kind !== 'object');
  }

  retained(item: SizeItem): Retained {
    const root = this.#items.length;
    this.#dominators ??= dominators(this.#out, root);
    const immediate = this.#dominators;
    const index = this.#index.get(item) ?? -1;
    const keeps: SizeItem[] = [];
    let retainedBytes = 0;
    for (let node = 0; node < root; node++) {
      let above = node;
      while (above !== index && above !== root && above >= 0) {
        above = immediate[above] as number;
      }
      if (above === index) {
        const kept = this.#items[node] as SizeItem;
        retainedBytes += kept.memoryBytes;
        if (node !== index) {
          keeps.push(kept);
        }
      }
    }
    return {
      item,
      retainedBytes,
      referrers: (this.#referrers[index] ?? []).slice(0, MOST_TOLD).map((from) => this.#items[from] as SizeItem),
      path: this.#pathTo(index),
      keeps: keeps.sort((a, b) => b.memoryBytes - a.memoryBytes).slice(0, MOST_TOLD),
    };
  }

  /** The shortest chain of references from a root. */
  #pathTo(target: number): SizeItem[] {
    const root = this.#items.length;
    const before = new Map<number, number>([[root, -1]]);
    const queue = [root];
    for (let at = 0; at < queue.length && !before.has(target); at++) {
      const node = queue[at] as number;
      for (const next of this.#out[node] as Int32Array) {
        if (!before.has(next)) {
          before.set(next, node);
          queue.push(next);
        }
      }
    }
    const path: SizeItem[] = [];
    for (let node = target; node !== root && node >= 0 && before.has(node); node = before.get(node) ?? -1) {
      path.unshift(this.#items[node] as SizeItem);
    }
    return path;
  }
}

/** Relocations that the linker left of what it linked; those that a loader applies are others. */
function isRelevant(elf: ElfFile, section: Section): boolean {
  const target = elf.sections[section.info];
  return (
    section.type === RELOCATIONS_WITH_ADDENDS &&
    section.size > 0 &&
    (section.flags & FLAG_ALLOCATED) === 0 &&
    section.info > 0 &&
    target !== undefined &&
    (target.flags & FLAG_ALLOCATED) !== 0 &&
    !SILENT_SECTION.test(target.name)
  );
}

function readEdges(elf: ElfFile, section: Section, places: Places): Edge[] {
  const bytes = elf.contents(section);
  const symbols = elf.contents(elf.sections[section.link]);
  const isRelocatable = elf.type === RELOCATABLE;
  const edges: Edge[] = [];
  for (let at = 0; at + ENTRY_SIZE <= bytes.length; at += ENTRY_SIZE) {
    const type = bytes.readUInt32LE(at + 8);
    const symbol = bytes.readUInt32LE(at + 12) * ENTRY_SIZE;
    if (symbol === 0 || symbol + ENTRY_SIZE > symbols.length) {
      continue;
    }
    const isSection = (symbols.readUInt8(symbol + 4) & 15) === 3;
    const targetSection = symbols.readUInt16LE(symbol + 6);
    const isRelative = elf.machine === X86_64 && RELATIVE_TYPES.has(type);
    const addend = isSection ? readSigned64(bytes, at + 16) + (isRelative ? 4 : 0) : 0;
    const value = readSigned64(symbols, symbol + 8) + addend;
    const place = readSigned64(bytes, at);
    const from = places.at(isRelocatable ? readUnsigned64(bytes, at) : place, section.info);
    const to = targetSection === 0 ? undefined : places.at(value, targetSection);
    if (from !== undefined && to !== undefined) {
      edges.push({ from, to, isCall: elf.machine === X86_64 ? CALL_TYPES.has(type) : true });
    }
  }
  return edges;
}

/** Calls within a section. */
function directEdges(elf: ElfFile, model: SizeModel, places: Places): Edge[] {
  if (elf.machine !== X86_64) {
    return [];
  }
  const edges: Edge[] = [];
  for (const section of elf.sections.filter((one) => (one.flags & FLAG_CODE) !== 0 && one.size > 0)) {
    const base = elf.type === RELOCATABLE ? 0 : section.address;
    const starts = new Set<number>();
    for (const item of model.items) {
      if (item.sectionIndex === section.index && isSymbol(item)) {
        starts.add(item.address - base);
      }
    }
    for (const { place, target, kind } of findDirectReferences(elf.contents(section), (at) => starts.has(at))) {
      const from = places.at(base + place, section.index);
      const to = places.at(base + target, section.index);
      // A jump to its own beginning is a loop, no recursion.
      if (from !== undefined && to !== undefined && !(from === to && kind === 'jump')) {
        edges.push({ from, to, isCall: kind !== 'address' });
      }
    }
  }
  return edges;
}

/** Rows by place: symbols, and for places without one the row of the section's rest. */
class Places {
  readonly #bySection = new Map<number, { index: number; start: number; end: number }[]>();
  readonly #rest = new Map<number, number>();

  constructor(items: readonly SizeItem[]) {
    for (const [index, item] of items.entries()) {
      if (isSymbol(item)) {
        const list = this.#bySection.get(item.sectionIndex) ?? [];
        list.push({ index, start: item.address, end: item.address + item.size });
        this.#bySection.set(item.sectionIndex, list);
      } else if (item.kind === 'unnamed') {
        this.#rest.set(item.sectionIndex, index);
      }
    }
    for (const list of this.#bySection.values()) {
      list.sort((a, b) => a.start - b.start);
    }
  }

  /** The row at `address`, in section `section` or in any. */
  at(address: number, section?: number): number | undefined {
    if (section === undefined) {
      for (const known of this.#bySection.keys()) {
        const found = this.#symbolAt(address, known);
        if (found !== undefined) {
          return found;
        }
      }
      return undefined;
    }
    return this.#symbolAt(address, section) ?? this.#rest.get(section);
  }

  #symbolAt(address: number, section: number): number | undefined {
    const list = this.#bySection.get(section) ?? [];
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((list[middle]?.start ?? 0) <= address) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const found = list[low - 1];
    return found && address < found.end ? found.index : undefined;
  }
}
