/**
 * Agent expressions: the byte code to which gdb compiles a breakpoint's condition. Source: GDB 13 manual, appendix F.
 * Only what a condition needs: no tracing, no floating point. Anything else is an error, and then gdb decides the condition itself.
 */

/** Where an expression reads. */
export interface ExpressionContext {
  /** Register `number` as gdb counts; undefined when it cannot be told. */
  register(number: number): bigint | undefined;
  /** `length` bytes (1, 2, 4 or 8) at `address`, little-endian, unsigned; rejects when they cannot be read. */
  memory(address: bigint, length: number): Promise<bigint> | bigint;
}

/** The stub cannot decide; the message says why. */
export class ExpressionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ExpressionError';
  }
}

/** gdb's own limit is 2 KiB for a packet's half; a loop in a condition cannot be written in gdb. */
const MAXIMUM_STEPS = 10_000;
const MAXIMUM_STACK = 256;

const OPERATION = {
  add: 0x02,
  sub: 0x03,
  mul: 0x04,
  divSigned: 0x05,
  divUnsigned: 0x06,
  remSigned: 0x07,
  remUnsigned: 0x08,
  lsh: 0x09,
  rshSigned: 0x0a,
  rshUnsigned: 0x0b,
  logNot: 0x0e,
  bitAnd: 0x0f,
  bitOr: 0x10,
  bitXor: 0x11,
  bitNot: 0x12,
  equal: 0x13,
  lessSigned: 0x14,
  lessUnsigned: 0x15,
  ext: 0x16,
  ref8: 0x17,
  ref16: 0x18,
  ref32: 0x19,
  ref64: 0x1a,
  ifGoto: 0x20,
  goto: 0x21,
  const8: 0x22,
  const16: 0x23,
  const32: 0x24,
  const64: 0x25,
  reg: 0x26,
  end: 0x27,
  dup: 0x28,
  pop: 0x29,
  zeroExt: 0x2a,
  swap: 0x2b,
  pick: 0x32,
  rot: 0x33,
} as const;

type Binary = (a: bigint, b: bigint) => bigint;
const signed = (value: bigint) => BigInt.asIntN(64, value);
const divisor = (value: bigint) => {
  if (value === 0n) {
    throw new ExpressionError('division by zero');
  }
  return value;
};

const BINARY: Readonly<Record<number, Binary>> = {
  [OPERATION.add]: (a, b) => a + b,
  [OPERATION.sub]: (a, b) => a - b,
  [OPERATION.mul]: (a, b) => a * b,
  [OPERATION.divSigned]: (a, b) => signed(a) / divisor(signed(b)),
  [OPERATION.divUnsigned]: (a, b) => a / divisor(b),
  [OPERATION.remSigned]: (a, b) => signed(a) % divisor(signed(b)),
  [OPERATION.remUnsigned]: (a, b) => a % divisor(b),
  [OPERATION.lsh]: (a, b) => (b > 63n ? 0n : a << b),
  [OPERATION.rshSigned]: (a, b) => signed(a) >> (b > 63n ? 63n : b),
  [OPERATION.rshUnsigned]: (a, b) => (b > 63n ? 0n : a >> b),
  [OPERATION.bitAnd]: (a, b) => a & b,
  [OPERATION.bitOr]: (a, b) => a | b,
  [OPERATION.bitXor]: (a, b) => a ^ b,
  [OPERATION.equal]: (a, b) => (a === b ? 1n : 0n),
  [OPERATION.lessSigned]: (a, b) => (signed(a) < signed(b) ? 1n : 0n),
  [OPERATION.lessUnsigned]: (a, b) => (a < b ? 1n : 0n),
};

/** Bytes of memory, or of the operand, for each operation that has such a size. */
const REFERENCE: Readonly<Record<number, number>> = {
  [OPERATION.ref8]: 1,
  [OPERATION.ref16]: 2,
  [OPERATION.ref32]: 4,
  [OPERATION.ref64]: 8,
};
const CONSTANT: Readonly<Record<number, number>> = {
  [OPERATION.const8]: 1,
  [OPERATION.const16]: 2,
  [OPERATION.const32]: 4,
  [OPERATION.const64]: 8,
};

/** Runs `code` and returns the value on top of its stack, unsigned 64-bit. @throws ExpressionError */
export async function evaluateExpression(code: Buffer, context: ExpressionContext): Promise<bigint> {
  const machine = new ExpressionMachine(code);
  for (let steps = 0; steps < MAXIMUM_STEPS; steps++) {
    const operation = machine.operand(1);
    if (operation === OPERATION.end) {
      return machine.pop();
    }
    const size = REFERENCE[operation];
    if (size !== undefined) {
      const value = context.memory(machine.pop(), size);
      machine.push(typeof value === 'bigint' ? value : await value);
    } else if (operation === OPERATION.reg) {
      const number = machine.operand(2);
      const value = context.register(number);
      if (value === undefined) {
        throw new ExpressionError(`register ${number} is not known`);
      }
      machine.push(value);
    } else {
      machine.run(operation);
    }
  }
  throw new ExpressionError('the expression does not end');
}

/** Stack and program counter. */
class ExpressionMachine {
  readonly #code: Buffer;
  readonly #stack: bigint[] = [];
  #at = 0;

  constructor(code: Buffer) {
    this.#code = code;
  }

  /** The next `size` bytes, big-endian. */
  operand(size: 1 | 2 | 4): number {
    if (this.#at + size > this.#code.length) {
      throw new ExpressionError('the expression is cut off');
    }
    this.#at += size;
    return this.#code.readUIntBE(this.#at - size, size);
  }

  push(value: bigint): void {
    if (this.#stack.length >= MAXIMUM_STACK) {
      throw new ExpressionError('the expression needs too deep a stack');
    }
    this.#stack.push(BigInt.asUintN(64, value));
  }

  pop(): bigint {
    const value = this.#stack.pop();
    if (value === undefined) {
      throw new ExpressionError('the expression takes more than it gave');
    }
    return value;
  }

  /** Everything that needs neither memory nor registers. */
  run(operation: number): void {
    const binary = BINARY[operation];
    const constant = CONSTANT[operation];
    if (binary !== undefined) {
      const right = this.pop();
      this.push(binary(this.pop(), right));
    } else if (constant !== undefined) {
      this.push(this.#constant(constant));
    } else {
      this.#other(operation);
    }
  }

  #constant(size: number): bigint {
    if (size < 8) {
      return BigInt(this.operand(size as 1 | 2 | 4));
    }
    const high = BigInt(this.operand(4));
    return (high << 32n) | BigInt(this.operand(4));
  }

  #other(operation: number): void {
    switch (operation) {
      case OPERATION.logNot:
        this.push(this.pop() === 0n ? 1n : 0n);
        break;
      case OPERATION.bitNot:
        this.push(~this.pop());
        break;
      case OPERATION.ext:
        this.push(BigInt.asIntN(this.operand(1), this.pop()));
        break;
      case OPERATION.zeroExt:
        this.push(BigInt.asUintN(this.operand(1), this.pop()));
        break;
      case OPERATION.goto:
        this.#at = this.operand(2);
        break;
      case OPERATION.ifGoto: {
        const target = this.operand(2);
        this.#at = this.pop() === 0n ? this.#at : target;
        break;
      }
      case OPERATION.dup:
        this.#pick(0);
        break;
      case OPERATION.pick:
        this.#pick(this.operand(1));
        break;
      case OPERATION.pop:
        this.pop();
        break;
      case OPERATION.swap:
        this.#rotate(2);
        break;
      case OPERATION.rot:
        this.#rotate(3);
        break;
      default:
        throw new ExpressionError(`operation 0x${operation.toString(16)} is not for conditions`);
    }
  }

  #pick(depth: number): void {
    const value = this.#stack[this.#stack.length - 1 - depth];
    if (value === undefined) {
      throw new ExpressionError('the expression takes more than it gave');
    }
    this.push(value);
  }

  /** Moves the top below the `count - 1` under it: a b c → c a b. */
  #rotate(count: number): void {
    const top = this.pop();
    if (this.#stack.length < count - 1) {
      throw new ExpressionError('the expression takes more than it gave');
    }
    this.#stack.splice(this.#stack.length - (count - 1), 0, top);
  }
}
