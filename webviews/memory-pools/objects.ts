/** The objects of a slab, within one page: a page is drawn as lines of bytes. */
import { cssOf, inkOn, type Theme } from './colours.ts';
import { isLive, objectAt, placeOf, type Slab } from './slabs.ts';
import { PAGE_SIZE } from './words.ts';

const LINES = 32;
const LINE_BYTES = PAGE_SIZE / LINES;
/** Inside the page's border, in CSS pixels. */
const INSET = 3;
/** Between objects, in CSS pixels. */
const GAP = 1;
/** From these sizes of a piece on, in CSS pixels, it is outlined and has its object's number. */
const OUTLINED = 4;
const NUMBERED = { width: 18, height: 9 };
/** Brightnesses that are told apart. */
const STEPS = 5;

/** A piece of an object on one line of a page. */
export interface Piece {
  object: number;
  isLive: boolean;
  line: number;
  /** Bytes from the line's start. */
  from: number;
  to: number;
}

/** What is told of a slab's objects beside their being alive. */
export interface ObjectLook {
  /** 0 to 1: how lately it came to life. */
  glow(slab: Slab, index: number): number;
  /** New since the moment that others are compared with. */
  isNew(slab: Slab, index: number): boolean;
}

/** The byte of a page at a place in its square, 0 to 1 each way. */
export function offsetAt(x: number, y: number): number {
  return Math.min(LINES - 1, Math.floor(y * LINES)) * LINE_BYTES + Math.floor(x * LINE_BYTES);
}

/** What stands on page `frame` of a slab. */
export function piecesOf(slab: Slab, frame: number): Piece[] {
  const { objectSize, capacity, address, objects = address } = slab;
  const begin = (frame - slab.frame) * PAGE_SIZE - (objects - address);
  const first = Math.max(0, Math.floor(begin / objectSize));
  const last = Math.min(capacity - 1, Math.floor((begin + PAGE_SIZE - 1) / objectSize));
  const pieces: Piece[] = [];
  for (let object = first; object <= last; object++) {
    const from = Math.max(0, object * objectSize - begin);
    const to = Math.min(PAGE_SIZE, (object + 1) * objectSize - begin);
    for (let at = from; at < to; ) {
      const line = Math.floor(at / LINE_BYTES);
      const end = Math.min(to, (line + 1) * LINE_BYTES);
      const piece = { object, isLive: isLive(slab, object), line };
      pieces.push({ ...piece, from: at - line * LINE_BYTES, to: end - line * LINE_BYTES });
      at = end;
    }
  }
  return pieces;
}

/** The place of the next object of the slab, or the one before; of the last and the first: their own. */
export function objectBeside(
  slab: Slab,
  frame: number,
  offset: number,
  step: 1 | -1,
): { frame: number; offset: number } {
  const current = objectAt(slab, frame, offset);
  const next = current === undefined ? 0 : Math.max(0, Math.min(slab.capacity - 1, current + step));
  return placeOf(slab, next);
}

/**
 * Draws page `frame` of a slab: what lives is filled, brighter when it is younger, with a bar where it is new; what is free is hollow.
 * @param chosen the object that is meant, outlined
 */
export function drawObjects(
  context: CanvasRenderingContext2D,
  slab: Slab,
  frame: number,
  cell: { x: number; y: number; scale: number },
  theme: Theme,
  look: ObjectLook,
  chosen: number | undefined,
): void {
  const width = (cell.scale - 2 * INSET) / LINE_BYTES;
  const height = (cell.scale - 2 * INSET) / LINES;
  const gap = Math.min(GAP, height / 4);
  const fills = Array.from({ length: STEPS + 1 }, (_, step) => cssOf('pool', theme, step / STEPS));
  const ink = inkOn('pool', theme);
  context.fillStyle = theme.background;
  context.fillRect(cell.x + 1, cell.y + 1, cell.scale - 2, cell.scale - 2);
  context.font = `${Math.min(11, Math.round(height * 0.75))}px sans-serif`;
  context.lineWidth = 1;
  for (const { object, isLive, line, from, to } of piecesOf(slab, frame)) {
    const x = cell.x + INSET + from * width;
    const y = cell.y + INSET + line * height;
    const wide = Math.max(0.5, (to - from) * width - gap);
    const high = height - gap;
    if (isLive) {
      context.fillStyle = fills[Math.round(look.glow(slab, object) * STEPS)] ?? '';
      context.fillRect(x, y, wide, high);
      if (look.isNew(slab, object)) {
        context.fillStyle = theme.mark;
        context.fillRect(x, y + high - Math.max(1, high / 4), wide, Math.max(1, high / 4));
      }
    } else if (Math.min(wide, high) >= OUTLINED) {
      context.strokeStyle = cssOf('reserved', theme);
      context.strokeRect(x + 0.5, y + 0.5, wide - 1, high - 1);
    }
    const isFirst = (frame - slab.frame) * PAGE_SIZE + line * LINE_BYTES + from === beginOf(slab, object);
    if (isFirst && wide >= NUMBERED.width && high >= NUMBERED.height) {
      context.fillStyle = isLive ? ink : theme.muted;
      context.fillText(`${object}`, x + 3, y + high - (high - 8) / 2);
    }
    if (object === chosen) {
      context.strokeStyle = theme.focus;
      context.lineWidth = 2;
      context.strokeRect(x, y, wide, high);
      context.lineWidth = 1;
    }
  }
}

/** Bytes from the slab's start. */
function beginOf({ objects, address, objectSize }: Slab, object: number): number {
  return (objects ?? address) - address + object * objectSize;
}
