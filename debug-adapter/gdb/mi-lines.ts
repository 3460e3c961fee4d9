import { Transform, type TransformCallback } from 'node:stream';

/**
 * Rewrites gdb's output into what gdb-js's grammar takes. As installed, that grammar throws, outside any promise, on octal
 * escapes below \020, on `\e`, `\a` and `\v`, on bytes that are no UTF-8, and on result names with capitals or digits.
 *
 * In: bytes in any pieces. Out: whole lines of UTF-8 text.
 */
export class MiLines extends Transform {
  readonly #log: ((line: string) => void) | undefined;
  #rest: Buffer[] = [];

  constructor(log?: (line: string) => void) {
    super();
    this.#log = log;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      this.#rest.push(chunk.subarray(start, end));
      this.#pushLine();
      start = end + 1;
    }
    if (start < chunk.length) {
      this.#rest.push(chunk.subarray(start));
    }
    done();
  }

  #pushLine(): void {
    const bytes = this.#rest.length === 1 ? this.#rest[0] : Buffer.concat(this.#rest);
    this.#rest = [];
    const line = rewriteMiLine(bytes ?? Buffer.alloc(0));
    this.#log?.(line);
    this.push(`${line}\n`);
  }
}

const RECORD = /^\d*[\^*+=~@&]/;
const SIMPLE_ESCAPES: Record<string, number> = { n: 10, t: 9, r: 13, a: 7, b: 8, f: 12, v: 11, e: 27 };
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** One line of MI output, without its newline, as gdb-js's grammar takes it. A line that is no MI record is cleaned only. */
export function rewriteMiLine(line: Buffer): string {
  const end = line.at(-1) === 13 ? line.length - 1 : line.length;
  if (!RECORD.test(line.toString('latin1', 0, Math.min(end, 12)))) {
    return line.toString('utf8', 0, end);
  }
  let out = '';
  let at = 0;
  while (at < end) {
    const open = line.indexOf(QUOTE, at);
    if (open < 0 || open >= end) {
      return out + lowerNames(line.toString('latin1', at, end));
    }
    out += lowerNames(line.toString('latin1', at, open));
    const close = endOfString(line, open + 1, end);
    out += `"${decodeString(line, open + 1, close)}"`;
    at = close + 1;
  }
  return out;
}

/** Names outside strings: the grammar knows small letters, `-` and `_` only. Tokens and the record's sign stay. */
function lowerNames(text: string): string {
  return /[A-Z0-9]/.test(text)
    ? text.replace(/[A-Za-z_][A-Za-z0-9_-]*(?==)/g, (name) => name.toLowerCase().replace(/[0-9]/g, digitToLetter))
    : text;
}

/** `cr0` and `cr3` must stay two names: digits become letters. */
function digitToLetter(digit: string): string {
  return 'abcdefghij'[Number(digit)] ?? '';
}

function endOfString(line: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && line[at] !== QUOTE) {
    at += line[at] === BACKSLASH ? 2 : 1;
  }
  return Math.min(at, end);
}

function decodeString(line: Buffer, from: number, to: number): string {
  const first = line.indexOf(BACKSLASH, from);
  if (first < 0 || first >= to) {
    return line.toString('utf8', from, to);
  }
  const bytes: number[] = [];
  for (let at = from; at < to; at++) {
    const byte = line[at] ?? 0;
    if (byte !== BACKSLASH) {
      bytes.push(byte);
      continue;
    }
    const octal = /^[0-7]{3}/.exec(line.toString('latin1', at + 1, at + 4))?.[0];
    if (octal !== undefined) {
      bytes.push(Number.parseInt(octal, 8) & 0xff);
      at += 3;
      continue;
    }
    const letter = String.fromCharCode(line[++at] ?? BACKSLASH);
    bytes.push(SIMPLE_ESCAPES[letter] ?? letter.charCodeAt(0));
  }
  return encodeString(Buffer.from(bytes).toString('utf8'));
}

/** What the grammar unescapes again. */
function encodeString(text: string): string {
  return text.replace(/[\\"\n\r]/g, (character) => {
    if (character === '\n') {
      return '\\n';
    }
    return character === '\r' ? '\\r' : `\\${character}`;
  });
}
