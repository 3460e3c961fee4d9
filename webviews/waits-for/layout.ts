/**
 * Where nodes stand: on a grid, left to right along the arrows, and always at the same place while they are there. A graph that
 * changes ten times a second is only read when nothing jumps; so only new nodes are placed, each as near to its neighbours as can be.
 */
import type { Graph, GraphEdge } from './graph.ts';

/** A cell of the grid. */
export interface Spot {
  column: number;
  row: number;
}

/** How far off the wished-for place beside each neighbour a node may return to where it stood before. */
const TOLERANCE = 3;
/** How far around its neighbours a place is looked for; beyond it anything free will do. */
const SEARCH = 12;
/** Of a ring, with the row inside it. */
const RING_ROWS = 3;
/** A component is as wide as this, with a free column beside it. */
const BAND = 4;
/** Columns for each row of the picture: cells are wider than high, and so are windows. */
const ASPECT = 0.55;

export class Placement {
  /** Of all nodes that were ever placed, those that are away too. */
  readonly #remembered = new Map<string, Spot>();
  /** By cell, of the nodes that are there; the inside of a ring is taken by its members too. */
  readonly #taken = new Map<string, string>();

  /** Places for the nodes of `graph`. Those that had one in the graph before keep it. */
  place(graph: Graph): ReadonlyMap<string, Spot> {
    for (const [cell, key] of this.#taken) {
      if (!graph.nodes.has(key)) {
        this.#taken.delete(cell);
      }
    }
    const placed = new Map<string, Spot>([...this.#taken.values()].map((key) => [key, this.#spotOf(key)]));
    const edges = edgesByNode(graph);
    this.#placeCycles(graph, placed, edges);
    this.#placeReturning(graph, placed, edges);
    for (const component of componentsOf(graph, edges)) {
      this.#placeComponent(component, placed, edges);
    }
    return placed;
  }

  /** Forgets all places: the next graph is arranged anew. */
  forget(): void {
    this.#remembered.clear();
    this.#taken.clear();
  }

  #spotOf(key: string): Spot {
    return this.#remembered.get(key) ?? { column: 0, row: 0 };
  }

  #put(key: string, spot: Spot, placed: Map<string, Spot>): void {
    this.#remembered.set(key, spot);
    this.#taken.set(cellOf(spot), key);
    placed.set(key, spot);
  }

  #isFree(column: number, row: number): boolean {
    return !this.#taken.has(cellOf({ column, row }));
  }

  /** What was there before stands where it stood, unless that is taken or far from what it belongs to now. */
  #placeReturning(graph: Graph, placed: Map<string, Spot>, edges: EdgesByNode): void {
    for (const key of graph.nodes.keys()) {
      const spot = placed.has(key) ? undefined : this.#remembered.get(key);
      if (
        spot &&
        !graph.nodes.get(key)?.inCycle &&
        this.#isFree(spot.column, spot.row) &&
        wishesOf(key, placed, edges).every((wish) => costOf(spot, wish) <= TOLERANCE)
      ) {
        this.#put(key, spot, placed);
      }
    }
  }

  /** A new cycle is drawn as a ring: along the upper row to the right, along the lower one back. */
  #placeCycles(graph: Graph, placed: Map<string, Spot>, edges: EdgesByNode): void {
    for (const [key, node] of graph.nodes) {
      if (!node.inCycle || placed.has(key)) {
        continue;
      }
      const ring = ringFrom(key, edges);
      if (ring.length < 4 || ring.some((member) => placed.has(member))) {
        continue;
      }
      for (const [index, spot] of (this.#earlierRing(ring) ?? this.#newRing(ring.length)).entries()) {
        const member = ring[index] as string;
        this.#put(member, spot, placed);
        // Nothing stands inside the ring.
        this.#taken.set(cellOf(inside(spot, index, ring.length)), member);
      }
    }
  }

  #newRing(length: number): Spot[] {
    const half = length / 2;
    const { column, row } = this.#roomFor(half, RING_ROWS);
    return Array.from({ length }, (_, index) =>
      index < half
        ? { column: column + index, row }
        : { column: column + length - 1 - index, row: row + RING_ROWS - 1 },
    );
  }

  /** Where the ring stood before, when it was one and there is room again. */
  #earlierRing(ring: readonly string[]): Spot[] | undefined {
    const spots = ring.flatMap((member) => this.#remembered.get(member) ?? []);
    const rows = new Set(spots.map(({ row }) => row));
    const isRing = spots.length === ring.length && rows.size === 2;
    return isRing && spots.every(({ column, row }) => this.#isFree(column, row)) ? spots : undefined;
  }

  /** Breadth first, from what stands already or else from the node with the most edges. */
  #placeComponent(component: readonly string[], placed: Map<string, Spot>, edges: EdgesByNode): void {
    const waiting = new Set(component.filter((key) => !placed.has(key)));
    while (waiting.size > 0) {
      const next = [...waiting].find((key) => wishesOf(key, placed, edges).length > 0);
      const key = next ?? (waiting.values().next().value as string);
      waiting.delete(key);
      this.#put(key, next === undefined ? this.#start(key, edges) : this.#beside(key, placed, edges), placed);
    }
  }

  /** Room for a new component: its first node with the longest of its sides, waiters or holders, around it. */
  #start(key: string, edges: EdgesByNode): Spot {
    const own = edges.get(key) ?? [];
    const incoming = own.filter((edge) => edge.to === key).length;
    const height = Math.min(Math.max(incoming, own.length - incoming, 1), 2 * SEARCH);
    const { column, row } = this.#roomFor(BAND - 1, height);
    return { column: column + 1, row: row + Math.floor((height - 1) / 2) };
  }

  /** The upper left cell of a free area of so many cells: the picture grows in both directions evenly. */
  #roomFor(columns: number, rows: number): Spot {
    for (let height = rows; ; height++) {
      const width = Math.max(columns, height * ASPECT);
      for (let column = 0; column + columns <= width; column += BAND) {
        for (let row = 0; row + rows <= height; row++) {
          if (this.#isRoom(column, row, columns, rows)) {
            return { column, row };
          }
        }
      }
    }
  }

  #isRoom(column: number, row: number, columns: number, rows: number): boolean {
    for (let x = column; x < column + columns; x++) {
      for (let y = row; y < row + rows; y++) {
        if (!this.#isFree(x, y)) {
          return false;
        }
      }
    }
    return true;
  }

  /** The best free cell beside the neighbours that stand already. */
  #beside(key: string, placed: Map<string, Spot>, edges: EdgesByNode): Spot {
    const wishes = wishesOf(key, placed, edges);
    const [first = { column: 0, row: 0 }] = wishes;
    let best: Spot | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let column = first.column - SEARCH; column <= first.column + SEARCH; column++) {
      for (let row = first.row - SEARCH; row <= first.row + SEARCH; row++) {
        const cost = wishes.reduce((sum, wish) => sum + costOf({ column, row }, wish), 0);
        if (cost < least && this.#isFree(column, row)) {
          least = cost;
          best = { column, row };
        }
      }
    }
    return best ?? this.#roomFor(1, 1);
  }
}

/** A neighbour's place, and on which side of it a node is wished for: 1 for right, -1 for left. */
interface Wish extends Spot {
  side: number;
}

function wishesOf(key: string, placed: ReadonlyMap<string, Spot>, edges: EdgesByNode): Wish[] {
  return (edges.get(key) ?? []).flatMap(({ from, to }) => {
    const spot = placed.get(from === key ? to : from);
    return spot ? [{ ...spot, side: from === key ? -1 : 1 }] : [];
  });
}

/** Wished for: one column along the arrow, in the same row. Against the arrow costs more than far away. */
function costOf({ column, row }: Spot, wish: Wish): number {
  const along = (column - wish.column) * wish.side;
  const columns = along >= 1 ? 2.2 * (along - 1) : 4 + 4 * (1 - along);
  // A little more for upwards, so that equals are decided the same way every time.
  return columns + Math.abs(row - wish.row) + (row < wish.row ? 0.01 : 0);
}

/** The cell inside a ring beside its member number `index`. */
function inside({ column, row }: Spot, index: number, length: number): Spot {
  return { column, row: index < length / 2 ? row + 1 : row - 1 };
}

function cellOf({ column, row }: Spot): string {
  return `${column},${row}`;
}

type EdgesByNode = ReadonlyMap<string, readonly GraphEdge[]>;

function edgesByNode(graph: Graph): EdgesByNode {
  const edges = new Map<string, GraphEdge[]>([...graph.nodes.keys()].map((key) => [key, []]));
  for (const edge of graph.edges) {
    edges.get(edge.from)?.push(edge);
    edges.get(edge.to)?.push(edge);
  }
  return edges;
}

/** The members of the cycle through `key`, in its order; empty when its edges do not lead back. */
function ringFrom(key: string, edges: EdgesByNode): string[] {
  const ring = [key];
  for (let at = key; ring.length <= edges.size; ) {
    const next = edges.get(at)?.find((edge) => edge.from === at && edge.inCycle)?.to;
    if (next === undefined || next === key) {
      return next === key ? ring : [];
    }
    ring.push(next);
    at = next;
  }
  return [];
}

/** Nodes that hang together, each list with its best connected node first; the largest first. */
function componentsOf(graph: Graph, edges: EdgesByNode): string[][] {
  const seen = new Set<string>();
  const components: string[][] = [];
  for (const start of graph.nodes.keys()) {
    if (seen.has(start)) {
      continue;
    }
    seen.add(start);
    const component = [start];
    for (const key of component) {
      for (const { from, to } of edges.get(key) ?? []) {
        const other = from === key ? to : from;
        if (!seen.has(other)) {
          seen.add(other);
          component.push(other);
        }
      }
    }
    const degree = (key: string): number => edges.get(key)?.length ?? 0;
    components.push(component.sort((a, b) => degree(b) - degree(a)));
  }
  return components.sort((a, b) => b.length - a.length);
}
