/** What the entries of .debug_info look like (DWARF 5, section 7.5.3). */
import { ByteReader } from '../../byte-reader.ts';

/** One kind of entry. */
export interface Abbreviation {
  tag: number;
  hasChildren: boolean;
  /** Attribute and form in turn. */
  attributes: Uint16Array;
  /** Values of DW_FORM_implicit_const, by the attribute's place. */
  constants: number[];
}

/** Tables by their place in .debug_abbrev, each read once. */
export class AbbreviationTables {
  readonly #bytes: Buffer;
  readonly #tables = new Map<number, (Abbreviation | undefined)[]>();

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Abbreviations by code. @throws RangeError when the table is broken. */
  at(offset: number): (Abbreviation | undefined)[] {
    let table = this.#tables.get(offset);
    if (!table) {
      table = readTable(new ByteReader(this.#bytes, offset));
      this.#tables.set(offset, table);
    }
    return table;
  }
}

const IMPLICIT_CONSTANT = 0x21;
/** Compilers number from 1; a higher code is a broken table. */
const LARGEST_CODE = 1 << 20;

function readTable(reader: ByteReader): (Abbreviation | undefined)[] {
  const table: (Abbreviation | undefined)[] = [];
  for (let code = reader.uleb(); code !== 0; code = reader.uleb()) {
    if (code > LARGEST_CODE) {
      throw new RangeError('abbreviation code too high');
    }
    const tag = reader.uleb();
    const hasChildren = reader.u8() !== 0;
    const attributes: number[] = [];
    const constants: number[] = [];
    for (;;) {
      const attribute = reader.uleb();
      const form = reader.uleb();
      if (form === IMPLICIT_CONSTANT) {
        constants[attributes.length >> 1] = reader.sleb();
      }
      if (attribute === 0 && form === 0) {
        break;
      }
      attributes.push(attribute, form);
    }
    table[code] = { tag, hasChildren, attributes: Uint16Array.from(attributes), constants };
  }
  return table;
}
