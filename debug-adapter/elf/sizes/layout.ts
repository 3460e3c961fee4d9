/** The coarse account of a file: which bytes of the file, and which of the loaded program, belong to which section, and what is left. */
import { readUnsigned64 } from '../../guest/address.ts';
import type { ElfFile, Section } from '../elf-file.ts';
import { type Claim, layClaims } from './extents.ts';
import { isCodeFill, isZero } from './fill.ts';
import type { SectionTotal, SizeItem } from './model.ts';

const NO_BITS = 8;
const FLAG_ALLOCATED = 2;
const FLAG_THREAD_LOCAL = 0x400;
const HEADER_SIZE = 64;
const RELOCATABLE = 1;
/** A gap that is larger is not looked through: no linker aligns by more. */
const LARGEST_FILL = 16 << 20;

export interface FileLayout {
  /** By section index. */
  totals: SectionTotal[];
  /** Headers, gaps between sections and between them and the segments' edges. */
  items: SizeItem[];
  memoryBytes: number;
}

interface Header {
  name: string;
  from: number;
  to: number;
}

/** Lays headers and sections over the file, and sections over the loadable segments. */
export function layOutFile(elf: ElfFile): FileLayout {
  const totals = elf.sections.map(
    ({ index, name, address, size }): SectionTotal => ({ index, name, address, size, fileBytes: 0, memoryBytes: 0 }),
  );
  const headers = readHeaders(elf);
  const items = headers.map((header) => plainItem('header', header.name, 0));
  const gaps = new Gaps(items);
  layFile(elf, headers, totals, items, gaps);
  const memoryBytes = layMemory(elf, headers, totals, items, gaps);
  return { totals, items: items.filter((item) => item.fileBytes + item.memoryBytes > 0), memoryBytes };
}

/** A row that is no symbol. */
export function plainItem(kind: SizeItem['kind'], name: string, address: number, section?: Section): SizeItem {
  return {
    kind,
    name: `[${name}]`,
    linkName: '',
    section: section?.name ?? '',
    sectionIndex: section?.index ?? 0,
    address,
    size: 0,
    fileBytes: 0,
    memoryBytes: 0,
    local: true,
    weak: false,
    aliases: [],
  };
}

/** Whether the section's bytes stand in the loaded program, once for all threads. */
export function isInMemory(section: Section): boolean {
  const isTemplate = (section.flags & FLAG_THREAD_LOCAL) !== 0 && section.type === NO_BITS;
  return (section.flags & FLAG_ALLOCATED) !== 0 && !isTemplate;
}

function readHeaders(elf: ElfFile): Header[] {
  const head = elf.read(0, HEADER_SIZE);
  const programs = readUnsigned64(head, 32);
  const sections = readUnsigned64(head, 40);
  const headers = [{ name: 'ELF header', from: 0, to: HEADER_SIZE }];
  const programBytes = head.readUInt16LE(54) * head.readUInt16LE(56);
  if (programBytes > 0) {
    headers.push({ name: 'program headers', from: programs, to: programs + programBytes });
  }
  const sectionBytes = head.readUInt16LE(58) * elf.sections.length;
  if (sectionBytes > 0) {
    headers.push({ name: 'section headers', from: sections, to: sections + sectionBytes });
  }
  return headers;
}

type Owner = { header: number } | { section: number };

function layFile(elf: ElfFile, headers: Header[], totals: SectionTotal[], items: SizeItem[], gaps: Gaps): void {
  const claims: Claim<Owner>[] = headers.map(({ from, to }, header) => ({ from, to, owner: { header } }));
  for (const { index, offset, size, type } of elf.sections) {
    if (type !== NO_BITS && type !== 0 && size > 0) {
      claims.push({ from: offset, to: offset + size, owner: { section: index } });
    }
  }
  for (const { from, to, owner } of layClaims(claims, { from: 0, to: elf.size })) {
    const total = owner && ('section' in owner ? totals[owner.section] : items[owner.header]);
    if (total) {
      total.fileBytes += to - from;
    } else {
      gaps.add(isFill(elf, from, to) ? 'padding' : 'unclaimed', to - from, 0);
    }
  }
}

/** Linkers fill with zeros, and with no-ops between sections of code. */
function isFill(elf: ElfFile, from: number, to: number): boolean {
  if (to - from > LARGEST_FILL) {
    return false;
  }
  const bytes = elf.read(from, to - from);
  return isZero(bytes, 0, bytes.length) || isCodeFill(bytes, 0, bytes.length, elf.machine);
}

function layMemory(elf: ElfFile, headers: Header[], totals: SectionTotal[], items: SizeItem[], gaps: Gaps): number {
  const loaded = elf.sections.filter((section) => isInMemory(section) && section.size > 0);
  if (elf.type === RELOCATABLE || elf.segments.length === 0) {
    for (const section of loaded) {
      (totals[section.index] as SectionTotal).memoryBytes = section.size;
    }
    return loaded.reduce((sum, section) => sum + section.size, 0);
  }
  let sum = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const segment of [...elf.segments].sort((a, b) => a.virtual - b.virtual)) {
    const range = { from: Math.max(segment.virtual, reached), to: segment.virtual + segment.memorySize };
    if (range.to <= range.from) {
      continue;
    }
    reached = range.to;
    sum += range.to - range.from;
    const claims: Claim<Owner>[] = [];
    for (const { index, address, size } of loaded) {
      if (address < range.to && address + size > range.from) {
        claims.push({ from: address, to: address + size, owner: { section: index } });
      }
    }
    for (const [header, { from, to }] of headers.entries()) {
      if (from >= segment.offset && to <= segment.offset + segment.fileSize) {
        const shift = segment.virtual - segment.offset;
        claims.push({ from: from + shift, to: to + shift, owner: { header } });
      }
    }
    for (const { from, to, owner } of layClaims(claims, range)) {
      const total = owner && ('section' in owner ? totals[owner.section] : items[owner.header]);
      if (total) {
        total.memoryBytes += to - from;
      } else {
        gaps.add('padding', 0, to - from);
      }
    }
  }
  return sum;
}

/** The gaps between sections, one row for each kind. */
class Gaps {
  readonly #items: SizeItem[];
  readonly #byKind = new Map<string, SizeItem>();

  constructor(items: SizeItem[]) {
    this.#items = items;
  }

  add(kind: 'padding' | 'unclaimed', fileBytes: number, memoryBytes: number): void {
    let item = this.#byKind.get(kind);
    if (!item) {
      item = plainItem(kind, kind === 'padding' ? 'padding between sections' : 'bytes that nothing claims', 0);
      this.#byKind.set(kind, item);
      this.#items.push(item);
    }
    item.fileBytes += fileBytes;
    item.memoryBytes += memoryBytes;
  }
}
