import { readNotes } from '../../elf/notes.ts';
import { type Address, readSigned64, readUnsigned64 } from '../../guest/address.ts';
import { UnreadableMemory } from '../../guest/memory.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64 } from '../../guest/struct-reader.ts';
import type { LoadedProgram } from '../kernel.ts';
import { type OsvStructures, PROGRAMS } from './structures.ts';

const MOST_PROGRAMS = 10_000;
const LONGEST_PATH = 4096;
/** System V ABI, "Program Header"; few files have more than a dozen. */
const HEADER_SIZE = 56;
const MOST_HEADERS = 64;
const NOTE_SEGMENT = 4;
const LONGEST_NOTES = 4096;
const GNU_BUILD_ID = 3;

/** What OSv's ELF loader has loaded: the application, its libraries, and those that came later by dlopen. */
export class OsvPrograms {
  readonly #layout: Layout;

  constructor(structures: OsvStructures) {
    this.#layout = layoutOf(structures);
  }

  read(snapshot: Snapshot): LoadedProgram[] {
    const layout = this.#layout;
    const place = snapshot.at(layout.list, layout.address);
    const begin = layout.begin(place);
    const count = (layout.end(place) - begin) / 8;
    if (!(Number.isInteger(count) && count > 0 && count <= MOST_PROGRAMS)) {
      return [];
    }
    const { view, offset } = snapshot.place(begin, count * 8);
    const objects = Array.from({ length: count }, (_, index) => signed64(view, offset + index * 8));
    return objects.flatMap((object) => this.#program(snapshot, object, layout) ?? []);
  }

  /** Undefined: it is being taken away. */
  #program(snapshot: Snapshot, object: Address, layout: Layout): LoadedProgram | undefined {
    try {
      const place = snapshot.at(layout.object, object);
      const path = snapshot.text(layout.path(place), LONGEST_PATH);
      const base = layout.base(place);
      const begin = layout.headers(place);
      const length = Math.min(MOST_HEADERS * HEADER_SIZE, Math.max(0, layout.headersEnd(place) - begin));
      const headers = snapshot.read(begin, length);
      const buildId = buildIdOf(snapshot, base, headers);
      return path === undefined || path === ''
        ? undefined
        : { path, base, headers: headers.toString('base64'), ...(buildId !== undefined && { buildId }) };
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        return undefined;
      }
      throw error;
    }
  }
}

/** Undefined where it has none, or where the guest has not read that page of the file yet. */
function buildIdOf(snapshot: Snapshot, base: Address, headers: Buffer): string | undefined {
  for (let at = 0; at + HEADER_SIZE <= headers.length; at += HEADER_SIZE) {
    const length = readUnsigned64(headers, at + 40);
    if (headers.readUInt32LE(at) !== NOTE_SEGMENT || length > LONGEST_NOTES) {
      continue;
    }
    try {
      const notes = readNotes(snapshot.read(base + readSigned64(headers, at + 16), length));
      const found = notes.find(({ name, type }) => name === 'GNU' && type === GNU_BUILD_ID);
      if (found) {
        return found.data.toString('hex');
      }
    } catch (error) {
      if (!(error instanceof UnreadableMemory)) {
        throw error;
      }
    }
  }
  return undefined;
}

type Layout = ReturnType<typeof layoutOf>;

/** @throws MissingLayout. */
function layoutOf(structures: OsvStructures) {
  const { layouts } = structures.facts;
  const list = layouts.variable(PROGRAMS);
  const object = layouts.struct('elf::object');
  return {
    address: structures.symbol(PROGRAMS),
    list,
    begin: list.pointer('_M_impl._M_start'),
    end: list.pointer('_M_impl._M_finish'),
    object,
    path: object.pointer('_pathname._M_dataplus._M_p'),
    base: object.pointer('_base'),
    headers: object.pointer('_phdrs._M_impl._M_start'),
    headersEnd: object.pointer('_phdrs._M_impl._M_finish'),
  };
}
