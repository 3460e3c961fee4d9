/** Which part of the map is seen, and how large. Frames stand in rows of `columns`, in the order of their addresses. */

export interface Size {
  width: number;
  height: number;
}

/** A cell at (column, row) is seen at `scale` × that + (x, y), in CSS pixels, `scale` pixels wide and high. */
export interface Viewport {
  scale: number;
  x: number;
  y: number;
}

/** One page fills the screen at most. */
const LARGEST = 640;

/** Rows are a multiple of so many pages: 64 KiB. */
const ROW_STEP = 16;

/** Columns of a map that is as wide and high as `size`, about. */
export function columnsFor(total: number, { width, height }: Size): number {
  const wanted = Math.sqrt((Math.max(1, total) * Math.max(1, width)) / Math.max(1, height));
  return Math.max(ROW_STEP, Math.round(wanted / ROW_STEP) * ROW_STEP);
}

/** All of the map, in the middle. */
export function viewportOfAll(total: number, columns: number, size: Size): Viewport {
  const rows = Math.max(1, Math.ceil(total / columns));
  const scale = Math.max(0.05, Math.min(size.width / columns, size.height / rows));
  return { scale, x: (size.width - columns * scale) / 2, y: (size.height - rows * scale) / 2 };
}

/** Larger or smaller by `factor` around a point, but never smaller than the whole. */
export function zoom(view: Viewport, factor: number, at: { x: number; y: number }, whole: Viewport): Viewport {
  const scale = Math.min(LARGEST, view.scale * factor);
  if (scale <= whole.scale) {
    return whole;
  }
  const real = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * real, y: at.y - (at.y - view.y) * real };
}

/** The frame at a point, and where in it, 0 to 1 each way; undefined beside the map. */
export function frameAt(
  view: Viewport,
  total: number,
  columns: number,
  point: { x: number; y: number },
): { frame: number; x: number; y: number } | undefined {
  const column = (point.x - view.x) / view.scale;
  const row = (point.y - view.y) / view.scale;
  const frame = Math.floor(row) * columns + Math.floor(column);
  if (column < 0 || column >= columns || row < 0 || frame >= total) {
    return undefined;
  }
  return { frame, x: column % 1, y: row % 1 };
}

/** The view with `frame` in sight, moved no further than needed. */
export function reveal(view: Viewport, frame: number, columns: number, size: Size): Viewport {
  const left = view.x + (frame % columns) * view.scale;
  const top = view.y + Math.floor(frame / columns) * view.scale;
  return {
    scale: view.scale,
    x: view.x + shift(left, view.scale, size.width),
    y: view.y + shift(top, view.scale, size.height),
  };
}

/** A page large, in the middle. */
export function closeUp(frame: number, columns: number, size: Size): Viewport {
  const scale = Math.min(LARGEST, Math.min(size.width, size.height) * 0.6);
  return {
    scale,
    x: size.width / 2 - ((frame % columns) + 0.5) * scale,
    y: size.height / 2 - (Math.floor(frame / columns) + 0.5) * scale,
  };
}

/** Rows and columns that can be seen. */
export function visible(
  view: Viewport,
  total: number,
  columns: number,
  size: Size,
): { left: number; right: number; top: number; bottom: number } {
  const rows = Math.ceil(total / columns);
  return {
    left: Math.max(0, Math.floor(-view.x / view.scale)),
    right: Math.min(columns, Math.ceil((size.width - view.x) / view.scale)),
    top: Math.max(0, Math.floor(-view.y / view.scale)),
    bottom: Math.min(rows, Math.ceil((size.height - view.y) / view.scale)),
  };
}

function shift(start: number, length: number, room: number): number {
  if (start < 0) {
    return -start;
  }
  return start + length > room ? Math.max(-start, room - start - length) : 0;
}
