import { type Aliases, Needs } from './needs.ts';
import { StructReader } from './struct-reader.ts';

/** Types as DWARF tells them: what `layouts.py` answers, and what the cache keeps. */
export interface LayoutFile {
  types: TypeLayout[];
  /** Type name → index. */
  names: Record<string, number>;
  /** Variable → index of its type. */
  variables: Record<string, number>;
  /** Linker name → C++ name, where they differ. */
  demangled: Record<string, string>;
  /** What was asked for and is not there: `type sprout::Thread`. */
  missing: string[];
}

export type TypeLayout =
  | StructLayout
  | { kind: 'pointer'; size: number; target: string }
  | { kind: 'array'; size: number; element: number; count: number }
  | { kind: 'enum'; name: string; size: number; signed: boolean; values: Record<string, number> }
  | { kind: 'bool'; size: number }
  | { kind: 'integer'; name: string; size: number; signed: boolean }
  | { kind: 'float'; size: number }
  | { kind: 'other'; name: string; size: number };

export interface StructLayout {
  kind: 'struct';
  name: string;
  size: number;
  fields: FieldLayout[];
  templateArguments?: string[];
}

export interface FieldLayout {
  /** Empty for an anonymous struct or union. */
  name: string;
  offset: number;
  type: number;
  base?: true;
  bitOffset?: number;
  bitSize?: number;
}

/** A type or a field that the debug information lacks; the message is one sentence. */
export class MissingLayout extends Error {
  constructor(what: string) {
    super(`The kernel's debug information has no ${what}.`);
    this.name = 'MissingLayout';
  }
}

/** A place inside a type: where, and what stands there. */
export interface ResolvedField {
  offset: number;
  type: TypeLayout;
  bitOffset?: number;
  bitSize?: number;
}

/** Stands for a field that is not there, while what a build lacks is surveyed. */
export const ABSENT: ResolvedField = { offset: 0, type: { kind: 'integer', name: 'absent', size: 8, signed: true } };
const ABSENT_STRUCT: StructLayout = { kind: 'struct', name: 'absent', size: 8, fields: [] };

export interface LayoutOptions {
  aliases?: Aliases | undefined;
  /** Nothing is thrown for what is missing: all that is asked for is noted in `needs`. What is read by such layouts means nothing. */
  isSurvey?: boolean;
}

/** The layouts of one kernel build. */
export class Layouts {
  readonly #file: LayoutFile;
  readonly #aliases: Aliases;
  readonly #isSurvey: boolean;
  /** Columns that this build cannot tell, one sentence each. Readers add to it. */
  readonly notes = new Set<string>();
  readonly needs = new Needs();

  constructor(file: LayoutFile, { aliases = {}, isSurvey = false }: LayoutOptions = {}) {
    this.#file = file;
    this.#aliases = aliases;
    this.#isSurvey = isSurvey;
  }

  type(index: number): TypeLayout {
    const type = this.#file.types[index];
    if (!type) {
      throw new MissingLayout(`type number ${index}`);
    }
    return type;
  }

  has(name: string): boolean {
    return this.#file.names[name] !== undefined;
  }

  /** A reader of `name`, to be compiled once. @throws MissingLayout when there is no such struct. */
  struct(name: string): StructReader {
    return new StructReader(this, name, this.#structOf('type', name, this.#file.names));
  }

  /** A reader of the type of a variable: for spellings that only the compiler knows. */
  variable(name: string): StructReader {
    return new StructReader(this, name, this.#structOf('variable', name, this.#file.variables));
  }

  /** A reader of one element of an array that is a member of a variable: for elements that are read one by one. */
  elementOf(variable: string, path: string): StructReader {
    const holder = this.#structOf('variable', variable, this.#file.variables);
    const field = this.field(variable, holder, path);
    const element = field.type.kind === 'array' ? this.type(field.type.element) : undefined;
    if (field === ABSENT) {
      return new StructReader(this, `${variable}.${path}`, ABSENT_STRUCT);
    }
    if (element?.kind !== 'struct') {
      throw new MissingLayout(`array ${variable}.${path}`);
    }
    return new StructReader(this, `${variable}.${path}`, element);
  }

  /** The type of a variable, whatever it is. */
  variableType(name: string): TypeLayout {
    const index = this.#find('variable', name, this.#file.variables);
    return index === undefined ? ABSENT.type : this.type(index);
  }

  /** Value → name of an enumeration. @throws MissingLayout. */
  enumeration(name: string): Map<number, string> {
    const index = this.#find('type', name, this.#file.names);
    const type = this.#file.types[index ?? -1];
    if (index === undefined) {
      return new Map();
    }
    if (type?.kind !== 'enum') {
      throw new MissingLayout(`enumeration ${name}`);
    }
    return new Map(Object.entries(type.values).map(([text, value]) => [value, text]));
  }

  demangle(linkerName: string): string {
    return this.#file.demangled[linkerName] ?? linkerName;
  }

  /** Resolves `wait.link.next` through members, bases and anonymous unions; undefined when a step is missing. */
  resolve(layout: StructLayout, path: string): ResolvedField | undefined {
    let current: ResolvedField = { offset: 0, type: layout };
    for (const step of path.split('.')) {
      if (current.type.kind !== 'struct') {
        return undefined;
      }
      const found = this.#member(current.type, step);
      if (!found) {
        return undefined;
      }
      current = { ...found, offset: current.offset + found.offset };
    }
    return current;
  }

  /**
   * The field of a structure, by its name or by an alias.
   * @param owner what readers call the structure
   * @throws MissingLayout when there is none.
   */
  field(owner: string, layout: StructLayout, path: string): ResolvedField {
    const found = this.#fieldIfAny(owner, layout, path, false);
    if (!found && !this.#isSurvey) {
      throw new MissingLayout(`field ${owner}.${path}`);
    }
    return found ?? ABSENT;
  }

  /** The same for one without which a column is missing, and nothing else. */
  optionalField(owner: string, layout: StructLayout, path: string): ResolvedField | undefined {
    return this.#fieldIfAny(owner, layout, path, true);
  }

  #fieldIfAny(owner: string, layout: StructLayout, path: string, isOptional: boolean): ResolvedField | undefined {
    const name = `${owner}.${path}`;
    for (const candidate of [path, ...(this.#aliases[name] ?? [])]) {
      const found = this.resolve(layout, candidate);
      if (found) {
        this.needs.note('field', name, candidate === path ? name : `${owner}.${candidate}`, isOptional);
        return found;
      }
    }
    // Of a structure that is not there, that is told.
    if (layout !== ABSENT_STRUCT) {
      this.needs.note('field', name, undefined, isOptional);
    }
    return undefined;
  }

  /** The scalar inside wrappers of its own size: `std::atomic<T*>`, `std::chrono::duration`. */
  unwrap(field: ResolvedField): ResolvedField {
    let current = field;
    for (let depth = 0; depth < 8 && current.type.kind === 'struct'; depth++) {
      const { size, fields } = current.type;
      const inner = fields.find((candidate) => candidate.offset === 0 && this.type(candidate.type).size === size);
      if (!inner) {
        break;
      }
      current = { ...current, type: this.type(inner.type) };
    }
    return current;
  }

  /** The type of something by its name or by an alias; undefined only in a survey. @throws MissingLayout. */
  #find(kind: 'type' | 'variable', name: string, indexes: Record<string, number>): number | undefined {
    const as = [name, ...(this.#aliases[name] ?? [])].find((candidate) => indexes[candidate] !== undefined);
    this.needs.note(kind, name, as);
    if (as === undefined && !this.#isSurvey) {
      throw new MissingLayout(`${kind} ${name}`);
    }
    return as === undefined ? undefined : indexes[as];
  }

  #structOf(kind: 'type' | 'variable', name: string, indexes: Record<string, number>): StructLayout {
    const index = this.#find(kind, name, indexes);
    return index === undefined ? ABSENT_STRUCT : this.#structAt(index, name);
  }

  #structAt(index: number, name: string): StructLayout {
    const type = this.type(index);
    if (type.kind !== 'struct') {
      throw new MissingLayout(`struct ${name}`);
    }
    return type;
  }

  #member(layout: StructLayout, name: string): ResolvedField | undefined {
    for (const field of layout.fields) {
      const type = this.type(field.type);
      if (field.name === name && !field.base) {
        const place: ResolvedField = { offset: field.offset, type };
        if (field.bitSize !== undefined && field.bitOffset !== undefined) {
          place.bitOffset = field.bitOffset;
          place.bitSize = field.bitSize;
        }
        return place;
      }
      if ((field.base || field.name === '') && type.kind === 'struct') {
        const inner = this.#member(type, name);
        if (inner) {
          return { ...inner, offset: field.offset + inner.offset };
        }
      }
    }
    return undefined;
  }
}
