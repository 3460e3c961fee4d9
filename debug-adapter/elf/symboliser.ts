/** Code addresses by name and line, from the file alone: for backtraces that are read with no session. */

import { ElfFile } from './elf-file.ts';
import { LineTable } from './lines.ts';
import { demangle } from './sizes/demangle.ts';
import type { SymbolPlace } from './symbol-place.ts';
import { SymbolTable } from './symbols.ts';

/**
 * The places of `addresses` (signed canonical) in the ELF at `path`; null for an address in no symbol.
 * @throws Error with one sentence when it cannot be read.
 */
export function placesIn(path: string, addresses: readonly number[]): (SymbolPlace | null)[] {
  const elf = new ElfFile(path);
  try {
    const symbols = new SymbolTable(elf.symbols);
    const lines = new LineTable(elf);
    return addresses.map((address) => {
      const found = symbols.at(address);
      return found ? { symbol: demangle(found.symbol.name), offset: found.offset, ...lines.at(address) } : null;
    });
  } finally {
    elf.close();
  }
}
