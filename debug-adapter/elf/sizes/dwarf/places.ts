/** Where each function and variable is defined and declared, from .debug_info, without gdb. */
import { posix } from 'node:path';
import { ByteReader } from '../../byte-reader.ts';
import type { ElfFile } from '../../elf-file.ts';
import { readLineHeader } from '../../line-header.ts';
import type { Progress, SourcePlace } from '../model.ts';
import { type Abbreviation, AbbreviationTables } from './abbreviations.ts';
import { debugSection } from './debug-sections.ts';
import { EntryReader, readUnitHeader, type UnitHeader, type UnitSections } from './unit.ts';

/** What is known of the thing at an address. */
export interface KnownPlace {
  definition?: SourcePlace;
  /** When it is elsewhere. */
  declaration?: SourcePlace;
  /** Index in Places.units. */
  unit: number;
}

/** A compile unit and what it costs in .debug_info. */
export interface CompileUnit {
  /** Its main source. */
  source: string;
  bytes: number;
}

export interface Places {
  byAddress: Map<number, KnownPlace>;
  /** Thread-local variables by their offset in the template. */
  byThreadOffset: Map<number, KnownPlace>;
  units: CompileUnit[];
  /** One sentence each. */
  notes: string[];
}

const TAG = { subprogram: 0x2e, variable: 0x34, compileUnit: 0x11, partialUnit: 0x3c, skeletonUnit: 0x4a };
const ATTRIBUTE = {
  sibling: 0x01,
  location: 0x02,
  name: 0x03,
  statements: 0x10,
  low: 0x11,
  folder: 0x1b,
  origin: 0x31,
  declaration: 0x3c,
  file: 0x3a,
  line: 0x3b,
  specification: 0x47,
  stringOffsets: 0x72,
  addressBase: 0x73,
};
/** Types, whose members are defined elsewhere and refer to them, and inlined calls, whose statics stand in the function itself. */
const SKIPPED_TAGS = new Set([0x13, 0x02, 0x17, 0x04, 0x15, 0x01, 0x38, 0x1d]);
/** A chain of references (concrete, abstract, declaration) is no longer. */
const LONGEST_CHAIN = 4;

/** Reads all units; a broken one ends the reading with a note. */
export function readPlaces(elf: ElfFile, progress: Progress = () => {}): Places {
  const places: Places = { byAddress: new Map(), byThreadOffset: new Map(), units: [], notes: [] };
  let reader: PlaceReader;
  try {
    reader = new PlaceReader(elf, places);
  } catch (error) {
    places.notes.push(error instanceof Error ? error.message : String(error));
    return places;
  }
  reader.readAll(progress);
  return places;
}

class PlaceReader {
  readonly #places: Places;
  readonly #sections: UnitSections;
  readonly #lines: Buffer;
  readonly #abbreviations: AbbreviationTables;
  readonly #starts: UnitHeader[] = [];
  /** Units that others refer to, by their place. */
  readonly #units = new Map<number, Unit>();
  readonly #files = new Map<string, string[]>();

  constructor(elf: ElfFile, places: Places) {
    this.#places = places;
    this.#sections = {
      info: debugSection(elf, 'info'),
      strings: debugSection(elf, 'str'),
      lineStrings: debugSection(elf, 'line_str'),
      stringOffsets: debugSection(elf, 'str_offsets'),
      addresses: debugSection(elf, 'addr'),
    };
    this.#lines = debugSection(elf, 'line');
    this.#abbreviations = new AbbreviationTables(debugSection(elf, 'abbrev'));
  }

  readAll(progress: Progress): void {
    const { info } = this.#sections;
    try {
      for (let at = 0; at + 11 < info.length; ) {
        const header = readUnitHeader(info, at);
        this.#starts.push(header);
        at = header.end;
      }
    } catch (error) {
      this.#complain(error);
    }
    for (const header of this.#starts) {
      progress('Reading sources', header.begin / info.length);
      try {
        this.#readUnit(header);
      } catch (error) {
        this.#complain(error);
        return;
      }
    }
  }

  #complain(error: unknown): void {
    if (!(error instanceof RangeError) && (error as NodeJS.ErrnoException).code !== 'ERR_OUT_OF_RANGE') {
      throw error;
    }
    this.#places.notes.push(
      'A part of the debug information is broken or of an unknown form: some sources cannot be told.',
    );
  }

  #readUnit(header: UnitHeader): void {
    const unit = new Unit(this.#sections, header, this.#abbreviations.at(header.abbreviations));
    const root = unit.entry();
    if (!root) {
      return;
    }
    unit.readRoot(root);
    const index = this.#places.units.length;
    const source = resolved(unit.folder, unit.name || '[no name]');
    this.#places.units.push({ source, bytes: header.end - header.begin });
    const { reader } = unit;
    let depth = root.hasChildren ? 1 : 0;
    while (depth > 0 && reader.position < header.end) {
      const at = reader.position;
      const abbreviation = unit.entry();
      if (!abbreviation) {
        depth--;
      } else if (abbreviation.tag === TAG.subprogram || abbreviation.tag === TAG.variable) {
        this.#readThing(unit, abbreviation, at, index);
        depth += abbreviation.hasChildren ? 1 : 0;
      } else if (abbreviation.hasChildren && SKIPPED_TAGS.has(abbreviation.tag)) {
        const sibling = unit.sibling(abbreviation);
        if (sibling > reader.position && sibling <= header.end) {
          reader.position = sibling;
        } else {
          depth++;
        }
      } else {
        reader.skip(abbreviation);
        depth += abbreviation.hasChildren ? 1 : 0;
      }
    }
  }

  #readThing(unit: Unit, abbreviation: Abbreviation, at: number, index: number): void {
    const facts = unit.facts(abbreviation);
    if (facts.address === undefined) {
      return;
    }
    const known: KnownPlace = { unit: index };
    let current: Facts = facts;
    let place = this.#place(unit, facts);
    for (let hops = 0; hops < LONGEST_CHAIN && (current.origin || current.specification); hops++) {
      const target = current.origin ?? current.specification ?? at;
      const isDeclaration = current.origin === undefined;
      const next = this.#factsAt(unit, target);
      if (!next) {
        break;
      }
      const its = this.#place(next.unit, next.facts);
      if (!place) {
        place = its;
      } else if (its && isDeclaration && (its.file !== place.file || its.line !== place.line)) {
        known.declaration = its;
      }
      current = next.facts;
    }
    if (place) {
      known.definition = place;
    }
    const map = facts.isThreadLocal ? this.#places.byThreadOffset : this.#places.byAddress;
    // Functions that the linker dropped stand at address 0, those that it merged at one address: the first is as good.
    if (!map.has(facts.address) && (facts.address !== 0 || facts.isThreadLocal)) {
      map.set(facts.address, known);
    }
  }

  /** The entry at `target`, in this unit or in another one. */
  #factsAt(unit: Unit, target: number): { unit: Unit; facts: Facts } | undefined {
    const isHere = target >= unit.header.begin && target < unit.header.end;
    const owner = isHere ? unit : this.#unitAt(target);
    if (!owner) {
      return undefined;
    }
    const back = owner.reader.position;
    owner.reader.position = target;
    const abbreviation = owner.entry();
    const facts = abbreviation && owner.facts(abbreviation);
    owner.reader.position = back;
    return facts && { unit: owner, facts };
  }

  /** The unit around `target`. With link-time optimisation most references lead to another one. */
  #unitAt(target: number): Unit | undefined {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] as UnitHeader).begin <= target) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const header = this.#starts[low - 1];
    if (!header || target >= header.end) {
      return undefined;
    }
    let unit = this.#units.get(header.begin);
    if (!unit) {
      unit = new Unit(this.#sections, header, this.#abbreviations.at(header.abbreviations));
      const root = unit.entry();
      if (root) {
        unit.readRoot(root);
      }
      this.#units.set(header.begin, unit);
    }
    return unit;
  }

  #place(unit: Unit, facts: Facts): SourcePlace | undefined {
    if (facts.file === undefined || facts.line === undefined) {
      return undefined;
    }
    const file = this.#fileNames(unit)[facts.file];
    return file ? { file, line: facts.line } : undefined;
  }

  #fileNames(unit: Unit): string[] {
    const key = `${unit.statements} ${unit.folder}`;
    let files = this.#files.get(key);
    if (!files) {
      files = [];
      if (unit.statements !== undefined && unit.statements < this.#lines.length) {
        try {
          const { strings, lineStrings } = this.#sections;
          const header = readLineHeader(new ByteReader(this.#lines, unit.statements), { strings, lineStrings });
          files = header.files.map((file) => (file === '' ? '' : resolved(unit.folder, file)));
        } catch (error) {
          this.#complain(error);
        }
      }
      this.#files.set(key, files);
    }
    return files;
  }
}

/** What is read of a function or variable. */
interface Facts {
  address?: number;
  isThreadLocal?: boolean;
  file?: number;
  line?: number;
  origin?: number;
  specification?: number;
}

class Unit {
  readonly header: UnitHeader;
  readonly reader: EntryReader;
  readonly #abbreviations: (Abbreviation | undefined)[];
  name = '';
  folder = '';
  statements: number | undefined;

  constructor(sections: UnitSections, header: UnitHeader, abbreviations: (Abbreviation | undefined)[]) {
    this.header = header;
    this.reader = new EntryReader(sections, header);
    this.#abbreviations = abbreviations;
  }

  /** The kind of the entry at the reader's position; undefined at the end of a list of children. */
  entry(): Abbreviation | undefined {
    const code = this.reader.uleb();
    if (code === 0) {
      return undefined;
    }
    const abbreviation = this.#abbreviations[code];
    if (!abbreviation) {
      throw new RangeError(`unknown abbreviation ${code}`);
    }
    return abbreviation;
  }

  readRoot({ attributes, constants }: Abbreviation): void {
    const { reader } = this;
    const start = reader.position;
    // Bases first: names may go through them.
    for (let index = 0; index < attributes.length; index += 2) {
      const form = attributes[index + 1] as number;
      if (attributes[index] === ATTRIBUTE.stringOffsets) {
        reader.stringOffsetsBase = reader.number(form, constants[index >> 1]);
      } else if (attributes[index] === ATTRIBUTE.addressBase) {
        reader.addressBase = reader.number(form, constants[index >> 1]);
      } else {
        reader.skipForm(form);
      }
    }
    reader.position = start;
    for (let index = 0; index < attributes.length; index += 2) {
      const form = attributes[index + 1] as number;
      switch (attributes[index]) {
        case ATTRIBUTE.name:
          this.name = reader.text(form);
          break;
        case ATTRIBUTE.folder:
          this.folder = reader.text(form);
          break;
        case ATTRIBUTE.statements:
          this.statements = reader.number(form, constants[index >> 1]);
          break;
        default:
          reader.skipForm(form);
      }
    }
  }

  /** The place of the next entry on the same level; 0 when it is not told. Leaves the reader past the attributes. */
  sibling({ attributes, constants }: Abbreviation): number {
    let sibling = 0;
    for (let index = 0; index < attributes.length; index += 2) {
      const form = attributes[index + 1] as number;
      if (attributes[index] === ATTRIBUTE.sibling) {
        sibling = this.reader.number(form, constants[index >> 1]);
      } else {
        this.reader.skipForm(form);
      }
    }
    return sibling;
  }

  facts({ attributes, constants }: Abbreviation): Facts {
    const { reader } = this;
    const facts: Facts = {};
    for (let index = 0; index < attributes.length; index += 2) {
      const form = attributes[index + 1] as number;
      switch (attributes[index]) {
        case ATTRIBUTE.low:
          facts.address = reader.number(form, undefined);
          break;
        case ATTRIBUTE.location: {
          const found = reader.fixedLocation(form);
          if (found) {
            facts.address = found.address;
            facts.isThreadLocal = found.isThreadLocal;
          }
          break;
        }
        case ATTRIBUTE.file:
          facts.file = reader.number(form, constants[index >> 1]);
          break;
        case ATTRIBUTE.line:
          facts.line = reader.number(form, constants[index >> 1]);
          break;
        case ATTRIBUTE.origin:
          facts.origin = reader.number(form, undefined);
          break;
        case ATTRIBUTE.specification:
          facts.specification = reader.number(form, undefined);
          break;
        default:
          reader.skipForm(form);
      }
    }
    return facts;
  }
}

function resolved(folder: string, path: string): string {
  return posix.normalize(path.startsWith('/') || folder === '' ? path : `${folder}/${path}`);
}
