/** Entries of .debug_info, read in order (DWARF 4 and 5): tags, and the few attributes that tell where code is. */
import { ByteReader } from './byte-reader.ts';

export const TAG = { lexicalBlock: 0x0b, unit: 0x11, inlined: 0x1d, subprogram: 0x2e, namespace: 0x39 };
export const ATTRIBUTE = {
  sibling: 0x01,
  lines: 0x10,
  low: 0x11,
  high: 0x12,
  ranges: 0x55,
  callFile: 0x58,
  callLine: 0x59,
};
const WANTED: ReadonlySet<number> = new Set(Object.values(ATTRIBUTE));

const FORM_ADDRESS = 0x01;
const FORM_BLOCK_2 = 0x03;
const FORM_BLOCK_4 = 0x04;
const FORM_STRING = 0x08;
const FORM_BLOCK_1 = 0x0a;
const FORM_IMPLICIT = 0x21;
/** Bytes of forms that have a fixed length. */
const LENGTHS: Record<number, number> = {
  5: 2,
  6: 4,
  7: 8,
  11: 1,
  12: 1,
  14: 4,
  16: 4,
  17: 1,
  18: 2,
  19: 4,
  20: 8,
  23: 4,
  25: 0,
  28: 4,
  29: 4,
  30: 16,
  31: 4,
  32: 8,
  36: 8,
  37: 1,
  38: 2,
  39: 3,
  40: 4,
  41: 1,
  42: 2,
  43: 3,
  44: 4,
  7968: 4,
  7969: 4,
};
/** Forms that are one LEB128, and those of which one tells the length. */
const LEB_FORMS: ReadonlySet<number> = new Set([13, 15, 21, 26, 27, 34, 35]);
const BLOCK_FORMS: ReadonlySet<number> = new Set([9, 24]);

interface Declaration {
  tag: number;
  hasChildren: boolean;
  attributes: { name: number; form: number; implicit: number }[];
}

/** One entry: its tag, and the values of what is wanted, with the form of its end. */
export interface Entry {
  tag: number;
  hasChildren: boolean;
  values: ReadonlyMap<number, number>;
  /** Whether `high` is an address, not a length. */
  isHighAddress: boolean;
}

/** What the entries of a unit look like. */
export function readDeclarations(bytes: Buffer): ReadonlyMap<number, Declaration> {
  const reader = new ByteReader(bytes);
  const declarations = new Map<number, Declaration>();
  for (let code = reader.uleb(); code !== 0; code = reader.uleb()) {
    const declaration: Declaration = { tag: reader.uleb(), hasChildren: reader.u8() === 1, attributes: [] };
    for (let name = reader.uleb(), form = reader.uleb(); name !== 0 || form !== 0; ) {
      declaration.attributes.push({ name, form, implicit: form === FORM_IMPLICIT ? reader.sleb() : 0 });
      name = reader.uleb();
      form = reader.uleb();
    }
    declarations.set(code, declaration);
  }
  return declarations;
}

/** The next entry; undefined at the end of a list of siblings. @throws RangeError in a broken unit. */
export function readEntry(reader: ByteReader, declarations: ReadonlyMap<number, Declaration>): Entry | undefined {
  const code = reader.uleb();
  if (code === 0) {
    return undefined;
  }
  const declaration = declarations.get(code);
  if (!declaration) {
    throw new RangeError(`entry of the unknown kind ${code}`);
  }
  const values = new Map<number, number>();
  let isHighAddress = false;
  for (const { name, form, implicit } of declaration.attributes) {
    const value = readValue(reader, form, implicit);
    if (WANTED.has(name)) {
      values.set(name, value);
      isHighAddress ||= name === ATTRIBUTE.high && form === FORM_ADDRESS;
    }
  }
  return { tag: declaration.tag, hasChildren: declaration.hasChildren, values, isHighAddress };
}

/** Passes over the children of an entry that was just read. `begin` is where its unit begins. */
export function skipChildren(
  reader: ByteReader,
  declarations: ReadonlyMap<number, Declaration>,
  entry: Entry,
  begin: number,
): void {
  const sibling = entry.values.get(ATTRIBUTE.sibling);
  if (!entry.hasChildren) {
    return;
  }
  if (sibling !== undefined) {
    reader.position = begin + sibling;
    return;
  }
  for (let child = readEntry(reader, declarations); child; child = readEntry(reader, declarations)) {
    skipChildren(reader, declarations, child, begin);
  }
}

/** The value of a number; 0 of what is none. */
function readValue(reader: ByteReader, form: number, implicit: number): number {
  const length = LENGTHS[form];
  if (length !== undefined) {
    return readNumber(reader, length);
  }
  if (form === FORM_ADDRESS) {
    return reader.address(8);
  }
  if (LEB_FORMS.has(form)) {
    return reader.uleb();
  }
  if (form === FORM_IMPLICIT) {
    return implicit;
  }
  if (form === FORM_STRING) {
    reader.position = reader.bytes.indexOf(0, reader.position) + 1;
    return 0;
  }
  const skipped = blockLength(reader, form);
  reader.position += skipped;
  return 0;
}

function readNumber(reader: ByteReader, length: number): number {
  if (length === 1) {
    return reader.u8();
  }
  if (length === 2) {
    return reader.u16();
  }
  if (length === 4) {
    return reader.u32();
  }
  if (length === 8) {
    return reader.u64();
  }
  reader.position += length;
  return 0;
}

function blockLength(reader: ByteReader, form: number): number {
  if (BLOCK_FORMS.has(form)) {
    return reader.uleb();
  }
  switch (form) {
    case FORM_BLOCK_1:
      return reader.u8();
    case FORM_BLOCK_2:
      return reader.u16();
    case FORM_BLOCK_4:
      return reader.u32();
    default:
      throw new RangeError(`value of the unknown form ${form}`);
  }
}
