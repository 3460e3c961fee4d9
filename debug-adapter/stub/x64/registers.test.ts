import { describe, expect, test } from 'vitest';
import { CpuRegisters, isX64, parkedRegisterSet } from './registers.ts';

const LENGTH = 1216;

describe('CpuRegisters', () => {
  test('reads back what a parked thread is given, high addresses too', () => {
    const registers = parkedRegisterSet(
      { rip: 0xffffffff80001234n, rsp: 0xffff800000001000n, rbp: 8n, eflags: 0x202n },
      LENGTH,
    );
    expect(registers.hex).toHaveLength(LENGTH);
    expect(registers.rip).toBe(0xffffffff80001234n);
    expect(registers.rsp).toBe(0xffff800000001000n);
    expect(registers.rbp).toBe(8n);
    expect(registers.value(17)).toBe(0x202n);
    expect(registers.expedited()).toBe(
      '06:0800000000000000;07:0010000000 80ffff;10:34120080ffffffff;11:02020000;'.replace(' ', ''),
    );
  });

  test('marks every other register as not available', () => {
    const registers = parkedRegisterSet({ rip: 1n }, LENGTH);
    expect(registers.digits(0)).toBe('x'.repeat(16));
    expect(registers.digits(18)).toBe('x'.repeat(8));
    expect(registers.hex.slice(-8)).toBe('x'.repeat(8));
  });

  test('has no register beyond the segments, or beyond a short reply', () => {
    expect(new CpuRegisters('00'.repeat(400)).value(24)).toBeUndefined();
    expect(new CpuRegisters('00'.repeat(64)).digits(16)).toBeUndefined();
  });
});

test('isX64 reads the description', () => {
  expect(isX64('<target><architecture>i386:x86-64</architecture></target>')).toBe(true);
  expect(isX64('<target><architecture>aarch64</architecture></target>')).toBe(false);
});
