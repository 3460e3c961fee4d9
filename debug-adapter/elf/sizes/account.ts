/** The account of an ELF file: sections, symbols and all that lies between, summing to the file's size. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { readBuildId } from '../build-id.ts';
import type { ElfFile } from '../elf-file.ts';
import { layOutFile } from './layout.ts';
import type { Progress, SectionTotal, SizeItem, SizeModel } from './model.ts';
import { sectionItems } from './section-items.ts';
import { readSymbolColumns, type SymbolColumns, SymbolType } from './symbol-columns.ts';

/** Names, sizes and sections: all but the sources. @throws Error with one sentence when the file is no ELF that can be read. */
export function accountSymbols(elf: ElfFile, progress: Progress = () => {}): SizeModel {
  if (elf.type === CORE) {
    throw new Error(`${elf.path} is a memory dump: sizes are told of programs, libraries and object files.`);
  }
  const { totals, items, memoryBytes } = layOutFile(elf);
  const columns = readSymbolColumns(elf);
  const bySection = rowsBySection(elf, columns);
  for (const section of elf.sections) {
    progress('Reading symbols', section.index / elf.sections.length);
    const total = totals[section.index] as SectionTotal;
    items.push(...sectionItems(elf, section, total, columns, bySection[section.index] ?? []));
  }
  const buildId = readBuildId(elf)?.id;
  return {
    path: elf.path,
    ...(buildId !== undefined && { buildId }),
    key: contentKey(elf, buildId),
    modified: statSync(elf.path).mtimeMs,
    fileBytes: elf.size,
    memoryBytes,
    sections: totals.filter((total) => total.index > 0),
    items,
    undefinedSymbols: columns ? countUndefined(columns) : 0,
    notes: notes(elf, columns, items),
  };
}

const CORE = 4;

/** Rows that name a place, by section. */
function rowsBySection(elf: ElfFile, columns: SymbolColumns | undefined): number[][] {
  const result: number[][] = elf.sections.map(() => []);
  if (!columns) {
    return result;
  }
  const { count, section, type } = columns;
  for (let row = 1; row < count; row++) {
    const index = section[row] as number;
    if (index > 0 && type[row] !== SymbolType.section && type[row] !== SymbolType.file) {
      result[index]?.push(row);
    }
  }
  return result;
}

function countUndefined(columns: SymbolColumns): number {
  let count = 0;
  for (let row = 1; row < columns.count; row++) {
    if (columns.section[row] === 0 && columns.nameOffset[row] !== 0) {
      count++;
    }
  }
  return count;
}

function notes(elf: ElfFile, columns: SymbolColumns | undefined, items: SizeItem[]): string[] {
  const result: string[] = [];
  if (!columns) {
    result.push(
      'The file has no symbol table: only sections can be told. Keep the symbols: link without -s, do not strip.',
    );
  } else if (columns.isDynamic) {
    result.push('The file is stripped: only the symbols that it exports can be told. Open the file from before strip.');
  }
  if (!elf.hasDebugInformation) {
    result.push('The file has no debug information, so no sources can be told: compile with -g.');
  }
  if (items.some((item) => item.kind === 'unclaimed')) {
    result.push('Some bytes of the file belong to no section: something was appended, or its headers are broken.');
  }
  return result;
}

/** Equal for equal files: build id, size and section headers (a stripped copy has the same build id). */
export function contentKey(elf: ElfFile, buildId: string | undefined): string {
  const hash = createHash('sha256').update(`${buildId}\n${elf.size}\n`);
  for (const { name, type, flags, address, offset, size } of elf.sections) {
    hash.update(`${name} ${type} ${flags} ${address} ${offset} ${size}\n`);
  }
  if (buildId === undefined) {
    hash.update(`${elf.path} ${statSync(elf.path).mtimeMs}`);
  }
  return hash.digest('hex').slice(0, 32);
}
