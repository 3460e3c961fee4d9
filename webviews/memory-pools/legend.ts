/** What the map's colours mean, with how many pages each has: buttons, of which one makes its pages stand out. */
import * as l10n from '@vscode/l10n';
import { cssOf, inkOn, type Theme } from './colours.ts';
import { grouped, kindLetters, kindName } from './words.ts';

export class Legend {
  readonly #place: HTMLElement;
  readonly #choose: (kind: string | undefined) => void;
  readonly #entries = new Map<string, { button: HTMLButtonElement; swatch: HTMLElement; count: Text }>();
  #chosen: string | undefined;

  /** @param choose called with the kind that is to stand out; undefined: none */
  constructor(place: HTMLElement, choose: (kind: string | undefined) => void) {
    this.#place = place;
    this.#choose = choose;
  }

  /** Counts anew, and shows kinds from when they have pages on. @param counts pages by the kind's number */
  show(kinds: readonly string[], counts: Uint32Array, theme: Theme): void {
    kinds.forEach((kind, index) => {
      const pages = counts[index] ?? 0;
      const { button, swatch, count } = this.#entries.get(kind) ?? this.#add(kind);
      button.hidden &&= pages === 0 || kind === 'absent';
      swatch.style.background = cssOf(kind, theme);
      swatch.style.color = inkOn(kind, theme);
      const text = ` ${grouped(pages)}`;
      if (count.data !== text) {
        count.data = text;
      }
    });
  }

  #add(kind: string): { button: HTMLButtonElement; swatch: HTMLElement; count: Text } {
    const button = document.createElement('button');
    const swatch = document.createElement('i');
    swatch.textContent = kindLetters(kind);
    swatch.setAttribute('aria-hidden', 'true');
    const count = document.createTextNode('');
    button.title = l10n.t('Let pages that are {0} stand out', kindName(kind));
    button.setAttribute('aria-pressed', 'false');
    button.hidden = true;
    button.append(swatch, kindName(kind), count);
    button.addEventListener('click', () => this.#toggle(kind));
    this.#place.append(button);
    const entry = { button, swatch, count };
    this.#entries.set(kind, entry);
    return entry;
  }

  #toggle(kind: string): void {
    this.#chosen = this.#chosen === kind ? undefined : kind;
    for (const [name, { button }] of this.#entries) {
      button.setAttribute('aria-pressed', `${name === this.#chosen}`);
    }
    this.#choose(this.#chosen);
  }
}
