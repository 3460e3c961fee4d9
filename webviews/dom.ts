/** Small helpers for the page's elements. */
import type { Dropdown } from '@vscode/webview-ui-toolkit';

/** The element with this id. @throws Error when the page has none. */
export function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) {
    throw new Error(`The page has no ${id}`);
  }
  return found as T;
}

/** Fills a dropdown anew. It knows its options after this task only, and is told then what is chosen. */
export function fillDropdown(
  dropdown: Dropdown,
  options: readonly { value: string; text: string }[],
  chosen: string,
): void {
  dropdown.replaceChildren(
    ...options.map(({ value, text }) => {
      const option = document.createElement('vscode-option');
      option.setAttribute('value', value);
      option.textContent = text;
      return option;
    }),
  );
  setTimeout(() => {
    dropdown.value = chosen;
  });
}

/** Says in place of a whole tab why there is nothing to see; an empty `message` shows the tab again. */
export function tellMissing(place: HTMLElement, message: string): void {
  place.hidden = message === '';
  place.textContent = message;
  place.parentElement?.classList.toggle('empty', message !== '');
}

export interface Column<R> {
  title: string;
  /** What a cell says. */
  text(row: R): string;
  /** By what the column sorts, the greatest first; texts ascending. Default: `text`. */
  order?(row: R): number;
  /** Makes the cell a button. */
  activate?(row: R): (() => void) | undefined;
}

/** A table that sorts by a click on a column's title. It is filled anew with each `show`, and keeps its order. */
export class Table<R> {
  readonly #place: HTMLElement;
  readonly #caption: string;
  readonly #columns: readonly Column<R>[];
  #rows: readonly R[] = [];
  #sorted: number | undefined;
  #isDescending = true;

  constructor(place: HTMLElement, caption: string, columns: readonly Column<R>[]) {
    this.#place = place;
    this.#caption = caption;
    this.#columns = columns;
  }

  show(rows: readonly R[]): void {
    this.#rows = rows;
    const table = document.createElement('table');
    table.setAttribute('aria-label', this.#caption);
    table.append(this.#head(), this.#body());
    const focused = this.#focused();
    this.#place.replaceChildren(table);
    if (focused !== undefined) {
      table.querySelectorAll<HTMLElement>('button')[focused]?.focus();
    }
  }

  /** As comma-separated values, in the order that is shown. */
  csv(): string {
    const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const value = (row: R, { text, order }: Column<R>): string => (order ? String(order(row)) : quoted(text(row)));
    return [
      this.#columns.map(({ title }) => quoted(title)).join(','),
      ...this.#inOrder().map((row) => this.#columns.map((column) => value(row, column)).join(',')),
    ]
      .map((line) => `${line}\n`)
      .join('');
  }

  #focused(): number | undefined {
    const buttons = [...this.#place.querySelectorAll<HTMLElement>('button')];
    const index = buttons.indexOf(document.activeElement as HTMLElement);
    return index < 0 ? undefined : index;
  }

  #head(): HTMLElement {
    const head = document.createElement('thead');
    const row = head.insertRow();
    this.#columns.forEach(({ title, order }, index) => {
      const cell = document.createElement('th');
      cell.scope = 'col';
      cell.className = order ? 'number' : '';
      const isSorted = this.#sorted === index;
      if (isSorted) {
        cell.setAttribute('aria-sort', this.#isDescending ? 'descending' : 'ascending');
      }
      const button = document.createElement('button');
      button.textContent = isSorted ? `${title} ${this.#isDescending ? '▾' : '▴'}` : title;
      button.addEventListener('click', () => {
        this.#isDescending = isSorted ? !this.#isDescending : order !== undefined;
        this.#sorted = index;
        this.show(this.#rows);
      });
      cell.append(button);
      row.append(cell);
    });
    return head;
  }

  #body(): HTMLElement {
    const body = document.createElement('tbody');
    for (const row of this.#inOrder()) {
      const line = body.insertRow();
      for (const { text, order, activate } of this.#columns) {
        const cell = line.insertCell();
        cell.className = order ? 'number' : '';
        const action = activate?.(row);
        if (action) {
          const button = document.createElement('button');
          button.textContent = text(row);
          button.addEventListener('click', action);
          cell.append(button);
        } else {
          cell.textContent = text(row);
        }
      }
    }
    return body;
  }

  #inOrder(): R[] {
    const column = this.#columns[this.#sorted ?? -1];
    if (!column) {
      return [...this.#rows];
    }
    const { order, text } = column;
    const direction = this.#isDescending ? -1 : 1;
    return [...this.#rows].sort(
      (a, b) =>
        direction * (order ? order(a) - order(b) : text(a).localeCompare(text(b), undefined, { numeric: true })),
    );
  }
}

/** What a text field asks for; one that is no regular expression is taken as it stands. */
export function pattern(text: string): RegExp | undefined {
  if (text.trim() === '') {
    return undefined;
  }
  try {
    return new RegExp(text, 'i');
  } catch {
    return new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'i');
  }
}

/** Fits a canvas to its place on the screen and gives its context, in CSS pixels. */
export function prepared(canvas: HTMLCanvasElement): CanvasRenderingContext2D | undefined {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = window.devicePixelRatio || 1;
  const wanted = { width: Math.round(width * scale), height: Math.round(height * scale) };
  if (canvas.width !== wanted.width || canvas.height !== wanted.height) {
    canvas.width = wanted.width;
    canvas.height = wanted.height;
  }
  const context = canvas.getContext('2d') ?? undefined;
  context?.setTransform(scale, 0, 0, scale, 0, 0);
  return context;
}

/** `text` cut with an ellipsis where it is wider than `width`. */
export function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) {
    return text;
  }
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(`${text.slice(0, middle)}…`).width <= width) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low === 0 ? '' : `${text.slice(0, low)}…`;
}
