/** Which part of the timeline is shown: it can be moved, and can follow a guest that runs. Pure. */
import { moved, type Span, within, zoomed } from './span.ts';

/** What is shown at first, and at most where the picture follows the guest: one second. */
const LATEST = 1e9;

export class Camera {
  readonly #onMove: () => void;
  #whole: Span = { begin: 0, end: 0 };
  #span: Span = { begin: 0, end: 0 };
  /** The picture moves on with the guest. */
  #follows = true;

  constructor(onMove: () => void) {
    this.#onMove = onMove;
  }

  get span(): Span {
    return this.#span;
  }

  get whole(): Span {
    return this.#whole;
  }

  /** More is known of the time. */
  grow(whole: Span): void {
    const isFirst = this.#whole.end === this.#whole.begin;
    const hasGrown = this.#whole.end !== whole.end;
    this.#whole = { begin: whole.begin, end: whole.end };
    if (isFirst) {
      this.latest();
    } else if (this.#follows && hasGrown) {
      this.#showEnd(this.#span.end - this.#span.begin);
    }
  }

  /** Another guest's time begins. */
  reset(): void {
    this.#whole = { begin: 0, end: 0 };
    this.#span = { begin: 0, end: 0 };
    this.#follows = true;
  }

  go(span: Span): void {
    this.#span = within(span, this.#whole);
    // Who looks at the end wants to see what comes.
    this.#follows = this.#span.end >= this.#whole.end;
    this.#onMove();
  }

  all(): void {
    this.go(this.#whole);
  }

  latest(): void {
    const length = this.#span.end - this.#span.begin;
    this.#showEnd(length > 0 ? Math.min(length, LATEST) : LATEST);
  }

  /** Shows `factor` times as much; `anchor` stays where it is, the middle unless it is in sight. */
  zoom(factor: number, anchor?: number): void {
    const { begin, end } = this.#span;
    const isInSight = anchor !== undefined && anchor > begin && anchor < end;
    this.go(zoomed(this.#span, factor, isInSight ? anchor : (begin + end) / 2, this.#whole));
  }

  /** By a share of what is shown, from `from` on, which is what is shown now unless it is given. */
  move(share: number, from: Span = this.#span): void {
    this.go(moved(from, share, this.#whole));
  }

  /** Moves so that the middle of what is shown is at a share of the whole time. */
  center(share: number): void {
    const half = (this.#span.end - this.#span.begin) / 2;
    const middle = this.#whole.begin + share * (this.#whole.end - this.#whole.begin);
    this.go({ begin: middle - half, end: middle + half });
  }

  /** Moves only when not all of it is in sight. */
  reveal({ begin, end }: Span): void {
    if (begin < this.#span.begin || end > this.#span.end) {
      const middle = (begin + end) / 2;
      const half = Math.max(this.#span.end - this.#span.begin, (end - begin) * 1.5) / 2;
      this.go({ begin: middle - half, end: middle + half });
    }
  }

  /** So near that it fills most of the picture. */
  fill({ begin, end }: Span): void {
    const length = Math.max(end - begin, 20_000);
    this.go({ begin: begin - length * 0.25, end: begin + length * 1.25 });
  }

  #showEnd(length: number): void {
    this.#span = within({ begin: this.#whole.end - length, end: this.#whole.end }, this.#whole);
    this.#follows = true;
    this.#onMove();
  }
}
