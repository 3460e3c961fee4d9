/** Says what lies under the pointer or the cursor: its page at once, what it is once that is known. */
import { element } from '../dom.ts';
import type { ShowIdentity } from './messages.ts';
import { identityWords } from './words.ts';

/** What lies under the pointer is asked for once it rests, in milliseconds. */
const DELAY = 60;

export class Pointed {
  readonly #words: (frame: number) => string;
  readonly #ask: (frame: number, offset: number) => void;
  #place: { frame: number; offset: number } | undefined;
  #page = '';
  #timer: number | undefined;

  /**
   * @param words what is known of a page at once
   * @param ask asks what lies there, where that is known
   */
  constructor(words: (frame: number) => string, ask: (frame: number, offset: number) => void) {
    this.#words = words;
    this.#ask = ask;
  }

  point(frame: number, offset: number): void {
    if (this.#place?.frame !== frame || this.#place.offset !== offset) {
      this.#place = { frame, offset };
      this.#begin();
    }
  }

  /** Another moment, or another reading: says what is another. */
  refresh(): void {
    if (this.#place && this.#words(this.#place.frame) !== this.#page) {
      this.#begin();
    }
  }

  /** The answer to what was asked. */
  tell({ frame, offset, found, text, guestTime }: ShowIdentity): void {
    if (this.#place?.frame === frame && this.#place.offset === offset) {
      this.#say(`${this.#page} – ${found ? identityWords(found, guestTime) : text}`);
    }
  }

  #begin(): void {
    const { frame, offset } = this.#place as { frame: number; offset: number };
    this.#page = this.#words(frame);
    this.#say(this.#page);
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#ask(frame, offset), DELAY);
  }

  /** A screen reader hears changes only. */
  #say(text: string): void {
    const place = element('pointed');
    if (place.textContent !== text) {
      place.textContent = text;
    }
  }
}
