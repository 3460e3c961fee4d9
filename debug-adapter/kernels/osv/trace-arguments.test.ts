import { expect, it } from 'vitest';
import { readArguments } from './trace-arguments.ts';

function bytes(...parts: (string | number)[]): DataView {
  const buffer = Buffer.alloc(256);
  let at = 0;
  for (const part of parts) {
    at += typeof part === 'number' ? buffer.writeUInt8(part, at) - at : buffer.write(part, at, 'hex');
  }
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}

it('reads pointers and skips what is no whole number', () => {
  const view = bytes('0010000000400000', '0000803f', '00000040');
  expect(readArguments(view, 0, 16, 'Pff')).toEqual({ numbers: [0x4000_0000_1000], end: 16 });
});

it('aligns each argument to its own size', () => {
  const view = bytes(1, 0, 0, 0, '07000000', 1, 0, '0200');
  expect(readArguments(view, 0, 12, '?i?H')).toEqual({ numbers: [1, 7], end: 12 });
});

it('passes over texts and blobs', () => {
  const view = bytes('0300', 'aabbcc', 0, 0, 0, '05000000');
  expect(readArguments(view, 0, 12, '*I')).toEqual({ numbers: [5], end: 12 });
  expect(readArguments(bytes(), 0, 60, 'pI')).toEqual({ numbers: [0], end: 56 });
});

it('refuses what it does not know, and what does not fit', () => {
  expect(readArguments(bytes(), 0, 100, 'Px')).toBeUndefined();
  expect(readArguments(bytes(), 0, 12, 'PP')).toBeUndefined();
  expect(readArguments(bytes('ffff'), 0, 100, '*')).toBeUndefined();
});
