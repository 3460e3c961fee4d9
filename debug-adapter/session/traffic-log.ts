import { createWriteStream, type WriteStream } from 'node:fs';

/** The user's log file: each line of MI, RSP and QMP, with milliseconds since the session began. */
export class TrafficLog {
  readonly #stream: WriteStream;
  readonly #begun = performance.now();

  constructor(file: string, trouble: (sentence: string) => void) {
    this.#stream = createWriteStream(file, { flags: 'w', mode: 0o600 });
    this.#stream.on('error', (error) => trouble(`The log file cannot be written: ${error.message}.`));
  }

  /** A function that writes lines of one kind. */
  lines(kind: 'MI' | 'RSP' | 'QMP'): (line: string) => void {
    return (line) => {
      this.#stream.write(`${(performance.now() - this.#begun).toFixed(1).padStart(10)} ${kind} ${line}\n`);
    };
  }

  close(): void {
    this.#stream.end();
  }
}
