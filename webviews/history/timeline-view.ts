/** The timeline's tab: chooses, zooms, moves, filters and finds, by mouse and by keys. */
import * as l10n from '@vscode/l10n';
import type { Button, TextField } from '@vscode/webview-ui-toolkit';
import { chromeTrace } from '../../debug-adapter/history/chrome-trace.ts';
import type { EventLog } from '../../debug-adapter/history/event-log.ts';
import type { Timeline } from '../../debug-adapter/history/timeline.ts';
import { element, pattern, prepared, Table, tellMissing } from '../dom.ts';
import { Camera } from './camera.ts';
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
  spanOf,
} from './lanes.ts';
import { cpuLoad } from './load.ts';
import type { ToHost } from './messages.ts';
import { lengthText, momentText, type Span } from './span.ts';
import { readTheme } from './theme.ts';
import { Finder } from './timeline-finder.ts';
import { fillLegend } from './timeline-legend.ts';
import { draw, laneAt, rowOf, TOP, timeAt } from './timeline-paint.ts';
import { listenToPointer } from './timeline-pointer.ts';

const ZOOM = 1.4;
const MOST_IN_TABLE = 200;

export class TimelineView {
  readonly #canvas = element<HTMLCanvasElement>('lanes');
  readonly #status = element('chosen');
  readonly #missing = element('timeline-missing');
  readonly #filter = element<TextField>('lane-filter');
  readonly #details = element<HTMLDetailsElement>('in-sight');
  readonly #kinds = new Set<Kind>(KINDS.filter((kind) => kind !== 'idle'));
  readonly #post: (message: ToHost) => void;
  readonly #camera: Camera;
  readonly #finder: Finder;
  #timeline: Timeline = { begin: 0, end: 0, cpus: [], threads: [], wakeUps: [] };
  #log: EventLog | undefined;
  #lanes: Lane[] = [];
  #load: number[] = [];
  #scroll = 0;
  #chosen: { lane: number; item: Item | undefined } | undefined;
  #frame = 0;
  #table: Table<{ lane: Lane; item: Item }>;

  constructor(post: (message: ToHost) => void, onSpan: () => void) {
    this.#post = post;
    this.#camera = new Camera(() => {
      onSpan();
      this.paint();
    });
    this.#table = new Table(element('in-sight-table'), l10n.t('What is in sight'), [
      { title: l10n.t('Where'), text: ({ lane }) => lane.label },
      { title: l10n.t('What'), text: ({ item }) => shortText(item) },
      {
        title: l10n.t('From'),
        text: ({ item }) => momentText(beginOf(item), 1000),
        order: ({ item }) => beginOf(item),
      },
      {
        title: l10n.t('For'),
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
    return this.#camera.span;
  }

  show(timeline: Timeline, log: EventLog): void {
    this.#timeline = timeline;
    this.#log = log;
    this.#load = cpuLoad(timeline, 300);
    this.tell('');
    this.#camera.grow(timeline);
    this.#arrange();
  }

  clear(): void {
    this.#timeline = { begin: 0, end: 0, cpus: [], threads: [], wakeUps: [] };
    this.#camera.reset();
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
    tellMissing(this.#missing, message);
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
      span: this.#camera.span,
      whole: this.#camera.whole,
      scroll: this.#scroll,
      load: this.#load,
      chosen: this.#chosen,
      isFocused: document.activeElement === this.#canvas,
      found: this.#finder.found,
      theme: readTheme(),
      name: (thread) => this.#name(thread),
    });
    if (this.#details.open) {
      this.#table.show(inSight(this.#lanes, this.#camera.span, MOST_IN_TABLE));
    }
  }

  #name(thread: number): string {
    return this.#log?.threads.get(thread) ?? l10n.t('thread {0}', thread);
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
    this.#tellChosen();
    this.paint();
  }

  #choose(lane: number, item: Item | undefined): void {
    this.#chosen = { lane, item };
    this.#tellChosen();
    this.#reveal(lane);
    this.paint();
  }

  #tellChosen(): void {
    const { lane = -1, item } = this.#chosen ?? {};
    this.#say(item, this.#lanes[lane]?.label ?? hint());
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

  #showItem(lane: number, item: Item): void {
    this.#camera.reveal(spanOf(item));
    this.#choose(lane, item);
  }

  #listen(): void {
    const canvas = this.#canvas;
    canvas.addEventListener('keydown', (event) => this.#key(event));
    listenToPointer(canvas, this.#camera, {
      click: (event) => this.#click(event),
      doubleClick: () => this.#fill(),
      hover: (event) => this.#hover(event),
      leave: () => this.#tellChosen(),
      scroll: (distance) => {
        this.#scrollTo(this.#scroll + distance);
        this.paint();
      },
      timeAt: (x) => this.#timeAt(x),
    });
    for (const type of ['focus', 'blur']) {
      canvas.addEventListener(type, () => this.paint());
    }
    new ResizeObserver(() => this.paint()).observe(canvas);
    this.#filter.addEventListener('input', () => this.#arrange());
    this.#details.addEventListener('toggle', () => this.paint());
    this.#button('zoom-in', () => this.#camera.zoom(1 / ZOOM, this.#chosenTime()));
    this.#button('zoom-out', () => this.#camera.zoom(ZOOM, this.#chosenTime()));
    this.#button('zoom-all', () => this.#camera.all());
    this.#button('zoom-latest', () => this.#camera.latest());
    this.#button('save-trace', () => {
      const content = JSON.stringify(chromeTrace(this.#timeline));
      this.#post({ type: 'save', name: 'kernel-trace.json', content, opens: false });
    });
  }

  #button(id: string, action: () => void): void {
    element<Button>(id).addEventListener('click', action);
  }

  #chosenTime(): number | undefined {
    const { item } = this.#chosen ?? {};
    return item && (beginOf(item) + endOf(item)) / 2;
  }

  #fill(): void {
    const { item } = this.#chosen ?? {};
    if (item) {
      this.#camera.fill(spanOf(item));
    }
  }

  #key(event: KeyboardEvent): void {
    const { lane = -1 } = this.#chosen ?? {};
    const zoom = (factor: number) => (): void => this.#camera.zoom(factor, this.#chosenTime());
    const actions: Record<string, () => void> = {
      ArrowDown: () => this.#chooseLane(lane + 1),
      ArrowUp: () => this.#chooseLane(lane - 1),
      ArrowRight: () => this.#chooseBeside(1),
      ArrowLeft: () => this.#chooseBeside(-1),
      Home: () => this.#chooseLane(0),
      End: () => this.#chooseLane(this.#lanes.length - 1),
      Enter: () => this.#fill(),
      Escape: () => this.#camera.all(),
      '0': () => this.#camera.all(),
      '+': zoom(1 / ZOOM),
      '=': zoom(1 / ZOOM),
      '-': zoom(ZOOM),
      a: () => this.#camera.move(-0.25),
      d: () => this.#camera.move(0.25),
      f: () => this.#camera.latest(),
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
      const { begin, end } = this.#camera.span;
      const time = this.#chosen?.item ? beginOf(this.#chosen.item) : (begin + end) / 2;
      this.#choose(lane, found.intervals[firstAfter(found.intervals, time)] ?? found.intervals.at(-1));
    }
  }

  /** The next or the last thing that the chosen lane did. */
  #chooseBeside(step: 1 | -1): void {
    const { lane = 0, item } = this.#chosen ?? {};
    const intervals = this.#lanes[lane]?.intervals ?? [];
    const at = item && !isMark(item) ? intervals.indexOf(item) : firstAfter(intervals, this.#camera.span.begin) - 1;
    const next = intervals[Math.max(0, Math.min(intervals.length - 1, at + step))];
    if (next) {
      this.#showItem(lane, next);
    }
  }

  #timeAt(x: number): number {
    return timeAt({ width: this.#canvas.clientWidth, span: this.#camera.span }, x);
  }

  #click(event: MouseEvent): void {
    const found = this.#at(event);
    if (found) {
      this.#choose(found.lane, found.item);
    }
  }

  #hover(event: MouseEvent): void {
    const item = this.#at(event)?.item;
    if (item) {
      this.#say(item, '');
    } else {
      this.#tellChosen();
    }
  }

  /** What is under the pointer: a mark when it is near, else an interval. */
  #at({ offsetX, offsetY }: MouseEvent): { lane: number; item: Item | undefined } | undefined {
    const { clientHeight } = this.#canvas;
    const y = offsetY - TOP + this.#scroll;
    const lane = offsetY < TOP ? undefined : laneAt(this.#lanes, y, clientHeight);
    const found = lane === undefined ? undefined : this.#lanes[lane];
    if (lane === undefined || !found) {
      return undefined;
    }
    const time = this.#timeAt(offsetX);
    const pixel = this.#timeAt(1) - this.#timeAt(0);
    const row = rowOf(this.#lanes, lane, clientHeight);
    const isAtEdge = y < row.y + 5 || y > row.y + row.height - 7;
    const mark = found.marks.find((one) => Math.abs(one.time - time) < 4 * pixel);
    const interval = intervalAt(found, time, 2 * pixel);
    return { lane, item: mark && (isAtEdge || !interval) ? mark : interval };
  }
}

function hint(): string {
  return l10n.t('Click or use the arrow keys to choose; Ctrl and the wheel zoom, dragging moves in time.');
}
