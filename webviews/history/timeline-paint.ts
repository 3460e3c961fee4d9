/** Draws the timeline: an overview, a ruler, a row for each CPU and each thread. */
import * as l10n from '@vscode/l10n';
import type { Interval, Mark } from '../../debug-adapter/history/timeline.ts';
import { fitted } from '../dom.ts';
import { firstAfter, type Item, isMark, type Kind, kindOf, type Lane, labelOf } from './lanes.ts';
import { momentText, rulerStep, type Span } from './span.ts';
import { colorOf, type Theme } from './theme.ts';

export const GUTTER = 132;
export const OVERVIEW = 30;
export const RULER = 20;
export const TOP = OVERVIEW + RULER;
/** Rows are so tall that they fill the picture, within bounds. */
const SHORTEST_ROW = 20;
const TALLEST_ROW = 30;
/** Between the CPUs and the threads. */
const GAP = 8;

export interface Picture {
  width: number;
  height: number;
  lanes: readonly Lane[];
  span: Span;
  whole: Span;
  /** Pixels that the rows are scrolled up. */
  scroll: number;
  /** Shares of all CPUs that were busy, over the whole time. */
  load: readonly number[];
  chosen: { lane: number; item: Item | undefined } | undefined;
  isFocused: boolean;
  found: ReadonlySet<Item>;
  theme: Theme;
  name(thread: number): string;
}

/** Where a lane's row stands, from the top of all rows, in a picture of this height. */
export function rowOf(lanes: readonly Lane[], index: number, pictureHeight: number): { y: number; height: number } {
  const room = (pictureHeight - TOP - GAP) / Math.max(1, lanes.length);
  const height = Math.floor(Math.max(SHORTEST_ROW, Math.min(TALLEST_ROW, room)));
  return { y: index * height + (lanes[index]?.isCpu ? 0 : GAP), height };
}

export function laneAt(lanes: readonly Lane[], y: number, pictureHeight: number): number | undefined {
  const index = lanes.findIndex((_, lane) => {
    const row = rowOf(lanes, lane, pictureHeight);
    return y >= row.y && y < row.y + row.height;
  });
  return index < 0 ? undefined : index;
}

export function timeAt({ width, span }: Pick<Picture, 'width' | 'span'>, x: number): number {
  return span.begin + ((x - GUTTER) / Math.max(1, width - GUTTER)) * (span.end - span.begin);
}

function xOf({ width, span }: Picture, time: number): number {
  return GUTTER + ((time - span.begin) / (span.end - span.begin || 1)) * (width - GUTTER);
}

export function draw(context: CanvasRenderingContext2D, picture: Picture): void {
  const { width, height, theme, lanes, scroll } = picture;
  context.fillStyle = theme.background;
  context.fillRect(0, 0, width, height);
  context.textBaseline = 'middle';
  const marks = drawRuler(context, picture);
  context.save();
  context.beginPath();
  context.rect(0, TOP, width, height - TOP);
  context.clip();
  lanes.forEach((lane, index) => {
    const row = rowOf(lanes, index, height);
    const y = TOP + row.y - scroll;
    if (y + row.height >= TOP && y <= height) {
      drawLane(context, picture, lane, index, y, row.height);
    }
  });
  drawGrid(context, picture, marks);
  context.restore();
  drawOverview(context, picture);
}

/** Gives the places of its marks. */
function drawRuler(context: CanvasRenderingContext2D, picture: Picture): number[] {
  const { width, span, theme } = picture;
  const step = rulerStep(span, (width - GUTTER) / 110);
  const marks: number[] = [];
  context.font = theme.smallFont;
  context.fillStyle = theme.muted;
  for (let time = Math.ceil(span.begin / step) * step; time <= span.end; time += step) {
    const x = xOf(picture, time);
    marks.push(x);
    context.fillText(momentText(time, step), x + 4, OVERVIEW + RULER / 2);
  }
  context.fillStyle = theme.line;
  for (const x of marks) {
    context.fillRect(Math.round(x), OVERVIEW + 2, 1, RULER - 2);
  }
  return marks;
}

function drawGrid(context: CanvasRenderingContext2D, { height, theme }: Picture, marks: readonly number[]): void {
  context.globalAlpha = 0.35;
  context.fillStyle = theme.line;
  for (const x of marks) {
    context.fillRect(Math.round(x), TOP, 1, height - TOP);
  }
  context.globalAlpha = 1;
}

/** How busy the CPUs were over the whole time, and which part is shown below. */
function drawOverview(context: CanvasRenderingContext2D, { width, whole, span, load, theme }: Picture): void {
  const room = width - GUTTER;
  const bar = room / Math.max(1, load.length);
  context.font = theme.smallFont;
  context.fillStyle = theme.muted;
  context.fillText(l10n.t('busy CPUs'), 4, OVERVIEW / 2);
  context.fillStyle = theme.running;
  context.globalAlpha = theme.isOutlined ? 1 : 0.6;
  load.forEach((share, index) => {
    const tall = share * (OVERVIEW - 6);
    context.fillRect(GUTTER + index * bar, OVERVIEW - 2 - tall, Math.max(1, bar - 0.5), tall);
  });
  context.globalAlpha = 1;
  const length = whole.end - whole.begin || 1;
  const from = GUTTER + ((span.begin - whole.begin) / length) * room;
  const to = GUTTER + ((span.end - whole.begin) / length) * room;
  context.fillStyle = theme.background;
  context.globalAlpha = 0.6;
  context.fillRect(GUTTER, 0, from - GUTTER, OVERVIEW);
  context.fillRect(to, 0, width - to, OVERVIEW);
  context.globalAlpha = 1;
  context.strokeStyle = theme.focus;
  context.lineWidth = 1;
  context.strokeRect(from + 0.5, 0.5, Math.max(2, to - from - 1), OVERVIEW - 2);
}

function drawLane(
  context: CanvasRenderingContext2D,
  picture: Picture,
  lane: Lane,
  index: number,
  y: number,
  height: number,
): void {
  const { theme, chosen, width } = picture;
  if (chosen?.lane === index) {
    context.fillStyle = theme.selection;
    context.fillRect(0, y, width, height);
  }
  context.font = theme.font;
  context.fillStyle = theme.foreground;
  context.fillText(fitted(context, lane.label, GUTTER - 12), 4, y + height / 2);
  context.save();
  context.beginPath();
  context.rect(GUTTER, y, width - GUTTER, height);
  context.clip();
  drawIntervals(context, picture, lane, y, height);
  drawMarks(context, picture, lane, y, height);
  if (chosen?.lane === index && chosen.item) {
    outline(context, picture, chosen.item, y, height);
  }
  context.restore();
}

function drawIntervals(
  context: CanvasRenderingContext2D,
  picture: Picture,
  lane: Lane,
  y: number,
  height: number,
): void {
  const { span, theme, found } = picture;
  // What is narrower than a pixel is drawn once a pixel.
  let drawn = -1;
  for (let index = firstAfter(lane.intervals, span.begin); index < lane.intervals.length; index++) {
    const interval = lane.intervals[index] as Interval;
    if (interval.begin > span.end) {
      break;
    }
    const from = Math.max(GUTTER, xOf(picture, interval.begin));
    const to = xOf(picture, interval.end);
    const isTiny = to - from < 1;
    if (isTiny && Math.floor(to) === drawn && !found.has(interval)) {
      continue;
    }
    drawn = Math.floor(to);
    const shape = { x: from, y, width: Math.max(1, to - from), height };
    drawInterval(context, picture, lane, interval, shape);
    if (found.has(interval)) {
      context.fillStyle = theme.focus;
      context.fillRect(shape.x, y + height - 3, Math.max(2, shape.width), 3);
    }
  }
}

interface Shape {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Of the row's height: told apart without colours too. */
const TALL: Record<Kind, number> = {
  running: 0.8,
  ready: 0.45,
  locked: 0.65,
  waiting: 0.16,
  file: 1,
  timer: 1,
  idle: 1,
};

function drawInterval(
  context: CanvasRenderingContext2D,
  { theme, name }: Picture,
  lane: Lane,
  interval: Interval,
  { x, y, width, height }: Shape,
): void {
  const kind = kindOf(interval);
  const tall = height * TALL[kind];
  const top = y + (height - tall) / 2;
  const owner = name(interval.thread);
  const color = lane.isCpu
    ? colorOf(theme, owner)
    : theme[kind === 'file' || kind === 'timer' || kind === 'idle' ? 'file' : kind];
  context.fillStyle = color;
  context.globalAlpha = theme.isOutlined ? 0.35 : kind === 'locked' ? 0.75 : kind === 'waiting' ? 0.5 : 0.62;
  context.fillRect(x, top, width, tall);
  context.globalAlpha = 1;
  if (theme.isOutlined && width > 2) {
    context.strokeStyle = color;
    context.lineWidth = 1;
    context.strokeRect(x + 0.5, top + 0.5, width - 1, tall - 1);
  }
  const text = lane.isCpu ? owner : kind === 'locked' ? labelOf(interval) : '';
  if (text && width > 34) {
    context.font = theme.smallFont;
    context.fillStyle = theme.foreground;
    context.fillText(fitted(context, text, width - 8), x + 4, y + height / 2);
  }
}

function drawMarks(context: CanvasRenderingContext2D, picture: Picture, lane: Lane, y: number, height: number): void {
  const { span, theme, found } = picture;
  let drawn = -1;
  for (const mark of lane.marks) {
    if (mark.time < span.begin || mark.time > span.end) {
      continue;
    }
    const x = Math.round(xOf(picture, mark.time));
    if (x === drawn && !found.has(mark)) {
      continue;
    }
    drawn = x;
    context.fillStyle = found.has(mark) ? theme.focus : mark.kind === 'timer' ? theme.timer : theme.file;
    drawMark(context, mark, x, y, height);
  }
}

/** A timer is a small triangle from above, everything else a line at the foot of the row. */
function drawMark(context: CanvasRenderingContext2D, mark: Mark, x: number, y: number, height: number): void {
  if (mark.kind === 'timer') {
    context.beginPath();
    context.moveTo(x - 3, y);
    context.lineTo(x + 3, y);
    context.lineTo(x, y + 5);
    context.fill();
  } else {
    context.fillRect(x, y + height - 6, mark.kind === 'file' ? 1 : 3, 6);
  }
}

function outline(context: CanvasRenderingContext2D, picture: Picture, item: Item, y: number, height: number): void {
  const { theme, isFocused } = picture;
  const from = isMark(item) ? xOf(picture, item.time) - 4 : xOf(picture, item.begin);
  const to = isMark(item) ? xOf(picture, item.time) + 4 : xOf(picture, item.end);
  context.strokeStyle = theme.focus;
  context.lineWidth = isFocused ? 2 : 1;
  context.strokeRect(Math.max(GUTTER - 2, from), y + 1, Math.max(3, to - Math.max(GUTTER - 2, from)), height - 2);
}
