import type { Layouts, ResolvedField, StructLayout, TypeLayout } from './layouts.ts';
import { ABSENT, MissingLayout } from './layouts.ts';
import type { Place } from './physical-cache.ts';

/** Reads one field of the structure that stands at `place`. */
export type Getter<T> = (place: Place) => T;

const TWO_TO_32 = 0x1_0000_0000;

/** Reads 64 bits as a signed number: addresses and counters. */
export function signed64(view: DataView, offset: number): number {
  return view.getInt32(offset + 4, true) * TWO_TO_32 + view.getUint32(offset, true);
}

/** Reads 64 bits as an unsigned number: exact below 2^53. */
export function unsigned64(view: DataView, offset: number): number {
  return view.getUint32(offset + 4, true) * TWO_TO_32 + view.getUint32(offset, true);
}

/**
 * A structure's layout made into plain readers: `const id = reader.number('id')`, once, then `id(place)` for each object.
 * The reader remembers which bytes its getters look at: those are compared when a snapshot is checked, and no others.
 * Getters are made before the first object is read.
 */
export class StructReader {
  readonly name: string;
  readonly size: number;
  /** Pairs of offset and length: what the getters read, merged and ascending. Made at the first use. */
  #ranges: Int32Array | undefined;
  readonly #used: [offset: number, length: number][] = [];
  readonly #layouts: Layouts;
  readonly #layout: StructLayout;
  readonly #parent: { reader: StructReader; offset: number; stride: number; count: number } | undefined;

  constructor(layouts: Layouts, name: string, layout: StructLayout, parent?: StructReader['parent']) {
    this.#layouts = layouts;
    this.name = name;
    this.#layout = layout;
    this.size = layout.size;
    this.#parent = parent;
  }

  /** Where an element of an array stands in the structure that holds it. */
  get parent(): { reader: StructReader; offset: number; stride: number; count: number } | undefined {
    return this.#parent;
  }

  get ranges(): Int32Array {
    this.#ranges ??= merged(this.#used);
    return this.#ranges;
  }

  has(path: string): boolean {
    return this.#layouts.optionalField(this.name, this.#layout, path) !== undefined;
  }

  /** Byte offset of a member: for addresses of what is inside. @throws MissingLayout. */
  offset(path: string): number {
    return this.#field(path).offset;
  }

  /** An integer, enumeration value or boolean as a number; atomics and other wrappers of one scalar included. */
  number(path: string): Getter<number> {
    return this.#number(path, this.#field(path));
  }

  /** Like `number`, but a missing field disables the column: undefined, and a sentence in the notes. */
  optionalNumber(path: string, column: string): Getter<number | undefined> {
    const field = this.#layouts.optionalField(this.name, this.#layout, path);
    if (!field) {
      this.#layouts.notes.add(`${column} cannot be told: ${this.name} has no field ${path} in this build.`);
      return () => undefined;
    }
    return this.#number(path, field);
  }

  /** A pointer, as a signed address; 0 is null. */
  pointer(path: string): Getter<number> {
    const field = this.#layouts.unwrap(this.#field(path));
    if (field.type.size !== 8) {
      throw new MissingLayout(`pointer ${this.name}.${path}`);
    }
    const offset = field.offset;
    this.#use(offset, 8);
    return (place) => signed64(place.view, place.offset + offset);
  }

  boolean(path: string): Getter<boolean> {
    const value = this.number(path);
    return (place) => value(place) !== 0;
  }

  /** The name of an enumeration's value; `unknown (n)` for one that the type does not have. */
  enumeration(path: string): Getter<string> {
    const found = this.#field(path);
    if (found === ABSENT) {
      return () => '';
    }
    const field = this.#layouts.unwrap(found);
    if (field.type.kind !== 'enum') {
      throw new MissingLayout(`enumeration ${this.name}.${path}`);
    }
    const names = new Map(Object.entries(field.type.values).map(([name, value]) => [value, name]));
    const value = this.number(path);
    return (place) => {
      const read = value(place);
      return names.get(read) ?? `unknown (${read})`;
    };
  }

  /** A zero-terminated text in an array of characters. */
  text(path: string): Getter<string> {
    const field = this.#field(path);
    if (field === ABSENT) {
      return () => '';
    }
    if (field.type.kind !== 'array' || this.#layouts.type(field.type.element).size !== 1) {
      throw new MissingLayout(`text ${this.name}.${path}`);
    }
    const { offset } = field;
    const length = field.type.size;
    this.#use(offset, length);
    return (place) => textOf(place.view, place.offset + offset, length);
  }

  /** A reader of the elements of an array of structures inside this one; its bytes count as this reader's. */
  elements(path: string): ElementReader {
    const field = this.#field(path);
    if (field === ABSENT) {
      return { reader: this, count: 0, offset: 0, stride: 0, at: (place) => place };
    }
    const element = field.type.kind === 'array' ? this.#layouts.type(field.type.element) : undefined;
    if (field.type.kind !== 'array' || element?.kind !== 'struct') {
      throw new MissingLayout(`array ${this.name}.${path}`);
    }
    const { offset } = field;
    const { count } = field.type;
    const parent = { reader: this as StructReader, offset, stride: element.size, count };
    const reader = new StructReader(this.#layouts, `${this.name}.${path}`, element, parent);
    return {
      reader,
      count,
      offset,
      stride: element.size,
      at: (place, index) => ({ view: place.view, offset: place.offset + offset + index * element.size }),
    };
  }

  /** The elements of an array of numbers. */
  numbers(path: string): Getter<number[]> {
    const field = this.#field(path);
    if (field === ABSENT) {
      return () => [];
    }
    if (field.type.kind !== 'array') {
      throw new MissingLayout(`array ${this.name}.${path}`);
    }
    const element = this.#layouts.unwrap({ offset: 0, type: this.#layouts.type(field.type.element) });
    const get = numberGetter(element, () => new MissingLayout(`numbers ${this.name}.${path}`));
    const { offset } = field;
    const { count, size } = field.type;
    this.#use(offset, size);
    const stride = count > 0 ? size / count : 0;
    return (place) =>
      Array.from({ length: count }, (_, index) =>
        get({ view: place.view, offset: place.offset + offset + index * stride }),
      );
  }

  /** The type of a member. @throws MissingLayout. */
  typeOf(path: string): TypeLayout {
    return this.#field(path).type;
  }

  #number(path: string, found: ResolvedField): Getter<number> {
    const field = this.#layouts.unwrap(found);
    this.#use(field.offset, field.type.size);
    return numberGetter(field, () => new MissingLayout(`number ${this.name}.${path}`));
  }

  #field(path: string): ResolvedField {
    return this.#layouts.field(this.name, this.#layout, path);
  }

  #use(offset: number, length: number): void {
    this.#used.push([offset, length]);
    this.#ranges = undefined;
    if (this.#parent) {
      const { reader, count, stride } = this.#parent;
      for (let index = 0; index < count; index++) {
        reader.#use(this.#parent.offset + index * stride + offset, length);
      }
    }
  }
}

/** An array of structures inside a structure. */
export interface ElementReader {
  reader: StructReader;
  count: number;
  offset: number;
  stride: number;
  at(place: Place, index: number): Place;
}

function numberGetter(field: ResolvedField, missing: () => Error): Getter<number> {
  const { offset, type, bitOffset, bitSize } = field;
  if (bitOffset !== undefined && bitSize !== undefined) {
    return bitField(bitOffset, bitSize);
  }
  const isSigned = (type.kind === 'integer' || type.kind === 'enum') && type.signed;
  switch (type.size) {
    case 1:
      return isSigned ? (p) => p.view.getInt8(p.offset + offset) : (p) => p.view.getUint8(p.offset + offset);
    case 2:
      return isSigned
        ? (p) => p.view.getInt16(p.offset + offset, true)
        : (p) => p.view.getUint16(p.offset + offset, true);
    case 4:
      return isSigned
        ? (p) => p.view.getInt32(p.offset + offset, true)
        : (p) => p.view.getUint32(p.offset + offset, true);
    case 8:
      return isSigned || type.kind === 'pointer'
        ? (p) => signed64(p.view, p.offset + offset)
        : (p) => unsigned64(p.view, p.offset + offset);
    default:
      throw missing();
  }
}

/** An unsigned bit field of up to 32 bits, little-endian. */
function bitField(bitOffset: number, bitSize: number): Getter<number> {
  const first = bitOffset >> 3;
  const shift = bitOffset & 7;
  const bytes = Math.ceil((shift + bitSize) / 8);
  return (place) => {
    let value = 0;
    for (let index = bytes - 1; index >= 0; index--) {
      value = value * 256 + place.view.getUint8(place.offset + first + index);
    }
    return Math.floor(value / 2 ** shift) % 2 ** bitSize;
  };
}

function textOf(view: DataView, offset: number, length: number): string {
  const bytes = Buffer.from(view.buffer, view.byteOffset + offset, length);
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? length : end);
}

function merged(used: readonly [number, number][]): Int32Array {
  const sorted = [...used].sort((a, b) => a[0] - b[0]);
  const result: number[] = [];
  for (const [offset, length] of sorted) {
    const last = result.length - 2;
    const lastOffset = result[last];
    const lastLength = result[last + 1];
    if (lastOffset !== undefined && lastLength !== undefined && offset <= lastOffset + lastLength) {
      result[last + 1] = Math.max(lastLength, offset + length - lastOffset);
    } else {
      result.push(offset, length);
    }
  }
  return Int32Array.from(result);
}
