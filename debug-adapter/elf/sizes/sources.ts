/** Tells of each row where its source is: by debug information, and where that is silent by what stands around it. */
import { posix } from 'node:path';
import type { ElfFile } from '../elf-file.ts';
import { unknownCompression } from './dwarf/debug-sections.ts';
import { type KnownPlace, type Places, readPlaces } from './dwarf/places.ts';
import { UnitRanges } from './dwarf/ranges.ts';
import { plainItem } from './layout.ts';
import { isSymbol, type Progress, type SizeItem, type SizeModel } from './model.ts';
import { normalizedName, splitName } from './names.ts';

const FLAG_COMPRESSED = 0x800;
const FLAG_THREAD_LOCAL = 0x400;
const RELOCATABLE = 1;

/** Adds sources to the rows of `model`, and splits .debug_info by compile unit. */
export function addSources(elf: ElfFile, model: SizeModel, progress: Progress = () => {}): void {
  if (!elf.hasDebugInformation) {
    return;
  }
  if (elf.type === RELOCATABLE) {
    model.notes.push('An object file’s debug information has no addresses yet: sources are told once it is linked.');
    return;
  }
  const unknown = unknownCompression(elf);
  if (unknown !== undefined) {
    model.notes.push(unknown);
    return;
  }
  const places = readPlaces(elf, progress);
  model.notes.push(...places.notes);
  progress('Reading sources', 1);
  byAddress(elf, model, places);
  byRange(elf, model, places);
  byClone(model);
  byClass(model);
  byFileName(model, places);
  splitDebugInformation(elf, model, places);
}

function byAddress(elf: ElfFile, model: SizeModel, places: Places): void {
  for (const item of model.items) {
    if (!isSymbol(item)) {
      continue;
    }
    const isThreadLocal = ((elf.sections[item.sectionIndex]?.flags ?? 0) & FLAG_THREAD_LOCAL) !== 0;
    const known = (isThreadLocal ? places.byThreadOffset : places.byAddress).get(item.address);
    if (known) {
      apply(item, known, places);
    }
  }
}

function apply(item: SizeItem, known: KnownPlace, places: Places): void {
  const unit = places.units[known.unit]?.source;
  if (unit !== undefined) {
    item.unit = unit;
  }
  if (known.definition) {
    item.definition = known.definition;
  }
  if (known.declaration) {
    item.declaration = known.declaration;
  }
}

/** Assembly has no entries of its own, but its unit's range is known. */
function byRange(elf: ElfFile, model: SizeModel, places: Places): void {
  const ranges = new UnitRanges(elf);
  const sources = new Map<number, string>();
  let begin = 0;
  for (const { source, bytes } of places.units) {
    sources.set(begin, source);
    begin += bytes;
  }
  for (const item of model.items) {
    if (isSymbol(item) && !item.definition) {
      const source = sources.get(ranges.at(item.address) ?? -1);
      if (source !== undefined) {
        item.unit = source;
      }
    }
  }
}

/** Cold and otherwise cut-off parts come from where the function is. */
function byClone(model: SizeModel): void {
  const known = new Map<string, SizeItem>();
  for (const item of model.items) {
    if (item.kind === 'function' && item.definition) {
      known.set(normalizedName(item.name), item);
    }
  }
  for (const item of model.items) {
    if (item.kind === 'function' && !item.definition) {
      const base = known.get(normalizedName(item.name));
      if (base?.definition) {
        item.definition = base.definition;
        item.unit ??= base.unit ?? '';
      }
    }
  }
}

/** A vtable, type information or a guard lies where its class's functions are. */
function byClass(model: SizeModel): void {
  const known = new Map<string, SizeItem>();
  const waiting: { item: SizeItem; scope: string }[] = [];
  for (const item of model.items) {
    if (!isSymbol(item)) {
      continue;
    }
    const isSpecial = item.linkName.startsWith('_ZT') || item.linkName.startsWith('_ZGV');
    if (!item.definition && !isSpecial) {
      continue;
    }
    const scope = splitName(item.name).scopes.join('::');
    if (item.definition) {
      if (!known.has(scope)) {
        known.set(scope, item);
      }
    } else {
      waiting.push({ item, scope });
    }
  }
  for (const { item, scope } of waiting) {
    const member = known.get(scope);
    if (member?.definition) {
      item.definition = { file: member.definition.file, line: 0 };
      item.unit ??= member.unit ?? '';
    }
  }
}

/** A local symbol without debug information names its file, but not the folder: that is told when one unit has this name. */
function byFileName(model: SizeModel, places: Places): void {
  const byName = new Map<string, string | undefined>();
  for (const { source } of places.units) {
    const name = posix.basename(source);
    byName.set(name, byName.has(name) && byName.get(name) !== source ? undefined : source);
  }
  for (const item of model.items) {
    if (item.unit !== undefined && !item.definition && !item.unit.includes('/')) {
      // An assembler names its output: `boot.S.o`.
      item.unit = byName.get(item.unit) ?? byName.get(item.unit.replace(/\.o(bj)?$/, '')) ?? item.unit;
    }
  }
}

function splitDebugInformation(elf: ElfFile, model: SizeModel, places: Places): void {
  const section = elf.section('.debug_info');
  const index = model.items.findIndex((item) => item.kind === 'debug' && item.section === '.debug_info');
  const whole = model.items[index];
  if (!section || !whole || section.flags & FLAG_COMPRESSED) {
    return;
  }
  const bySource = new Map<string, SizeItem>();
  for (const { source, bytes } of places.units) {
    let item = bySource.get(source);
    if (!item) {
      item = plainItem('debug', `.debug_info of ${posix.basename(source)}`, 0, section);
      item.unit = source;
      bySource.set(source, item);
    }
    item.size += bytes;
    item.fileBytes += bytes;
    whole.fileBytes -= bytes;
    whole.size -= bytes;
  }
  model.items.push(...bySource.values());
  if (whole.fileBytes === 0 && whole.memoryBytes === 0) {
    model.items.splice(index, 1);
  }
}
