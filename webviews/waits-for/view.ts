/** Which part of the picture is seen, and how large. Pixels are CSS pixels of the canvas. */
import type { Spot } from './layout.ts';

/** Of a node, in pixels at scale 1; and of the grid's cells. */
export const NODE = { width: 176, height: 46 };
export const CELL = { width: 272, height: 76 };

export interface Point {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

/** A point of the picture is seen at `scale` × the point + `offset`. */
export interface View {
  scale: number;
  offset: Point;
}

const SMALLEST = 0.15;
const LARGEST = 2;
/** When all of it is shown. */
const LARGEST_BY_ITSELF = 1.15;
/** Below this scale words cannot be read. */
export const LEGIBLE = 0.6;
/** Around the picture when all of it is shown. */
const MARGIN = 24;
/** Above it are the tools. */
const HEAD = 44;

/** The middle of a node. */
export function middleOf({ column, row }: Spot): Point {
  return { x: column * CELL.width, y: row * CELL.height };
}

/** The view that shows all of `spots`, not much larger than life. */
export function viewOfAll(spots: readonly Spot[], size: Size): View {
  const box = boxOf(spots);
  return centred(box, bounded(Math.min(LARGEST_BY_ITSELF, scaleFor(box, size))), size);
}

/** The view that shows all of `spots` where that can be read, else what matters among them, else where they begin. */
export function viewToRead(spots: readonly Spot[], mattering: readonly Spot[], size: Size): View {
  const box = boxOf(spots);
  if (scaleFor(box, size) >= LEGIBLE) {
    return viewOfAll(spots, size);
  }
  const core = boxOf(mattering);
  if (core.right > core.left && scaleFor(core, size) >= LEGIBLE) {
    return viewOfAll(mattering, size);
  }
  return { scale: LEGIBLE, offset: { x: MARGIN - LEGIBLE * box.left, y: HEAD - LEGIBLE * box.top } };
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Around all nodes; without any it is a point. */
function boxOf(spots: readonly Spot[]): Box {
  const points = spots.map(middleOf);
  if (points.length === 0) {
    return { left: 0, right: 0, top: 0, bottom: 0 };
  }
  return {
    left: Math.min(...points.map(({ x }) => x)) - NODE.width / 2,
    right: Math.max(...points.map(({ x }) => x)) + NODE.width / 2,
    top: Math.min(...points.map(({ y }) => y)) - NODE.height / 2,
    bottom: Math.max(...points.map(({ y }) => y)) + NODE.height / 2,
  };
}

/** At which `box` just fits. */
function scaleFor({ left, right, top, bottom }: Box, { width, height }: Size): number {
  return Math.min((width - 2 * MARGIN) / (right - left || 1), (height - HEAD - MARGIN) / (bottom - top || 1));
}

function centred({ left, right, top, bottom }: Box, scale: number, { width, height }: Size): View {
  return {
    scale,
    offset: { x: (width - scale * (left + right)) / 2, y: (height + HEAD - MARGIN - scale * (top + bottom)) / 2 },
  };
}

/** Larger or smaller by `factor`, with what is at `at` staying there. */
export function zoom({ scale, offset }: View, factor: number, at: Point): View {
  const next = bounded(scale * factor);
  const change = next / scale;
  return { scale: next, offset: { x: at.x - (at.x - offset.x) * change, y: at.y - (at.y - offset.y) * change } };
}

export function pan({ scale, offset }: View, x: number, y: number): View {
  return { scale, offset: { x: offset.x + x, y: offset.y + y } };
}

/** Moved as little as possible so that the node at `spot` is seen. */
export function reveal(view: View, spot: Spot, size: Size): View {
  const { x, y } = middleOf(spot);
  const seen = { x: view.scale * x + view.offset.x, y: view.scale * y + view.offset.y };
  const half = { x: (view.scale * NODE.width) / 2 + MARGIN, y: (view.scale * NODE.height) / 2 + MARGIN };
  const push = (at: number, from: number, to: number): number => (at < from ? from - at : at > to ? to - at : 0);
  return pan(view, push(seen.x, half.x, size.width - half.x), push(seen.y, half.y, size.height - half.y));
}

/** The point of the picture that is seen at `at`. */
export function pictured({ scale, offset }: View, at: Point): Point {
  return { x: (at.x - offset.x) / scale, y: (at.y - offset.y) / scale };
}

/** The node at a point of the picture. */
export function nodeAt(places: ReadonlyMap<string, Spot>, { x, y }: Point): string | undefined {
  for (const [key, spot] of places) {
    const middle = middleOf(spot);
    if (Math.abs(middle.x - x) <= NODE.width / 2 && Math.abs(middle.y - y) <= NODE.height / 2) {
      return key;
    }
  }
  return undefined;
}

/** The node that one gets to from `key` with an arrow key: the nearest in that direction, straight ahead before aside. */
export function nodeTowards(
  places: ReadonlyMap<string, Spot>,
  key: string,
  dx: number,
  dy: number,
): string | undefined {
  const start = places.get(key);
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [other, { column, row }] of start ? places : []) {
    const x = column - (start?.column ?? 0);
    const y = row - (start?.row ?? 0);
    const ahead = x * dx + y * dy;
    const aside = Math.abs(x * dy) + Math.abs(y * dx);
    if (ahead > 0 && ahead + 2 * aside < least) {
      least = ahead + 2 * aside;
      best = other;
    }
  }
  return best;
}

function bounded(scale: number): number {
  return Math.max(SMALLEST, Math.min(LARGEST, scale));
}
