/** What a guest prints, as a terminal takes it. Pure. */

/** Characters kept for a terminal that is opened late: the end is what matters. */
const KEPT = 256 * 1024;

export class TerminalText {
  #kept = '';

  /** Everything that was printed, as far as it is kept. */
  get all(): string {
    return this.#kept;
  }

  /** Takes `output` in, and returns it for the terminal: a line feed alone also returns the carriage. */
  append(output: string): string {
    const text = output.replace(/\r?\n/g, '\r\n');
    this.#kept = (this.#kept + text).slice(-KEPT);
    return text;
  }

  clear(): void {
    this.#kept = '';
  }
}
