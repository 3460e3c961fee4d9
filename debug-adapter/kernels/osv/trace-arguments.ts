/** The arguments of OSv's trace records: include/osv/trace.hh, `serializer` and `signature_char`. */

/** Bytes of each kind of argument, by its letter in a signature; texts are 50 bytes, a blob begins with its length. */
const SIZES: Record<string, number> = {
  c: 1,
  b: 1,
  B: 1,
  '?': 1,
  h: 2,
  H: 2,
  i: 4,
  I: 4,
  f: 4,
  q: 8,
  Q: 8,
  d: 8,
  P: 8,
  p: 50,
  '*': 2,
};
const UNALIGNED = 'cbB?p';

/**
 * Reads the first arguments that are whole numbers, at most two, and where the record ends.
 * @returns undefined for a signature that is not known, or one that does not fit before `end`
 */
export function readArguments(
  view: DataView,
  begin: number,
  end: number,
  signature: string,
): { numbers: number[]; end: number } | undefined {
  const numbers: number[] = [];
  let at = begin;
  for (const letter of signature) {
    const size = SIZES[letter];
    if (size === undefined) {
      return undefined;
    }
    const alignment = UNALIGNED.includes(letter) ? 1 : size;
    at = begin + Math.ceil((at - begin) / alignment) * alignment;
    if (at + size > end) {
      return undefined;
    }
    const number = numbers.length < 2 ? numberAt(view, at, letter) : undefined;
    if (number !== undefined) {
      numbers.push(number);
    }
    at += size + (letter === '*' ? view.getUint16(at, true) : 0);
  }
  return at <= end ? { numbers, end: at } : undefined;
}

function numberAt(view: DataView, at: number, letter: string): number | undefined {
  switch (letter) {
    case 'c':
    case 'b':
      return view.getInt8(at);
    case 'B':
    case '?':
      return view.getUint8(at);
    case 'h':
      return view.getInt16(at, true);
    case 'H':
      return view.getUint16(at, true);
    case 'i':
      return view.getInt32(at, true);
    case 'I':
      return view.getUint32(at, true);
    case 'q':
    case 'Q':
    case 'P':
      return Number(view.getBigInt64(at, true));
    default:
      return undefined;
  }
}
