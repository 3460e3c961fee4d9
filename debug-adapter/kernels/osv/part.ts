import { type Layouts, MissingLayout } from '../../guest/layouts.ts';

/** What a view that cannot be had answers: one sentence. */
class UnavailablePart extends Error {}

/** A part of the awareness that a build may be unable to have: it lacks a type or a field that nothing can stand for. */
export class Part<T> {
  /** Undefined: it cannot be had. */
  readonly ifAny: T | undefined;
  readonly #refusal: string = '';

  /** @param what as people call it, to begin a sentence with: `Vnode locks` */
  constructor(layouts: Layouts, what: string, create: () => T) {
    try {
      this.ifAny = create();
    } catch (error) {
      if (!(error instanceof MissingLayout || error instanceof UnavailablePart)) {
        throw error;
      }
      this.#refusal = `${what} cannot be told: ${error.message}`;
      layouts.notes.add(this.#refusal);
    }
  }

  /** @throws Error with one sentence when it cannot be had. */
  get value(): T {
    if (this.ifAny === undefined) {
      throw new UnavailablePart(this.#refusal);
    }
    return this.ifAny;
  }
}
