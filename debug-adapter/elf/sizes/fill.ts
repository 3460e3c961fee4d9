/** Whether bytes are only fill: zeros, or what an assembler puts between functions. */

const AARCH64 = 183;
const AARCH64_NOP = 0xd503201f;

/** Whether all of `bytes[from, to)` is zero. */
export function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    if (bytes[at] !== 0) {
      return false;
    }
  }
  return true;
}

/** Whether `bytes[from, to)` of a section with code is nothing but zeros, traps and no-ops. */
export function isCodeFill(bytes: Uint8Array, from: number, to: number, machine: number): boolean {
  return machine === AARCH64 ? isAarch64Fill(bytes, from, to) : isX86Fill(bytes, from, to);
}

function isAarch64Fill(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 4) {
    const word =
      ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>>
      0;
    if (word !== 0 && word !== AARCH64_NOP) {
      return false;
    }
  }
  return true;
}

/** Intel's no-ops: 90, and `0f 1f /0` with any prefixes and operand (SDM volume 2B, NOP); cc is int3; 00 is what linkers put. */
function isX86Fill(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  while (at < to) {
    const byte = bytes[at] as number;
    if (byte === 0x90 || byte === 0xcc || byte === 0 || byte === 0x66 || byte === 0x2e) {
      at++;
    } else if (byte === 0x0f && bytes[at + 1] === 0x1f) {
      at += 2 + operandLength(bytes[at + 2] ?? 0, bytes[at + 3] ?? 0);
    } else {
      return false;
    }
  }
  return true;
}

/** Bytes of ModRM, SIB and displacement. */
function operandLength(modrm: number, sib: number): number {
  const mode = modrm >> 6;
  const hasSib = mode !== 3 && (modrm & 7) === 4;
  const base = 1 + (hasSib ? 1 : 0);
  if (mode === 1) {
    return base + 1;
  }
  const isWide = mode === 2 || (mode === 0 && ((modrm & 7) === 5 || (hasSib && (sib & 7) === 5)));
  return base + (isWide ? 4 : 0);
}
