/** The timeline's search: what matches, and which match is shown. */
import * as l10n from '@vscode/l10n';
import type { Button, TextField } from '@vscode/webview-ui-toolkit';
import { element, pattern } from '../dom.ts';
import { type Item, type Lane, type Match, search } from './lanes.ts';

export class Finder {
  readonly #field = element<TextField>('search');
  readonly #count = element('search-count');
  readonly #show: (match: Match) => void;
  readonly #name: (thread: number) => string;
  #lanes: readonly Lane[] = [];
  #matches: Match[] = [];
  #found: ReadonlySet<Item> = new Set();
  #at = -1;

  /** `show` is called with each match that is gone to, `onChange` when others match. */
  constructor(name: (thread: number) => string, show: (match: Match) => void, onChange: () => void) {
    this.#name = name;
    this.#show = show;
    this.#field.addEventListener('input', () => {
      this.#begin();
      onChange();
    });
    this.#field.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') {
        this.next(event.shiftKey ? -1 : 1);
      }
    });
    element<Button>('search-next').addEventListener('click', () => this.next(1));
    element<Button>('search-previous').addEventListener('click', () => this.next(-1));
  }

  get found(): ReadonlySet<Item> {
    return this.#found;
  }

  /** Searches for `text` as it stands, and goes to the first match. */
  find(text: string): void {
    this.#field.value = `^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
    this.#begin();
    this.next(1);
  }

  /** Searches other rows for the same. */
  update(lanes: readonly Lane[]): void {
    this.#lanes = lanes;
    this.#search();
  }

  next(step: 1 | -1): void {
    const { length } = this.#matches;
    if (length > 0) {
      this.#at = this.#at < 0 ? (step > 0 ? 0 : length - 1) : (this.#at + step + length) % length;
      this.#tell();
      this.#show(this.#matches[this.#at] as Match);
    }
  }

  #begin(): void {
    this.#at = -1;
    this.#search();
  }

  #search(): void {
    const wanted = pattern(this.#field.value);
    this.#matches = wanted ? search(this.#lanes, wanted, this.#name) : [];
    this.#found = new Set(this.#matches.map(({ item }) => item));
    this.#at = Math.min(this.#at, this.#matches.length - 1);
    this.#tell();
  }

  #tell(): void {
    const { length } = this.#matches;
    this.#count.textContent = this.#field.value.trim() === '' ? '' : matchWords(length, this.#at);
  }
}

function matchWords(count: number, at: number): string {
  if (count === 0) {
    return l10n.t('none');
  }
  return at < 0 ? l10n.t('{0} found', count) : l10n.t('{0} of {1}', at + 1, count);
}
