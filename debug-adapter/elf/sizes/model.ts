/** What an ELF file's bytes are: one row for each symbol, and rows for all that is no symbol. Their sums are the file's size exactly. */

/** What a row is. */
export type ItemKind =
  /** Code with a size in the symbol table. */
  | 'function'
  /** Data with a size in the symbol table. */
  | 'object'
  /** A symbol without a size (assembly): reaches to the next one. */
  | 'label'
  /** Contents of a section that no symbol covers: string literals, unwind tables, jump tables. */
  | 'unnamed'
  /** Fill between symbols, sections or segments. */
  | 'padding'
  /** ELF header, program headers, section headers. */
  | 'header'
  /** Debug sections; `.debug_info` by compile unit. */
  | 'debug'
  /** Symbol tables, their names, relocations: what the linker and loader read. */
  | 'table'
  /** Bytes of the file that nothing claims. */
  | 'unclaimed';

/** A place in a source; `line` counts from 1, 0 is unknown. */
export interface SourcePlace {
  file: string;
  line: number;
}

export interface SizeItem {
  kind: ItemKind;
  /** As people read it: demangled, `[…]` for what is no symbol. */
  name: string;
  /** As the linker knows it; empty for what is no symbol. */
  linkName: string;
  /** The section's name; empty for headers and gaps of the file. */
  section: string;
  /** Index of the section in the file; 0 for none. */
  sectionIndex: number;
  /** Where it begins: a signed canonical address; in a relocatable file, an offset in its section. */
  address: number;
  /** As the symbol table tells it; a symbol inside it may take a part of that away. */
  size: number;
  /** Bytes in the file. */
  fileBytes: number;
  /** Bytes in the loaded program. */
  memoryBytes: number;
  local: boolean;
  weak: boolean;
  /** Other names at the same address, as the linker knows them. */
  aliases: string[];
  /** Where it is defined. */
  definition?: SourcePlace;
  /** Where it is declared, when that is elsewhere: a member function's class. */
  declaration?: SourcePlace;
  /** The source of the compile unit that it comes from. */
  unit?: string;
}

/** A section as `size -A` tells it, and what it costs. */
export interface SectionTotal {
  index: number;
  name: string;
  address: number;
  /** sh_size. */
  size: number;
  fileBytes: number;
  memoryBytes: number;
}

/** The account of one file. */
export interface SizeModel {
  path: string;
  /** Undefined when it was linked without. */
  buildId?: string;
  /** Names the file's content for the cache and for comparison. */
  key: string;
  /** Milliseconds since 1970. */
  modified: number;
  fileBytes: number;
  /** Sum of the loadable segments; of the allocated sections where there are none (a relocatable file). */
  memoryBytes: number;
  sections: SectionTotal[];
  items: SizeItem[];
  /** Names that the file needs and does not define. */
  undefinedSymbols: number;
  /** One sentence each: what could not be told and how to mend it. */
  notes: string[];
}

/** Told while a file is read: what is being done, and how much of it is done (0 to 1). */
export type Progress = (step: string, fraction: number) => void;

/** Whether a row is a symbol. */
export function isSymbol(item: SizeItem): boolean {
  return item.kind === 'function' || item.kind === 'object' || item.kind === 'label';
}
