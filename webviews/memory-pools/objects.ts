/** The objects of a slab, within one page: a page is drawn as lines of bytes. */
import type { SlabRow } from '../../debug-adapter/protocol.ts';
import { cssOf, type Theme } from './colours.ts';
import { PAGE_SIZE } from './words.ts';

const LINES = 32;
const LINE_BYTES = PAGE_SIZE / LINES;
const GAP = 0.12;

/** A piece of an object on one line of a page. */
export interface Piece {
  object: number;
  isLive: boolean;
  line: number;
  /** Bytes from the line's start. */
  from: number;
  to: number;
}

/** The byte of a page at a place in its square, 0 to 1 each way. */
export function offsetAt(x: number, y: number): number {
  return Math.min(LINES - 1, Math.floor(y * LINES)) * LINE_BYTES + Math.floor(x * LINE_BYTES);
}

/** What stands on page `frame` of a slab. */
export function piecesOf(slab: SlabRow & { frame: number }, frame: number): Piece[] {
  const { objectSize, capacity, liveMap, address, objects = address } = slab;
  const live = Uint8Array.from(atob(liveMap), (character) => character.charCodeAt(0));
  const begin = (frame - slab.frame) * PAGE_SIZE - (objects - address);
  const first = Math.max(0, Math.floor(begin / objectSize));
  const last = Math.min(capacity - 1, Math.floor((begin + PAGE_SIZE - 1) / objectSize));
  const pieces: Piece[] = [];
  for (let object = first; object <= last; object++) {
    const isLive = ((live[object >> 3] ?? 0) & (1 << (object & 7))) !== 0;
    const from = Math.max(0, object * objectSize - begin);
    const to = Math.min(PAGE_SIZE, (object + 1) * objectSize - begin);
    for (let at = from; at < to; ) {
      const line = Math.floor(at / LINE_BYTES);
      const end = Math.min(to, (line + 1) * LINE_BYTES);
      pieces.push({ object, isLive, line, from: at - line * LINE_BYTES, to: end - line * LINE_BYTES });
      at = end;
    }
  }
  return pieces;
}

export function drawObjects(
  context: CanvasRenderingContext2D,
  slab: SlabRow & { frame: number },
  frame: number,
  cell: { x: number; y: number; scale: number },
  theme: Theme,
): void {
  const width = (cell.scale - 4) / LINE_BYTES;
  const height = (cell.scale - 4) / LINES;
  context.fillStyle = theme.background;
  context.fillRect(cell.x + 1, cell.y + 1, cell.scale - 2, cell.scale - 2);
  const live = cssOf('pool', theme);
  const free = cssOf('free', theme);
  for (const { isLive, line, from, to } of piecesOf(slab, frame)) {
    context.fillStyle = isLive ? live : free;
    const gap = Math.min(1, height * GAP);
    context.fillRect(
      cell.x + 2 + from * width,
      cell.y + 2 + line * height,
      Math.max(0.5, (to - from) * width - gap),
      height - gap,
    );
  }
}
