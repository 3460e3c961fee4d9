import { describe, expect, test } from 'vitest';
import { CallFrames } from './call-frames.ts';

/** What a compiler writes of a function: its length, then where its frame is at each instruction. */
interface Described {
  low: number;
  length: number;
  instructions: number[];
}

const LOW = -0x7ff0_0000;
/** RSP + 8 is the frame at a function's first instruction. */
const AT_ENTRY = [0x0c, 7, 8];
/** One byte on; after a push the frame is at RSP + 16. */
const PUSHED = [0x41, 0x0e, 16];
/** Three bytes on; RBP stands for RSP from then on. */
const FRAMED = [0x43, 0x0d, 6];

function entry(body: Buffer): Buffer {
  const padded = Buffer.concat([body, Buffer.alloc((8 - ((body.length + 4) % 8)) % 8)]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(padded.length);
  return Buffer.concat([length, padded]);
}

function section(functions: Described[], augmentation = ''): Buffer {
  const common = Buffer.concat([
    Buffer.from([0xff, 0xff, 0xff, 0xff, 1]),
    Buffer.from(`${augmentation}\0`),
    // Code by bytes, data by -8, the return address is register 16.
    Buffer.from([1, 0x78, 16, ...AT_ENTRY]),
  ]);
  const described = functions.map(({ low, length, instructions }) => {
    const head = Buffer.alloc(20);
    head.writeBigInt64LE(BigInt(low), 4);
    head.writeBigInt64LE(BigInt(length), 12);
    return entry(Buffer.concat([head, Buffer.from(instructions)]));
  });
  return Buffer.concat([entry(common), ...described]);
}

/** The section as the only one of a file. */
function callFrames(contents: Buffer): CallFrames {
  return new CallFrames({ section: () => undefined, contents: () => contents });
}

describe('a function that sets up a frame', () => {
  const frames = callFrames(
    section([
      { low: LOW + 0x100, length: 0x20, instructions: [] },
      { low: LOW, length: 0x40, instructions: [...PUSHED, ...FRAMED, 0x0a, 0x4c, 0x0c, 7, 8, 0x41, 0x0b] },
    ]),
  );

  test.each([
    ['at its first instruction', 0, 0],
    ['after it has pushed RBP', 1, 8],
    ['in its body only RBP tells', 4, undefined],
    ['before it returns', 16, 0],
    ['behind an early return its body goes on', 17, undefined],
    ['in a leaf that has none', 0x110, 0],
    ['between functions nobody knows', 0x80, undefined],
    ['below all of them', -1, undefined],
  ])('%s', (_, at, wanted) => {
    expect(frames.returnAddressOffset(LOW + at)).toBe(wanted);
  });
});

test('instructions about registers are passed over', () => {
  // offset rbx, 16; offset_extended; remember; expression of two bytes; advance_loc1 and 2.
  const others = [0x83, 2, 0x05, 3, 4, 0x0a, 0x10, 6, 2, 0x30, 0x31, 0x02, 4, 0x03, 4, 0, 0x0e, 24];
  const frames = callFrames(section([{ low: LOW, length: 0x40, instructions: others }]));
  expect(frames.returnAddressOffset(LOW + 7)).toBe(0);
  expect(frames.returnAddressOffset(LOW + 8)).toBe(16);
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a length over the end', Buffer.from([0xff, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8])],
  ['an unknown instruction', section([{ low: LOW, length: 0x40, instructions: [0x3f] }])],
  ['an augmentation', section([{ low: LOW, length: 0x40, instructions: [] }], 'zR')],
  ['noise', Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) % 251))],
])('%s tells nothing, and does no harm', (_, contents) => {
  expect(callFrames(contents).returnAddressOffset(LOW)).toBeUndefined();
});
