import { describe, expect, test } from 'vitest';
import { type ExpressionContext, ExpressionError, evaluateExpression } from './agent-expression.ts';

const context: ExpressionContext = {
  register: (number) => (number <= 17 ? BigInt(number) * 0x100n : undefined),
  memory: async (address, length) => {
    if (address === 0n) {
      throw new Error('no memory');
    }
    return BigInt.asUintN(length * 8, 0x8877665544332211n);
  },
};
const evaluate = (hex: string) => evaluateExpression(Buffer.from(hex.replaceAll(' ', ''), 'hex'), context);

describe('evaluateExpression', () => {
  test.each([
    ['constants', '22 ff 27', 0xffn],
    ['wide constants', '25 ffffffff80001234 27', 0xffffffff80001234n],
    ['registers and addition', '26 0007 22 08 02 27', 0x708n],
    ['memory of each width', '26 0001 19 27', 0x44332211n],
    ['sign extension', '22 ff 16 08 27', 0xffff_ffff_ffff_ffffn],
    ['zero extension', '25 ffffffffffffff80 2a 08 27', 0x80n],
    ['signed less', '22 ff 16 08 22 01 14 27', 1n],
    ['unsigned less', '22 ff 16 08 22 01 15 27', 0n],
    ['subtraction that wraps', '22 01 22 02 03 27', 0xffff_ffff_ffff_ffffn],
    ['signed division', '22 f8 16 08 22 02 05 27', 0xffff_ffff_ffff_fffcn],
    ['shifts beyond the width', '22 01 22 40 09 27', 0n],
    ['logical not', '22 00 0e 27', 1n],
    ['branches', '22 01 20 0007 22 05 22 06 27', 6n],
    ['swap', '22 08 22 02 2b 03 27', 0xffff_ffff_ffff_fffan],
    ['rot: a b c to c a b', '22 01 22 02 22 03 33 29 03 27', 2n],
    ['pick', '22 07 22 08 32 01 27', 7n],
  ])('%s', async (_name, code, value) => {
    expect(await evaluate(code)).toBe(value);
  });

  test.each([
    ['an empty stack', '02 27'],
    ['a cut-off operand', '24 0000'],
    ['no end', '22 01'],
    ['a loop', '21 0000'],
    ['an unknown register', '26 0040 27'],
    ['tracing', '22 00 0c 27'],
    ['division by zero', '22 01 22 00 05 27'],
    ['a growing stack', '22 01 21 0000'],
  ])('refuses %s', async (_name, code) => {
    await expect(evaluate(code)).rejects.toThrow(ExpressionError);
  });

  test('tells that memory cannot be read', async () => {
    await expect(evaluate('22 00 17 27')).rejects.toThrow('no memory');
  });
});
