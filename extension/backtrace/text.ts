/** Text with code addresses, as kernels print it when they fail: finds them, names them, and tells what can be opened. Pure. */
import type { SymbolPlace } from '../../debug-adapter/protocol.ts';

/** A code address in a line; columns count from 0. */
export interface AddressInLine {
  begin: number;
  end: number;
  /** As it stands there. */
  code: bigint;
  /** Where to look it up: the call lies before the address that it returns to. */
  at: bigint;
}

/** A part of a line that leads to a line of a file. */
export interface Link {
  begin: number;
  end: number;
  file: string;
  /** Counts from 1. */
  line: number;
}

/** A line as it is shown. */
export interface NamedLine {
  text: string;
  links: Link[];
}

/** Addresses of the upper half, and shorter ones only with `0x`: other numbers in a report are no code. */
const ADDRESS = /\b(?:0x[0-9a-f]{6,16}|ffff[0-9a-f]{12})\b/gi;
/** The address of an instruction, not one that a call returns to: of a register dump, or behind a stack's program counter. */
const EXACT = /\b(?:r?ip|pc)[ :=]+(?:[0-9a-f]{4}:|\[?<?)$/i;
/** `fs/vnode.cc:33`, as assertions and named backtraces have it. */
const PLACE = /(?<![\w.+/-])[\w.+/-]+\.(?:cc|cpp|cxx|c|hh|hpp|hxx|h|S|s|rs|inc):(\d{1,7})\b/g;
/** What is looked at of one line. */
const LONGEST_LINE = 4096;

/** The lines of pasted text. A box of one line turns line ends into spaces: frames begin lines again. */
export function linesOf(text: string): string[] {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const isFolded = lines.length === 1 && (text.match(ADDRESS)?.length ?? 0) > 1;
  return isFolded ? text.split(/\s+(?=#\d+:?\s)|(?<=[0-9a-f]{6}\]?)\s+(?=\[?0x[0-9a-f]{6,16}\]?(?:\s|$))/i) : lines;
}

export function hasAddress(text: string): boolean {
  return text.search(ADDRESS) >= 0;
}

/** The addresses of each line. An address that was told to be an instruction's is one wherever it stands. */
export function addressesIn(lines: readonly string[]): AddressInLine[][] {
  const exact = new Set<bigint>();
  return lines.map((line) =>
    [...line.slice(0, LONGEST_LINE).matchAll(ADDRESS)].map(({ 0: digits, index }) => {
      const code = BigInt(digits.startsWith('0') ? digits : `0x${digits}`);
      if (EXACT.test(line.slice(0, index))) {
        exact.add(code);
      }
      const at = exact.has(code) || code === 0n ? code : code - 1n;
      return { begin: index, end: index + digits.length, code, at };
    }),
  );
}

/** Places that a line names by itself. */
export function placesIn(line: string): Link[] {
  return [...line.slice(0, LONGEST_LINE).matchAll(PLACE)].map(({ 0: text, 1: number, index }) => ({
    begin: index,
    end: index + text.length,
    file: text.slice(0, text.lastIndexOf(':')),
    line: Number(number),
  }));
}

/**
 * The line with its addresses as links. The only address of a line that says nothing of it yet is named behind it.
 * @param places of `addresses`, in their order
 * @param shorten a path as people read it
 */
export function namedLine(
  text: string,
  addresses: readonly AddressInLine[],
  places: readonly (SymbolPlace | null)[],
  shorten: (path: string) => string,
): NamedLine {
  const own = placesIn(text);
  const links: Link[] = [...own];
  for (const [index, { begin, end }] of addresses.entries()) {
    const { file, line } = places[index] ?? {};
    if (file !== undefined && line !== undefined) {
      links.push({ begin, end, file, line });
    }
  }
  const [only] = places;
  if (addresses.length !== 1 || !only || own.length > 0 || text.includes(only.symbol)) {
    return { text, links };
  }
  const name = `${text.trimEnd()}  ${only.symbol}`;
  if (only.file === undefined || only.line === undefined) {
    return { text: `${name}+0x${only.offset.toString(16)}`, links };
  }
  const place = `${shorten(only.file)}:${only.line}`;
  const begin = name.length + 2;
  links.push({ begin, end: begin + place.length, file: only.file, line: only.line });
  return { text: `${name} (${place})`, links };
}
