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

/** The layouts of one kernel build. */
export class Layouts {
  readonly #file: LayoutFile;
  /** Columns that this build cannot tell, one sentence each. Readers add to it. */
  readonly notes = new Set<string>();

  constructor(file: LayoutFile) {
    this.#file = file;
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
    const index = this.#file.names[name];
    if (index === undefined) {
      throw new MissingLayout(`type ${name}`);
    }
    return new StructReader(this, name, this.#structAt(index, name));
  }

  /** A reader of the type of a variable: for spellings that only the compiler knows. */
  variable(name: string): StructReader {
    const index = this.#file.variables[name];
    if (index === undefined) {
      throw new MissingLayout(`variable ${name}`);
    }
    return new StructReader(this, name, this.#structAt(index, name));
  }

  /** A reader of one element of an array that is a member of a variable: for elements that are read one by one. */
  elementOf(variable: string, path: string): StructReader {
    const field = this.resolve(this.#structAt(this.#file.variables[variable] ?? -1, variable), path);
    const element = field?.type.kind === 'array' ? this.type(field.type.element) : undefined;
    if (element?.kind !== 'struct') {
      throw new MissingLayout(`array ${variable}.${path}`);
    }
    return new StructReader(this, `${variable}.${path}`, element);
  }

  /** The type of a variable, whatever it is. */
  variableType(name: string): TypeLayout {
    const index = this.#file.variables[name];
    if (index === undefined) {
      throw new MissingLayout(`variable ${name}`);
    }
    return this.type(index);
  }

  /** Value → name of an enumeration. @throws MissingLayout. */
  enumeration(name: string): Map<number, string> {
    const type = this.#file.types[this.#file.names[name] ?? -1];
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
