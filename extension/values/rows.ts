/**
 * The rows of *Live Watch*: what is pinned, and below it what was opened. Rows are objects that stay while their values change, so
 * that expansion and selection stay too. Pure: knows neither VS Code nor the session.
 */
import type { LiveChildrenRequest, LiveValue, ValuesChangedEvent } from '../../debug-adapter/protocol.ts';
import { numberIn, ValueHistory } from './history.ts';

/** What the user pinned; kept for the workspace. */
export interface Pin {
  /** Unique, and kept when the pin is edited or moved. */
  id: number;
  expression: string;
  /** What it is called, when that is another text than the expression. */
  label?: string;
}

export interface WatchRow {
  /** The same at every refresh and in the next session. */
  readonly id: string;
  readonly kind: 'pin' | 'child' | 'range';
  readonly parent: WatchRow | undefined;
  name: string;
  /** Names the value again; of a range the value whose elements it holds. */
  expression: string;
  /** The elements that a range holds. */
  readonly range?: Range;
  value?: LiveValue;
  /** The last event told another value than the one before. */
  changed: boolean;
  readonly history: ValueHistory;
  /** The rows below, once they were told. */
  children?: WatchRow[];
}

export interface Range {
  start: number;
  count: number;
}

/** What a subscription asks for. */
export interface Wanted {
  expressions: string[];
  expanded: (LiveChildrenRequest & Range)[];
}

/** Elements below one row; what has more is cut into ranges. */
export const ELEMENTS_AT_ONCE = 100;
/** The adapter's bounds. */
export const MOST_EXPRESSIONS = 200;
const MOST_EXPANDED = 50;

export class WatchRows {
  #pins: WatchRow[] = [];
  /** Rows whose children are in sight, by id. */
  readonly #expanded = new Set<string>();
  /** Whose children the last `wanted` asked for, in its order. */
  #asked: WatchRow[] = [];

  get pins(): readonly WatchRow[] {
    return this.#pins;
  }

  /** Takes the pins as they are now: those that are known keep their rows, and their values unless the expression is another. */
  setPins(pins: readonly Pin[]): void {
    const known = new Map(this.#pins.map((row) => [row.id, row]));
    this.#pins = pins.map((pin) => {
      const { expression, label } = pin;
      const row = known.get(rowId(pin));
      const name = label ?? expression;
      if (row?.expression !== expression) {
        return newRow(rowId(pin), 'pin', undefined, name, expression);
      }
      row.name = name;
      return row;
    });
  }

  isExpanded(row: WatchRow): boolean {
    return this.#expanded.has(row.id);
  }

  /** Returns whether that is news. */
  setExpanded(row: WatchRow, isExpanded: boolean): boolean {
    if (isExpanded === this.#expanded.has(row.id)) {
      return false;
    }
    if (isExpanded) {
      this.#expanded.add(row.id);
    } else {
      this.#expanded.delete(row.id);
    }
    return true;
  }

  /** What to subscribe to: the pins, and the children of every row that is open. */
  wanted(): Wanted {
    const asked: WatchRow[] = [];
    const visit = (row: WatchRow): void => {
      if (this.#expanded.has(row.id) && opens(row)) {
        if (rangeOf(row)) {
          asked.push(row);
        }
        row.children?.forEach(visit);
      }
    };
    this.#pins.forEach(visit);
    this.#asked = asked.slice(0, MOST_EXPANDED);
    return {
      expressions: this.#pins.slice(0, MOST_EXPRESSIONS).map(({ expression }) => expression),
      expanded: this.#asked.map((row) => ({ expression: row.expression, ...(rangeOf(row) ?? { start: 0, count: 0 }) })),
    };
  }

  /** Takes an event of the subscription to `wanted`. Returns the rows to draw anew. */
  apply(event: Pick<ValuesChangedEvent, 'values' | 'children'>, time: number): WatchRow[] {
    const drawn: WatchRow[] = [];
    for (const [index, value] of event.values.entries()) {
      const row = this.#pins[index];
      if (row && setValue(row, value, time)) {
        drawn.push(row);
      }
    }
    for (const [index, values] of (event.children ?? []).entries()) {
      const row = this.#asked[index];
      if (row) {
        drawn.push(...setChildren(row, values, time));
      }
    }
    return drawn;
  }

  /** Takes the children of a row that was just opened. */
  open(row: WatchRow, values: readonly LiveValue[], time: number): WatchRow[] {
    setChildren(row, values, time);
    return row.children ?? [];
  }

  /** Forgets every value: another guest is shown. What was opened stays known. */
  clear(): void {
    for (const row of this.#pins) {
      delete row.value;
      delete row.children;
      row.changed = false;
      row.history.clear();
    }
    this.#asked = [];
  }
}

/** The pins with those of `ids` ahead of `target`, or at the end; they keep their order among each other. */
export function moved(pins: readonly Pin[], ids: readonly string[], target: WatchRow | undefined): Pin[] {
  const goes = pins.filter((pin) => ids.includes(rowId(pin)));
  const stays = pins.filter((pin) => !goes.includes(pin));
  const root = target && rootOf(target);
  const place = stays.findIndex((pin) => rowId(pin) === root?.id);
  // Dropped on one of those that move: nothing else says where.
  return place < 0 && root && ids.includes(root.id)
    ? [...pins]
    : stays.toSpliced(place < 0 ? stays.length : place, 0, ...goes);
}

/** The id of a pin's row. */
export function rowId(pin: Pin): string {
  return `pin/${pin.id}`;
}

function rootOf(row: WatchRow): WatchRow {
  return row.parent ? rootOf(row.parent) : row;
}

/** Whether a row has rows below it. */
export function opens({ range, value }: WatchRow): boolean {
  return range !== undefined || (value !== undefined && value.named + value.indexed > 0);
}

/** The ranges below a row with more elements than are shown at once; undefined when its children are to be asked for. */
export function rangesBelow(row: WatchRow): WatchRow[] | undefined {
  const { start, count } = row.range ?? { start: 0, count: row.value?.indexed ?? 0 };
  if (count <= ELEMENTS_AT_ONCE) {
    return undefined;
  }
  let step = ELEMENTS_AT_ONCE;
  while (step * ELEMENTS_AT_ONCE < count) {
    step *= ELEMENTS_AT_ONCE;
  }
  const known = new Map(row.children?.map((child) => [child.id, child]));
  const ranges = Array.from({ length: Math.ceil(count / step) }, (_, index) => {
    const first = start + index * step;
    const range = { start: first, count: Math.min(step, start + count - first) };
    const id = `${row.id}/${first}+${range.count}`;
    return known.get(id) ?? newRange(id, row, range);
  });
  row.children = ranges;
  return ranges;
}

/** What to ask for below a row; undefined when that are ranges. */
export function rangeOf(row: WatchRow): Range | undefined {
  const range = row.range ?? { start: 0, count: (row.value?.named ?? 0) + (row.value?.indexed ?? 0) };
  const isCut = (row.range?.count ?? row.value?.indexed ?? 0) > ELEMENTS_AT_ONCE;
  return isCut ? undefined : range;
}

function newRow(
  id: string,
  kind: WatchRow['kind'],
  parent: WatchRow | undefined,
  name: string,
  expression: string,
): WatchRow {
  return { id, kind, parent, name, expression, changed: false, history: new ValueHistory() };
}

function newRange(id: string, parent: WatchRow, range: Range): WatchRow {
  const name = `[${range.start}…${range.start + range.count - 1}]`;
  return { ...newRow(id, 'range', parent, name, parent.expression), range };
}

/** Returns whether the row looks different now. */
function setValue(row: WatchRow, value: LiveValue, time: number): boolean {
  const before = row.value;
  const wasMarked = row.changed;
  row.changed = before !== undefined && (before.value !== value.value || before.error !== value.error);
  row.value = value;
  const number = numberIn(value.value, value.type);
  if (number !== undefined) {
    row.history.add(time, number);
  }
  const isSame = before !== undefined && before.type === value.type && opensSame(before, value);
  return row.changed || wasMarked || !isSame;
}

function opensSame(left: LiveValue, right: LiveValue): boolean {
  return left.named === right.named && left.indexed === right.indexed;
}

/** Returns the rows to draw anew: the row itself when it has other children now. */
function setChildren(row: WatchRow, values: readonly LiveValue[], time: number): WatchRow[] {
  const before = row.children;
  const known = new Map(before?.map((child) => [child.id, child]));
  const drawn: WatchRow[] = [];
  const ids = new Set<string>();
  row.children = values.map((value) => {
    const id = uniqueId(`${row.id}/${value.name}`, ids);
    const child = known.get(id) ?? newRow(id, 'child', row, value.name, value.expression);
    // An element of a list may be another object now.
    child.expression = value.expression;
    if (setValue(child, value, time)) {
      drawn.push(child);
    }
    return child;
  });
  const isSame = before?.length === row.children.length && before.every((child, at) => child === row.children?.[at]);
  return isSame ? drawn : [row];
}

/** Two members may have one name: a base and a field. */
function uniqueId(id: string, taken: Set<string>): string {
  let unique = id;
  for (let number = 2; taken.has(unique); number++) {
    unique = `${id}#${number}`;
  }
  taken.add(unique);
  return unique;
}
