/**
 * GDB's remote serial protocol on the wire: `$payload#checksum`, acknowledgements, and the interrupt byte.
 * Source: "GDB Remote Serial Protocol", GDB 13 manual, appendix E.1.
 */

/** More than any packet of gdb or QEMU (4 KiB) by far; a peer that sends more without an end is no gdbserver. */
export const MAXIMUM_PACKET_LENGTH = 1 << 20;

const DOLLAR = 0x24;
const HASH = 0x23;
const PLUS = 0x2b;
const MINUS = 0x2d;
const PERCENT = 0x25;
const ESCAPE = 0x7d;
const STAR = 0x2a;
const INTERRUPT = 0x03;
const ESCAPE_MASK = 0x20;
const RUN_LENGTH_BIAS = 29;

/** A peer that does not speak the protocol. The message is one sentence. */
export class ProtocolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ProtocolError';
  }
}

/** One packet as it came, kept whole so that it can be passed on unchanged. */
export class Packet {
  /** `$…#xx`. */
  readonly frame: Buffer;
  #text: string | undefined;

  constructor(frame: Buffer) {
    this.frame = frame;
  }

  /** The payload, escapes and run lengths expanded, each byte one character (latin1). */
  get text(): string {
    this.#text ??= decodePayload(this.frame.subarray(1, -3));
    return this.#text;
  }

  /** Whether the payload begins so; cheap, for packets that are passed on. Exact for prefixes without `}` and `*`. */
  startsWith(prefix: string): boolean {
    for (let i = 0; i < prefix.length; i++) {
      if (this.frame[i + 1] !== prefix.charCodeAt(i)) {
        return false;
      }
    }
    return true;
  }
}

/** What a reader hands on, in the order of the wire. */
export interface PacketSink {
  packet(packet: Packet): void;
  /** `+` and `-`. */
  acknowledgement(positive: boolean): void;
  /** 0x03 outside a packet. */
  interrupt(): void;
  /** A packet whose checksum is wrong: asks for `-` while acknowledgements are on. */
  damaged(): void;
}

/** Cuts a byte stream into packets; chunks may split anywhere. */
export class PacketReader {
  readonly #sink: PacketSink;
  #pending: Buffer = Buffer.alloc(0);

  constructor(sink: PacketSink) {
    this.#sink = sink;
  }

  /** @throws ProtocolError when a packet grows past MAXIMUM_PACKET_LENGTH. */
  feed(chunk: Buffer): void {
    let data = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let at = 0;
    while (at < data.length) {
      const byte = data[at];
      if (byte !== DOLLAR && byte !== PERCENT) {
        this.#control(byte);
        at++;
        continue;
      }
      const hash = data.indexOf(HASH, at + 1);
      const length = (hash < 0 ? data.length : hash) - at;
      if (length > MAXIMUM_PACKET_LENGTH) {
        throw new ProtocolError(`a packet of more than ${MAXIMUM_PACKET_LENGTH} bytes is no packet of a debugger`);
      }
      if (hash < 0 || hash + 3 > data.length) {
        break;
      }
      const frame = data.subarray(at, hash + 3);
      at = hash + 3;
      if (byte === PERCENT) {
        continue; // a notification of non-stop mode, which nobody here asks for
      }
      if (checksum(frame, 1, frame.length - 3) === parseChecksum(frame)) {
        this.#sink.packet(new Packet(frame));
      } else {
        this.#sink.damaged();
      }
    }
    data = data.subarray(at);
    this.#pending = data.length > 0 && data.buffer !== chunk.buffer ? data : Buffer.from(data);
  }

  #control(byte: number | undefined): void {
    if (byte === PLUS || byte === MINUS) {
      this.#sink.acknowledgement(byte === PLUS);
    } else if (byte === INTERRUPT) {
      this.#sink.interrupt();
    }
  }
}

/** Frames a payload given as latin1 text or bytes; escapes what must be escaped. */
export function encodePacket(payload: string | Buffer): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const body = escapePayload(bytes);
  const frame = Buffer.allocUnsafe(body.length + 4);
  frame[0] = DOLLAR;
  body.copy(frame, 1);
  frame[body.length + 1] = HASH;
  const sum = checksum(body, 0, body.length);
  frame[body.length + 2] = hexDigit(sum >> 4);
  frame[body.length + 3] = hexDigit(sum & 15);
  return frame;
}

/** Text as pairs of hexadecimal digits, UTF-8. */
export function toHex(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex');
}

function needsEscape(byte: number): boolean {
  return byte === DOLLAR || byte === HASH || byte === ESCAPE || byte === STAR;
}

function escapePayload(bytes: Buffer): Buffer {
  let extra = 0;
  for (const byte of bytes) {
    extra += needsEscape(byte) ? 1 : 0;
  }
  if (extra === 0) {
    return bytes;
  }
  const escaped = Buffer.allocUnsafe(bytes.length + extra);
  let at = 0;
  for (const byte of bytes) {
    if (needsEscape(byte)) {
      escaped[at++] = ESCAPE;
      escaped[at++] = byte ^ ESCAPE_MASK;
    } else {
      escaped[at++] = byte;
    }
  }
  return escaped;
}

function decodePayload(payload: Buffer): string {
  if (!payload.includes(ESCAPE) && !payload.includes(STAR)) {
    return payload.toString('latin1');
  }
  const bytes: number[] = [];
  for (let i = 0; i < payload.length && bytes.length <= MAXIMUM_PACKET_LENGTH; i++) {
    const byte = payload[i] ?? 0;
    if (byte === ESCAPE && i + 1 < payload.length) {
      bytes.push((payload[++i] ?? 0) ^ ESCAPE_MASK);
    } else if (byte === STAR && i + 1 < payload.length && bytes.length > 0) {
      const last = bytes[bytes.length - 1] ?? 0;
      for (let count = (payload[++i] ?? 0) - RUN_LENGTH_BIAS; count > 0; count--) {
        bytes.push(last);
      }
    } else {
      bytes.push(byte);
    }
  }
  return Buffer.from(bytes).toString('latin1');
}

function checksum(bytes: Buffer, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) {
    sum += bytes[i] ?? 0;
  }
  return sum & 0xff;
}

function parseChecksum(frame: Buffer): number {
  return Number.parseInt(frame.toString('latin1', frame.length - 2), 16);
}

function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x57 + value;
}
