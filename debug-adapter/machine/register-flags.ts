/** Flags of x86-64 registers as gdb's target descriptions tell them (GDB manual, "Target Description Format"), named as QEMU does. */

/** Bits by name: one, or the first and the last. Intel SDM volume 3, "System Flags" and "Control Registers". */
type Fields = Record<string, number | [number, number]>;

// biome-ignore format: a row of bits says more
const EFLAGS: Fields = {
  ID: 21, VIP: 20, VIF: 19, AC: 18, VM: 17, RF: 16, NT: 14, IOPL: [12, 13],
  OF: 11, DF: 10, IF: 9, TF: 8, SF: 7, ZF: 6, AF: 4, PF: 2, CF: 0,
};
const CR0: Fields = { PG: 31, CD: 30, NW: 29, AM: 18, WP: 16, NE: 5, ET: 4, TS: 3, EM: 2, MP: 1, PE: 0 };
const CR3: Fields = { PDBR: [12, 63], PCID: [0, 11] };
// biome-ignore format: a row of bits says more
const CR4: Fields = {
  PKE: 22, SMAP: 21, SMEP: 20, OSXSAVE: 18, PCIDE: 17, FSGSBASE: 16, SMXE: 14, VMXE: 13, LA57: 12, UMIP: 11,
  OSXMMEXCPT: 10, OSFXSR: 9, PCE: 8, PGE: 7, MCE: 6, PAE: 5, PSE: 4, DE: 3, TSD: 2, PVI: 1, VME: 0,
};

/** XML that defines `x64_eflags`, `x64_cr0`, `x64_cr3` and `x64_cr4` within a feature. */
export const FLAGS_TYPES = [
  describe('x64_eflags', 4, EFLAGS),
  describe('x64_cr0', 8, CR0),
  describe('x64_cr3', 8, CR3),
  describe('x64_cr4', 8, CR4),
].join('');

/** @param size in bytes */
function describe(id: string, size: 4 | 8, fields: Fields): string {
  const lines = Object.entries(fields).map(([name, bits]) => {
    const [start, end] = typeof bits === 'number' ? [bits, bits] : bits;
    return `<field name="${name}" start="${start}" end="${end}"/>`;
  });
  return `<flags id="${id}" size="${size}">${lines.join('')}</flags>`;
}
