import { describe, expect, test } from 'vitest';
import { encodePacket, MAXIMUM_PACKET_LENGTH, type Packet, PacketReader, ProtocolError } from './codec.ts';

/** Everything that a reader tells, in order. */
function reading(): { events: string[]; packets: Packet[]; reader: PacketReader } {
  const events: string[] = [];
  const packets: Packet[] = [];
  const reader = new PacketReader({
    packet(packet) {
      packets.push(packet);
      events.push(`packet ${packet.text}`);
    },
    acknowledgement: (positive) => events.push(positive ? '+' : '-'),
    interrupt: () => events.push('interrupt'),
    damaged: () => events.push('damaged'),
  });
  return { events, packets, reader };
}

/** A small generator of numbers, the same each run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('PacketReader', () => {
  test('reads packets, acknowledgements and interrupts in their order', () => {
    const { events, reader } = reading();
    reader.feed(Buffer.from('+$OK#9a\x03-$#00', 'latin1'));
    expect(events).toEqual(['+', 'packet OK', 'interrupt', '-', 'packet ']);
  });

  test('takes 0x03 inside a packet as data', () => {
    const { events, reader } = reading();
    reader.feed(encodePacket('X0,1:\x03'));
    expect(events).toEqual(['packet X0,1:\x03']);
  });

  test('expands run lengths', () => {
    const { events, reader } = reading();
    reader.feed(Buffer.from('$0* #7a', 'latin1'));
    expect(events).toEqual(['packet 0000']);
  });

  test('tells a damaged packet and goes on with the next', () => {
    const { events, reader } = reading();
    reader.feed(Buffer.from('$OK#00$OK#9a$OK#zz', 'latin1'));
    expect(events).toEqual(['damaged', 'packet OK', 'damaged']);
  });

  test('skips notifications', () => {
    const { events, reader } = reading();
    reader.feed(Buffer.from('%Stop:T05#00$OK#9a', 'latin1'));
    expect(events).toEqual(['packet OK']);
  });

  test('refuses a packet without an end', () => {
    const { reader } = reading();
    reader.feed(Buffer.from('$'));
    expect(() => {
      for (let i = 0; i < 3; i++) {
        reader.feed(Buffer.alloc(MAXIMUM_PACKET_LENGTH / 2 + 1, 0x61));
      }
    }).toThrow(ProtocolError);
  });

  test('keeps the frame as it came, for passing on', () => {
    const { packets, reader } = reading();
    const frame = Buffer.from('$x}\x03y#6c', 'latin1');
    const sum = (0x78 + 0x7d + 0x03 + 0x79) & 0xff;
    frame.write(sum.toString(16).padStart(2, '0'), frame.length - 2);
    reader.feed(frame);
    expect(packets[0]?.frame.equals(frame)).toBe(true);
    expect(packets[0]?.text).toBe('x#y');
  });

  test('gives back any payload, however the stream is cut', () => {
    const random = randomNumbers(7);
    for (let round = 0; round < 300; round++) {
      const payloads = Array.from({ length: 1 + random(5) }, () =>
        Buffer.from(Array.from({ length: random(80) }, () => random(256))),
      );
      const stream = Buffer.concat(payloads.map(encodePacket));
      const { events, packets, reader } = reading();
      for (let at = 0; at < stream.length; ) {
        const size = 1 + random(20);
        reader.feed(Buffer.from(stream.subarray(at, at + size)));
        at += size;
      }
      expect(events.length).toBe(payloads.length);
      expect(packets.map((packet) => packet.text)).toEqual(payloads.map((payload) => payload.toString('latin1')));
    }
  });

  test('survives any bytes', () => {
    const random = randomNumbers(11);
    const { reader, packets } = reading();
    for (let round = 0; round < 2000; round++) {
      reader.feed(
        Buffer.from(Array.from({ length: random(40) }, () => [0x24, 0x23, 0x7d, 0x2a, random(256)][random(5)] ?? 0)),
      );
    }
    for (const packet of packets) {
      expect(typeof packet.text).toBe('string');
    }
    reader.feed(Buffer.from('#00$OK#9a', 'latin1'));
    expect(packets[packets.length - 1]?.text).toBe('OK');
  });
});
