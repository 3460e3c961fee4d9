/** The flame graph's boxes. Pure. */
import type { FlameNode } from '../../debug-adapter/history/profile.ts';

export interface Box {
  node: FlameNode;
  parent: Box | undefined;
  depth: number;
  /** Shares of the width, 0 to 1. */
  begin: number;
  end: number;
}

/** Nothing narrower than this share is drawn. */
const NARROWEST = 1 / 4000;

/** `path` leads from the root to the node that has the whole width: those above it have it too. */
export function layOut(root: FlameNode, path: readonly string[]): Box[] {
  const boxes: Box[] = [];
  let node = root;
  let parent: Box | undefined;
  let depth = 0;
  for (const name of path) {
    const next = node.children.find((child) => child.name === name);
    if (!next) {
      break;
    }
    parent = { node, parent, depth: depth++, begin: 0, end: 1 };
    boxes.push(parent);
    node = next;
  }
  if (node.total > 0) {
    place(boxes, node, parent, depth, 0, 1);
  }
  return boxes;
}

function place(
  boxes: Box[],
  node: FlameNode,
  parent: Box | undefined,
  depth: number,
  begin: number,
  end: number,
): void {
  const box = { node, parent, depth, begin, end };
  boxes.push(box);
  const scale = (end - begin) / node.total;
  let at = begin;
  for (const child of node.children) {
    const next = at + child.total * scale;
    if (next - at >= NARROWEST) {
      place(boxes, child, box, depth + 1, at, next);
    }
    at = next;
  }
}

/** Names from the root's child to the box's node. */
export function pathOf(box: Box): string[] {
  return box.parent ? [...pathOf(box.parent), box.node.name] : [];
}

/** The box that keys lead to. */
export function neighbour(boxes: readonly Box[], from: Box | undefined, key: string): Box | undefined {
  if (!from) {
    return boxes[0];
  }
  const siblings = boxes.filter(({ depth }) => depth === from.depth);
  const at = siblings.indexOf(from);
  switch (key) {
    case 'ArrowUp': {
      // Flames rise: callees are above.
      const above = boxes.filter(({ parent }) => parent === from);
      return above.reduce<Box | undefined>(
        (best, box) => (best && best.node.total >= box.node.total ? best : box),
        undefined,
      );
    }
    case 'ArrowDown':
      return from.parent;
    case 'ArrowLeft':
      return siblings[at - 1];
    case 'ArrowRight':
      return siblings[at + 1];
    case 'Home':
      return boxes[0];
    default:
      return undefined;
  }
}

/** Samples in stacks that have a function that matches, each counted once. */
export function matchedSamples(node: FlameNode, wanted: RegExp): number {
  return wanted.test(node.name)
    ? node.total
    : node.children.reduce((sum, child) => sum + matchedSamples(child, wanted), 0);
}

export interface FunctionRow {
  name: string;
  self: number;
  /** Of a function that calls itself, once a sample. */
  total: number;
  node: FlameNode;
}

/** Each function once, those with the most samples of their own first. */
export function functionsOf(root: FlameNode): FunctionRow[] {
  const rows = new Map<string, FunctionRow>();
  const add = (node: FlameNode, above: ReadonlySet<string>): void => {
    const row = rows.get(node.name) ?? { name: node.name, self: 0, total: 0, node };
    rows.set(node.name, row);
    row.self += node.self;
    row.total += above.has(node.name) ? 0 : node.total;
    const inside = new Set([...above, node.name]);
    for (const child of node.children) {
      add(child, inside);
    }
  };
  for (const child of root.children) {
    add(child, new Set());
  }
  return [...rows.values()].sort((a, b) => b.self - a.self || b.total - a.total);
}
