/** Where the map's rectangles lie: squarified (Bruls, Huizing, van Wijk: "Squarified Treemaps"). */
import type { MapRow } from './messages.ts';

export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A node with its place; `depth` 0 is the whole map. */
export interface Cell extends Rectangle {
  row: MapRow;
  depth: number;
  parent: Cell | undefined;
  /** The branch of the whole map that it belongs to: its colour. */
  branch: number;
}

/** Height of a group's heading, in pixels. */
export const HEADING = 16;
const GAP = 1;
/** Smaller rectangles show nothing below them. */
const SMALLEST = 6;

/** All cells in drawing order: a group before what it holds. */
export function layOut(root: MapRow, area: Rectangle): Cell[] {
  const cells: Cell[] = [];
  const place = (row: MapRow, rectangle: Rectangle, depth: number, parent: Cell | undefined, branch: number): void => {
    const cell: Cell = { ...rectangle, row, depth, parent, branch };
    cells.push(cell);
    const isHeaded = depth > 0 && rectangle.height > 2 * HEADING && rectangle.width > 30;
    const inner = inside(rectangle, depth === 0 ? 0 : GAP, isHeaded ? HEADING : 0);
    if (row.children.length === 0 || inner.width < SMALLEST || inner.height < SMALLEST) {
      return;
    }
    const weights = row.children.map((child) => child.weight);
    // What is too small to be drawn leaves its place empty.
    for (const [index, rectangleOfChild] of squarify(weights, inner, row.weight).entries()) {
      const child = row.children[index];
      if (child && rectangleOfChild.width >= 1 && rectangleOfChild.height >= 1) {
        place(child, rectangleOfChild, depth + 1, cell, depth === 0 ? index : branch);
      }
    }
  };
  place(root, area, 0, undefined, 0);
  return cells;
}

/** Rectangles for `sizes` (descending) in `area`, of which `total` is the whole; as square as can be. */
export function squarify(sizes: readonly number[], area: Rectangle, total: number): Rectangle[] {
  const scale = total > 0 ? (area.width * area.height) / total : 0;
  const result: Rectangle[] = [];
  let free = { ...area };
  for (let start = 0; start < sizes.length; ) {
    const side = Math.min(free.width, free.height);
    let end = start + 1;
    let sum = (sizes[start] as number) * scale;
    while (end < sizes.length && worst(sizes, start, end + 1, side, scale) <= worst(sizes, start, end, side, scale)) {
      sum += (sizes[end] as number) * scale;
      end++;
    }
    const isColumn = free.width >= free.height;
    const thickness = side > 0 ? Math.min(sum / side, isColumn ? free.width : free.height) : 0;
    let along = 0;
    for (let index = start; index < end; index++) {
      const length = thickness > 0 ? ((sizes[index] as number) * scale) / thickness : 0;
      result.push(
        isColumn
          ? { x: free.x, y: free.y + along, width: thickness, height: length }
          : { x: free.x + along, y: free.y, width: length, height: thickness },
      );
      along += length;
    }
    free = isColumn
      ? { ...free, x: free.x + thickness, width: free.width - thickness }
      : { ...free, y: free.y + thickness, height: free.height - thickness };
    start = end;
  }
  return result;
}

/** The worst ratio of sides in a row of `sizes[start, end)`. */
function worst(sizes: readonly number[], start: number, end: number, side: number, scale: number): number {
  let sum = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let index = start; index < end; index++) {
    const size = (sizes[index] as number) * scale;
    sum += size;
    smallest = Math.min(smallest, size);
    largest = Math.max(largest, size);
  }
  const square = side * side;
  return smallest === 0
    ? Number.POSITIVE_INFINITY
    : Math.max((square * largest) / (sum * sum), (sum * sum) / (square * smallest));
}

function inside(rectangle: Rectangle, gap: number, heading: number): Rectangle {
  return {
    x: rectangle.x + gap,
    y: rectangle.y + gap + heading,
    width: Math.max(0, rectangle.width - 2 * gap),
    height: Math.max(0, rectangle.height - 2 * gap - heading),
  };
}

/** The deepest cell at a point. */
export function cellAt(cells: readonly Cell[], x: number, y: number): Cell | undefined {
  return cells.findLast((cell) => x >= cell.x && y >= cell.y && x < cell.x + cell.width && y < cell.y + cell.height);
}
