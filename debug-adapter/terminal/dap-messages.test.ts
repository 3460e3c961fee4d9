import { describe, expect, test } from 'vitest';
import { DapMessages } from './dap-messages.ts';

function framed(...bodies: object[]): Buffer {
  return Buffer.concat(
    bodies.map((body) => {
      const text = JSON.stringify(body);
      return Buffer.from(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    }),
  );
}

const BODIES = [{ seq: 1, text: 'grün' }, { seq: 2 }, { seq: 3, text: '\r\n\r\n' }];

describe('messages', () => {
  test.each([1, 2, 7, 20, 1000])('in pieces of %i bytes', (size) => {
    const bytes = framed(...BODIES);
    const messages = new DapMessages();
    const told = [];
    for (let at = 0; at < bytes.length; at += size) {
      told.push(...messages.take(bytes.subarray(at, at + size)));
    }
    expect(told).toEqual(BODIES);
  });

  test('a long one is copied no more often than a short one', () => {
    const bytes = framed({ text: 'x'.repeat(40_000_000) });
    const messages = new DapMessages();
    const before = process.cpuUsage();
    let told = 0;
    for (let at = 0; at < bytes.length; at += 4096) {
      told += messages.take(bytes.subarray(at, at + 4096)).length;
    }
    expect(told).toBe(1);
    // Copied with each of its 10,000 pieces it would take minutes.
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(5);
  });

  test('no length, and one that is too large, are refused', () => {
    for (const header of ['Length: 5', 'Content-Length: many', 'Content-Length: 999999999999']) {
      expect(() => new DapMessages().take(Buffer.from(`${header}\r\n\r\n`))).toThrow(
        'The adapter sent a message without a length.',
      );
    }
  });
});
