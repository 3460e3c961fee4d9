/** The timeline's tab: chooses, zooms, moves, filters and finds, by mouse and by keys. */
import type { Button, TextField } from '@vscode/webview-ui-toolkit';
import { chromeTrace } from '../../debug-adapter/history/chrome-trace.ts';
import type { EventLog } from '../../debug-adapter/history/event-log.ts';
import type { Timeline } from '../../debug-adapter/history/timeline.ts';
import { element, pattern, prepared, Table } from './dom.ts';
import {
  beginOf,
  endOf,
  firstAfter,
  type Item,
  inSight,
  intervalAt,
  isMark,
  KINDS,
  type Kind,
  type Lane,
  lanesOf,
  sentenceOf,
  shortText,
} from './lanes.ts';
import { cpuLoad } from './load.ts';
import type { ToHost } from './messages.ts';
import { lengthText, momentText, moved, type Span, within, zoomed } from './span.ts';
import { readTheme } from './theme.ts';
import { Finder } from './timeline-finder.ts';
import { fillLegend } from './timeline-legend.ts';
import { draw, GUTTER, laneAt, OVERVIEW, rowOf, TOP, timeAt } from './timeline-paint.ts';

const ZOOM = 1.4;
/** Shown at first, and of a guest that runs: the last second. */
const LATEST = 1e9;
const MOST_IN_TABLE = 200;
const HINT = 'Click or use the arrow keys to choose; Ctrl and the wheel zoom, dragging moves in time.';

export class TimelineView {
  readonly #canvas = element<HTMLCanvasElement>('lanes');
  readonly #status = element('chosen');
  readonly #missing = element('timeline-missing');
  readonly #filter = element<TextField>('lane-filter');
  readonly #details = element<HTMLDetailsElement>('in-sight');
  readonly #kinds = new Set<Kind>(KINDS.map(({ kind }) => kind).filter((kind) => kind !== 'idle'));
  readonly #post: (message: ToHost) => void;
  readonly #onSpan: () => void;
  readonly #finder: Finder;
  #timeline: Timeline = { begin: 0, end: 0, cpus: [], threads: [], wakeUps: [] };
  #log: EventLog | undefined;
  #lanes: Lane[] = [];
  #load: number[] = [];
  #span: Span = { begin: 0, end: 0 };
  /** The picture moves on with the guest. */
  #follows = true;
  #scroll = 0;
  #chosen: { lane: number; item: Item | undefined } | undefined;
  #frame = 0;
  #table: Table<{ lane: Lane; item: Item }>;

  constructor(post: (message: ToHost) => void, onSpan: () => void) {
    this.#post = post;
    this.#onSpan = onSpan;
    this.#table = new Table(element('in-sight-table'), 'What is in sight', [
      { title: 'Where', text: ({ lane }) => lane.label },
      { title: 'What', text: ({ item }) => shortText(item) },
      { title: 'From', text: ({ item }) => momentText(beginOf(item), 1000), order: ({ item }) => beginOf(item) },
      {
        title: 'For',
        text: ({ item }) => (isMark(item) ? '' : lengthText(item.end - item.begin)),
        order: ({ item }) => endOf(item) - beginOf(item),
      },
    ]);
    this.#finder = new Finder(
      (thread) => this.#name(thread),
      ({ lane, item }) => this.#showItem(lane, item),
      () => this.paint(),
    );
    fillLegend(element('legend'), this.#kinds, () => this.#arrange());
    this.#listen();
  }

  /** What the picture shows of the time. */
  get span(): Span {
    return this.#span;
  }

  show(timeline: Timeline, log: EventLog): void {
    const isFirst = this.#timeline.cpus.length === 0;
    const end = this.#timeline.end;
    this.#timeline = timeline;
    this.#log = log;
    this.#load = cpuLoad(timeline, 300);
    this.tell('');
    if (isFirst || (this.#follows && timeline.end !== end)) {
      const length = isFirst ? LATEST : this.#span.end - this.#span.begin;
      this.#span = within({ begin: timeline.end - length, end: timeline.end }, timeline);
      this.#onSpan();
    }
    this.#arrange();
  }

  clear(): void {
    this.#timeline = { begin: 0, end: 0, cpus: [], threads: [], wakeUps: [] };
    this.#follows = true;
    this.#chosen = undefined;
    this.#scroll = 0;
    this.#arrange();
  }

  /** Shows the first that is called so. */
  search(text: string): void {
    this.#finder.find(text);
  }

  /** Why there is nothing to see; empty when there is something. */
  tell(message: string): void {
    this.#missing.hidden = message === '';
    this.#missing.textContent = message;
    this.#canvas.hidden = message !== '';
  }

  /** Paints with the next frame. */
  paint(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#paint();
    });
  }

  #paint(): void {
    const context = prepared(this.#canvas);
    if (!context || this.#canvas.clientWidth === 0) {
      return;
    }
    draw(context, {
      width: this.#canvas.clientWidth,
      height: this.#canvas.clientHeight,
      lanes: this.#lanes,
      span: this.#span,
      whole: this.#timeline,
      scroll: this.#scroll,
      load: this.#load,
      chosen: this.#chosen,
      isFocused: document.activeElement === this.#canvas,
      found: this.#finder.found,
      theme: readTheme(),
      name: (thread) => this.#name(thread),
    });
    if (this.#details.open) {
      this.#table.show(inSight(this.#lanes, this.#span, MOST_IN_TABLE));
    }
  }

  #name(thread: number): string {
    return this.#log?.threads.get(thread) ?? `thread ${thread}`;
  }

  /** Lays the rows out anew; what is chosen and found stays. */
  #arrange(): void {
    const key = this.#lanes[this.#chosen?.lane ?? -1]?.key;
    this.#lanes = lanesOf(this.#timeline, { threads: pattern(this.#filter.value), kinds: this.#kinds });
    const lane = this.#lanes.findIndex((one) => one.key === key);
    if (this.#chosen && lane >= 0) {
      const { item } = this.#chosen;
      const again = item && !isMark(item) ? intervalAt(this.#lanes[lane] as Lane, item.begin + 1, 0) : item;
      this.#chosen = { lane, item: again };
    } else {
      this.#chosen = undefined;
    }
    this.#finder.update(this.#lanes);
    this.paint();
  }

  #go(span: Span, follows = false): void {
    this.#span = within(span, this.#timeline);
    this.#follows = follows || this.#span.end >= this.#timeline.end;
    this.#onSpan();
    this.paint();
  }

  /** What is chosen stays where it is, if it is in sight; else the middle does. */
  #zoom(factor: number, anchor = this.#anchor()): void {
    this.#go(zoomed(this.#span, factor, anchor, this.#timeline));
  }

  #anchor(): number {
    const { begin, end } = this.#span;
    const { item } = this.#chosen ?? {};
    const middle = item && (beginOf(item) + endOf(item)) / 2;
    return middle !== undefined && middle > begin && middle < end ? middle : (begin + end) / 2;
  }

  #choose(lane: number, item: Item | undefined): void {
    this.#chosen = { lane, item };
    this.#tellChosen();
    this.#reveal(lane);
    this.paint();
  }

  #tellChosen(): void {
    const { lane = -1, item } = this.#chosen ?? {};
    this.#say(item, this.#lanes[lane]?.label ?? HINT);
  }

  #say(item: Item | undefined, otherwise: string): void {
    const text = item ? sentenceOf(item, (thread) => this.#name(thread)) : otherwise;
    if (this.#status.textContent !== text) {
      this.#status.textContent = text;
    }
  }

  /** Scrolls so that the row can be seen. */
  #reveal(lane: number): void {
    const { y, height } = rowOf(this.#lanes, lane, this.#canvas.clientHeight);
    const room = this.#canvas.clientHeight - TOP;
    this.#scrollTo(Math.min(y, Math.max(this.#scroll, y + height - room)));
  }

  #scrollTo(scroll: number): void {
    const last = rowOf(this.#lanes, this.#lanes.length - 1, this.#canvas.clientHeight);
    const room = this.#canvas.clientHeight - TOP;
    this.#scroll = Math.max(0, Math.min(scroll, last.y + last.height - room));
  }

  /** Moves so that the item can be seen, and zooms in where it could not be told from its neighbours. */
  #showItem(lane: number, item: Item): void {
    const begin = beginOf(item);
    const end = endOf(item);
    const length = this.#span.end - this.#span.begin;
    if (begin < this.#span.begin || end > this.#span.end) {
      const middle = (begin + end) / 2;
      const wanted = Math.max(length, (end - begin) * 1.5);
      this.#go({ begin: middle - wanted / 2, end: middle + wanted / 2 });
    }
    this.#choose(lane, item);
  }

  #listen(): void {
    const canvas = this.#canvas;
    canvas.addEventListener('keydown', (event) => this.#key(event));
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener('pointerdown', (event) => this.#drag(event));
    canvas.addEventListener('mousemove', (event) => this.#hover(event));
    canvas.addEventListener('mouseleave', () => this.#tellChosen());
    canvas.addEventListener('dblclick', () => this.#key(new KeyboardEvent('keydown', { key: 'Enter' })));
    for (const type of ['focus', 'blur']) {
      canvas.addEventListener(type, () => this.paint());
    }
    new ResizeObserver(() => this.paint()).observe(canvas);
    this.#filter.addEventListener('input', () => this.#arrange());
    this.#details.addEventListener('toggle', () => this.paint());
    this.#button('zoom-in', () => this.#zoom(1 / ZOOM));
    this.#button('zoom-out', () => this.#zoom(ZOOM));
    this.#button('zoom-all', () => this.#go(this.#timeline));
    this.#button('zoom-latest', () => this.#latest());
    this.#button('save-trace', () => {
      const content = JSON.stringify(chromeTrace(this.#timeline));
      this.#post({ type: 'save', name: 'kernel-trace.json', content, opens: false });
    });
  }

  #button(id: string, action: () => void): void {
    element<Button>(id).addEventListener('click', action);
  }

  #latest(): void {
    const length = Math.min(this.#span.end - this.#span.begin, LATEST);
    this.#go({ begin: this.#timeline.end - length, end: this.#timeline.end }, true);
  }

  #key(event: KeyboardEvent): void {
    const { lane = -1, item } = this.#chosen ?? {};
    const actions: Record<string, () => void> = {
      ArrowDown: () => this.#chooseLane(lane + 1),
      ArrowUp: () => this.#chooseLane(lane - 1),
      ArrowRight: () => this.#chooseBeside(1),
      ArrowLeft: () => this.#chooseBeside(-1),
      Home: () => this.#chooseLane(0),
      End: () => this.#chooseLane(this.#lanes.length - 1),
      Enter: () => item && this.#zoomTo(item),
      Escape: () => this.#go(this.#timeline),
      '0': () => this.#go(this.#timeline),
      '+': () => this.#zoom(1 / ZOOM),
      '=': () => this.#zoom(1 / ZOOM),
      '-': () => this.#zoom(ZOOM),
      a: () => this.#go(moved(this.#span, -0.25, this.#timeline)),
      d: () => this.#go(moved(this.#span, 0.25, this.#timeline)),
      f: () => this.#latest(),
      n: () => this.#finder.next(1),
      N: () => this.#finder.next(-1),
    };
    const action = actions[event.key];
    if (action && !event.ctrlKey && !event.metaKey && !event.altKey) {
      action();
      event.preventDefault();
    }
  }

  #chooseLane(index: number): void {
    const lane = Math.max(0, Math.min(this.#lanes.length - 1, index));
    const found = this.#lanes[lane];
    if (found) {
      const time = this.#chosen?.item ? beginOf(this.#chosen.item) : (this.#span.begin + this.#span.end) / 2;
      this.#choose(lane, found.intervals[firstAfter(found.intervals, time)] ?? found.intervals.at(-1));
    }
  }

  /** The next or the last thing that the chosen lane did. */
  #chooseBeside(step: 1 | -1): void {
    const { lane = 0, item } = this.#chosen ?? {};
    const intervals = this.#lanes[lane]?.intervals ?? [];
    const at = item && !isMark(item) ? intervals.indexOf(item) : firstAfter(intervals, this.#span.begin) - 1;
    const next = intervals[Math.max(0, Math.min(intervals.length - 1, at + step))];
    if (next) {
      this.#showItem(lane, next);
    }
  }

  #zoomTo(item: Item): void {
    const begin = beginOf(item);
    const length = Math.max(endOf(item) - begin, 20_000);
    this.#go({ begin: begin - length * 0.25, end: begin + length * 1.25 });
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) {
      this.#zoom(event.deltaY > 0 ? ZOOM : 1 / ZOOM, this.#timeAt(event.offsetX));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const distance = (event.deltaX || event.deltaY) / Math.max(1, this.#canvas.clientWidth - GUTTER);
      this.#go(moved(this.#span, distance, this.#timeline));
    } else {
      this.#scrollTo(this.#scroll + event.deltaY);
      this.paint();
    }
  }

  #timeAt(x: number): number {
    return timeAt({ width: this.#canvas.clientWidth, span: this.#span }, x);
  }

  /** A click chooses; a drag moves in time, in the overview to where the pointer is. */
  #drag(down: PointerEvent): void {
    const canvas = this.#canvas;
    canvas.focus();
    canvas.setPointerCapture(down.pointerId);
    const start = this.#span;
    const room = Math.max(1, canvas.clientWidth - GUTTER);
    const isOverview = down.offsetY < OVERVIEW;
    const toOverview = (x: number): void => {
      const { begin, end } = this.#timeline;
      const middle = begin + ((x - GUTTER) / room) * (end - begin);
      const half = (start.end - start.begin) / 2;
      this.#go({ begin: middle - half, end: middle + half });
    };
    const move = (event: PointerEvent): void => {
      if (isOverview) {
        toOverview(event.offsetX);
      } else if (Math.abs(event.offsetX - down.offsetX) > 3) {
        this.#go(moved(start, (down.offsetX - event.offsetX) / room, this.#timeline));
      }
    };
    const up = (event: PointerEvent): void => {
      canvas.removeEventListener('pointermove', move);
      canvas.removeEventListener('pointerup', up);
      if (!isOverview && Math.abs(event.offsetX - down.offsetX) <= 3) {
        this.#click(event);
      }
    };
    canvas.addEventListener('pointermove', move);
    canvas.addEventListener('pointerup', up);
    if (isOverview) {
      toOverview(down.offsetX);
    }
  }

  #click(event: PointerEvent): void {
    const found = this.#at(event);
    if (found) {
      this.#choose(found.lane, found.item);
    }
  }

  #hover(event: MouseEvent): void {
    const item = event.buttons === 0 ? this.#at(event)?.item : undefined;
    if (item) {
      this.#say(item, '');
    } else if (event.buttons === 0) {
      this.#tellChosen();
    }
  }

  /** What is under the pointer: a mark when it is near, else an interval. */
  #at({ offsetX, offsetY }: MouseEvent): { lane: number; item: Item | undefined } | undefined {
    const { clientWidth, clientHeight } = this.#canvas;
    const y = offsetY - TOP + this.#scroll;
    const lane = offsetY < TOP ? undefined : laneAt(this.#lanes, y, clientHeight);
    const found = lane === undefined ? undefined : this.#lanes[lane];
    if (lane === undefined || !found) {
      return undefined;
    }
    const time = this.#timeAt(offsetX);
    const pixel = (this.#span.end - this.#span.begin) / Math.max(1, clientWidth - GUTTER);
    const row = rowOf(this.#lanes, lane, clientHeight);
    const isAtEdge = y < row.y + 5 || y > row.y + row.height - 7;
    const mark = found.marks.find((one) => Math.abs(one.time - time) < 4 * pixel);
    const interval = intervalAt(found, time, 2 * pixel);
    return { lane, item: mark && (isAtEdge || !interval) ? mark : interval };
  }
}
