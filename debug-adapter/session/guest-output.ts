/** The guest's console, with the addresses of a backtrace named. */
import { placeText, type SymbolPlace } from '../elf/symbol-place.ts';

/** A line of a backtrace as a kernel prints it: a number or nothing, an address of the upper half, and nothing more. */
const BACKTRACE_LINE = /^\s*(?:#?\d+:?\s+)?\[?(0x[0-9a-f]{16})\]?\s*$/;
/** A line of a register dump with the address of the instruction that faulted. */
const FAULT_LINE = /\br?ip[ :=]+(?:0x)?([0-9a-f]{16})\b/i;
/** Text without a line end is shown after it grew to this. */
const LONGEST_LINE = 4096;

/** The place of a code address; undefined when nobody knows. */
export type Symbolise = (address: bigint) => Promise<SymbolPlace | undefined>;

export class GuestOutput {
  readonly #show: (text: string) => void;
  readonly #symbolise: Symbolise;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #line = '';
  /** What was shown of a line that has not ended. */
  #shown = '';
  /** Where a fault was told to be: all other addresses of a backtrace are those that calls return to. */
  #faultAt: bigint | undefined;

  constructor(show: (text: string) => void, symbolise: Symbolise) {
    this.#show = show;
    this.#symbolise = symbolise;
  }

  /** Shows text in the order in which it came: at once, but for a line that may become a backtrace's. */
  write(text: string): void {
    const lines = (this.#line + text).split('\n');
    const rest = lines.pop() ?? '';
    const mayBecome =
      rest.length < LONGEST_LINE && /^\s*(?:#?\d*:?\s*)?\[?(0x?[0-9a-f]{0,16}\]?\s*)?$/.test(rest) && rest !== '';
    this.#line = mayBecome ? rest : '';
    let plain = '';
    for (const line of lines) {
      const fault = FAULT_LINE.exec(this.#shown + line)?.[1];
      this.#shown = '';
      this.#faultAt = fault === undefined ? this.#faultAt : BigInt(`0x${fault}`);
      const address = BACKTRACE_LINE.exec(line.trimEnd())?.[1];
      if (address === undefined) {
        plain += `${line}\n`;
        continue;
      }
      this.#push(plain);
      plain = '';
      // The call itself lies before the address that it returns to, which may be another line's, or another function's.
      const code = BigInt(address);
      const at = code === this.#faultAt || code === 0n ? code : code - 1n;
      this.#enqueue(() => this.#named(line, at));
    }
    this.#shown = mayBecome ? '' : (this.#shown + rest).slice(-LONGEST_LINE);
    this.#push(plain + (mayBecome ? '' : rest));
  }

  /** What is still held back is shown; resolves when everything is. */
  async end(): Promise<void> {
    this.#push(this.#line);
    this.#line = '';
    await this.#tail;
  }

  #push(text: string): void {
    if (text === '') {
      return;
    }
    if (this.#waiting === 0) {
      this.#show(text);
    } else {
      this.#enqueue(async () => text);
    }
  }

  #enqueue(make: () => Promise<string>): void {
    this.#waiting++;
    this.#tail = this.#tail.then(make).then((text) => {
      this.#waiting--;
      this.#show(text);
    });
  }

  async #named(line: string, address: bigint): Promise<string> {
    const place = await this.#symbolise(address).catch(() => undefined);
    return `${line.trimEnd()}${place ? `  ${brief(place)}` : ''}\n`;
  }
}

/** A line number says more than an offset. */
function brief(place: SymbolPlace): string {
  return placeText(place.line === undefined ? place : { ...place, offset: 0 });
}
