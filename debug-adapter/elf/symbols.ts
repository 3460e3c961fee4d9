import { readSigned64, readUnsigned64 } from '../guest/address.ts';
import { type ElfFile, textAt } from './elf-file.ts';

/** A symbol with an address. */
export interface Symbol {
  /** As the linker knows it: mangled in C++. */
  name: string;
  address: number;
  size: number;
  kind: 'function' | 'object' | 'other';
  local: boolean;
  section: string;
}

const SYMBOL_TABLE = 2;
const DYNAMIC_SYMBOL_TABLE = 11;
const ENTRY_SIZE = 24;
const RESERVED_SECTIONS = 0xff00;

/** Reads `.symtab`, or `.dynsym` when the file is stripped; none gives an empty list. */
export function readSymbols(elf: ElfFile): Symbol[] {
  const table =
    elf.sections.find((section) => section.type === SYMBOL_TABLE) ??
    elf.sections.find((section) => section.type === DYNAMIC_SYMBOL_TABLE);
  if (!table) {
    return [];
  }
  const entries = elf.contents(table);
  const strings = elf.contents(elf.sections[table.link]);
  const symbols: Symbol[] = [];
  for (let at = 0; at + ENTRY_SIZE <= entries.length; at += ENTRY_SIZE) {
    const information = entries.readUInt8(at + 4);
    const sectionIndex = entries.readUInt16LE(at + 6);
    const type = information & 15;
    // Undefined symbols, absolute ones, and the names of sections and files are no places in memory.
    if (sectionIndex === 0 || sectionIndex >= RESERVED_SECTIONS || type === 3 || type === 4) {
      continue;
    }
    const name = textAt(strings, entries.readUInt32LE(at));
    if (name === '') {
      continue;
    }
    symbols.push({
      name,
      address: readSigned64(entries, at + 8),
      size: readUnsigned64(entries, at + 16),
      kind: type === 2 ? 'function' : type === 1 ? 'object' : 'other',
      local: information >> 4 === 0,
      section: elf.sections[sectionIndex]?.name ?? '',
    });
  }
  return symbols;
}

/** Symbols by name and by address. */
export class SymbolTable {
  readonly #byName = new Map<string, Symbol>();
  readonly #sorted: Symbol[];

  constructor(symbols: readonly Symbol[]) {
    for (const symbol of symbols) {
      const known = this.#byName.get(symbol.name);
      // A global one wins over file-local namesakes.
      if (!known || (known.local && !symbol.local)) {
        this.#byName.set(symbol.name, symbol);
      }
    }
    this.#sorted = symbols.filter((symbol) => !symbol.name.startsWith('$')).sort(byAddress);
  }

  /** By linker name, or by C++ name of a variable in namespaces: `sprout::g_threads`. */
  find(name: string): Symbol | undefined {
    return this.#byName.get(name) ?? this.#byName.get(mangled(name, '')) ?? this.#byName.get(mangled(name, 'L'));
  }

  /** The symbol that `address` lies in: one whose size covers it, else (assembly has no sizes) the nearest below. */
  at(address: number): { symbol: Symbol; offset: number } | undefined {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] as Symbol).address <= address) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const nearest = this.#sorted[low - 1];
    if (!nearest) {
      return undefined;
    }
    const offset = address - nearest.address;
    const inside = nearest.size === 0 ? offset < 0x1000 : offset < nearest.size;
    return inside ? { symbol: nearest, offset } : undefined;
  }

  /** From the first to past the last byte of the variables in a section; undefined when it has none. */
  variables(section: string): { begin: number; end: number } | undefined {
    const variables = this.#sorted.filter((symbol) => symbol.kind === 'object' && symbol.section === section);
    const [first] = variables;
    return (
      first && {
        begin: first.address,
        end: variables.reduce((end, { address, size }) => Math.max(end, address + size), first.address),
      }
    );
  }

  /** The `count` largest, one for each address: aliases are counted once. */
  largest(count: number): Symbol[] {
    const seen = new Set<number>();
    const result: Symbol[] = [];
    for (const symbol of [...this.#sorted].sort((a, b) => b.size - a.size || a.address - b.address)) {
      if (result.length === count || symbol.size === 0) {
        break;
      }
      if (!seen.has(symbol.address)) {
        seen.add(symbol.address);
        result.push(symbol);
      }
    }
    return result;
  }
}

/** By address; at one address functions and objects after labels, and global names last: the last one is the best name. */
function byAddress(a: Symbol, b: Symbol): number {
  return a.address - b.address || rank(a) - rank(b) || a.size - b.size;
}

function rank(symbol: Symbol): number {
  return (symbol.kind === 'other' ? 0 : 2) + (symbol.local ? 0 : 1);
}

/** Itanium name of a variable in namespaces; `linkage` is `L` for one with internal linkage. */
function mangled(name: string, linkage: string): string {
  const parts = name.split('::').map((part) => (part === '(anonymous namespace)' ? '_GLOBAL__N_1' : part));
  const encoded = parts.map((part, index) => `${index === parts.length - 1 ? linkage : ''}${part.length}${part}`);
  return parts.length === 1 ? name : `_ZN${encoded.join('')}E`;
}
