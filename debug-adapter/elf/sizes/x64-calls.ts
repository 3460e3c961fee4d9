/**
 * Direct references between functions of one section, which an assembler resolves by itself and leaves no relocation for: found in
 * x86-64's bytes. Not a disassembler: what looks like a call counts only when it leads to the very beginning of a function.
 */

const CALL = 0xe8;
const JUMP = 0xe9;
const TWO_BYTES = 0x0f;
const LOAD_ADDRESS = 0x8d;

/** A reference from `place`, where its four bytes stand, to `target`; both are offsets in the section. */
export interface DirectReference {
  place: number;
  target: number;
  kind: 'call' | 'jump' | 'address';
}

/** References to places that `isStart` knows. */
export function findDirectReferences(code: Buffer, isStart: (offset: number) => boolean): DirectReference[] {
  const found: DirectReference[] = [];
  for (let at = 0; at + 5 <= code.length; at++) {
    const byte = code[at] as number;
    let place = 0;
    if (byte === CALL || byte === JUMP) {
      place = at + 1;
    } else if (byte === TWO_BYTES && ((code[at + 1] as number) & 0xf0) === 0x80) {
      place = at + 2;
    } else if (byte === LOAD_ADDRESS && ((code[at + 1] as number) & 0xc7) === 5) {
      place = at + 2;
    } else {
      continue;
    }
    if (place + 4 <= code.length) {
      const target = place + 4 + code.readInt32LE(place);
      if (target >= 0 && target < code.length && isStart(target)) {
        const kind = byte === CALL ? 'call' : byte === LOAD_ADDRESS ? 'address' : 'jump';
        found.push({ place, target, kind });
      }
    }
  }
  return found;
}
