/** The graph as a list: the same facts for who reads or hears, and every row does what its node does. */
import * as l10n from '@vscode/l10n';
import { lockKey, threadKey } from './graph.ts';
import type { LockRow, LockThread, ShowGraph } from './messages.ts';
import { cyclesOf, formatCount, holderWords, lockTitle, waiterWords } from './words.ts';

/** More threads of one lock are counted. */
const MOST_LISTED = 100;

interface ListRow {
  key: string;
  /** The node that it is about; undefined for words alone. */
  node?: string;
  text: string;
  role: 'lock' | 'holder' | 'waiter' | 'cycle' | 'more';
  inCycle: boolean;
}

/** Rows stay while their facts change, so that the focus and what a screen reader reads stay too. */
export class List {
  readonly #element: HTMLElement;
  readonly #choose: (node: string) => void;
  readonly #rows = new Map<string, HTMLElement>();

  /** @param choose called with the node of a row that was clicked or entered */
  constructor(element: HTMLElement, choose: (node: string) => void) {
    this.#element = element;
    this.#choose = choose;
  }

  show(graph: ShowGraph | undefined): void {
    const rows = graph ? listRows(graph) : [];
    const keys = new Set(rows.map(({ key }) => key));
    for (const [key, element] of this.#rows) {
      if (!keys.has(key)) {
        element.remove();
        this.#rows.delete(key);
      }
    }
    let before: Element | null = this.#element.firstElementChild;
    for (const row of rows) {
      const element = this.#rows.get(row.key) ?? this.#add(row);
      fill(element, row);
      if (element === before) {
        before = before.nextElementSibling;
      } else {
        this.#element.insertBefore(element, before);
      }
    }
  }

  #add(row: ListRow): HTMLElement {
    const item = document.createElement('li');
    const { node } = row;
    if (node !== undefined) {
      const button = document.createElement('button');
      button.type = 'button';
      button.addEventListener('click', () => this.#choose(node));
      item.append(button);
    }
    this.#rows.set(row.key, item);
    return item;
  }
}

function fill(item: HTMLElement, { text, role, inCycle }: ListRow): void {
  item.className = inCycle ? `${role} deadlocked` : role;
  const words = item.firstElementChild ?? item;
  if (words.textContent !== text) {
    words.textContent = text;
  }
}

function listRows({ rows, guestTime }: ShowGraph): ListRow[] {
  const cycles = cyclesOf(rows).map(
    (cycle): ListRow => ({ key: cycle, text: l10n.t('Deadlock: {0}.', cycle), role: 'cycle', inCycle: true }),
  );
  const locks = rows.flatMap((row) => {
    const key = lockKey(row.key);
    const lock: ListRow = { key, node: key, text: lockTitle(row), role: 'lock', inCycle: row.cycle !== undefined };
    return [
      lock,
      ...threadRows(row, 'holder', row.holders, (holder) => holderWords(holder, row, guestTime)),
      ...threadRows(row, 'waiter', row.waiters, (waiter) => waiterWords(waiter, row, guestTime)),
    ];
  });
  return [...cycles, ...locks];
}

function threadRows(
  row: LockRow,
  role: 'holder' | 'waiter',
  threads: readonly LockThread[],
  words: (thread: LockThread) => string,
): ListRow[] {
  const rows = threads.slice(0, MOST_LISTED).map(
    (entry): ListRow => ({
      key: `${lockKey(row.key)}/${role}/${entry.thread}`,
      node: threadKey(entry.thread),
      text: words(entry),
      role,
      inCycle: entry.inCycle === true,
    }),
  );
  const rest = threads.length - rows.length;
  if (rest > 0) {
    const text =
      role === 'holder' ? l10n.t('{0} more hold it', formatCount(rest)) : l10n.t('{0} more wait', formatCount(rest));
    rows.push({ key: `${lockKey(row.key)}/${role}/more`, text, role: 'more', inCycle: false });
  }
  return rows;
}
