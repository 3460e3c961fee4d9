/**
 * The rows that VS Code holds: objects that stay while their contents change. Tells which of them look different after a new
 * snapshot, so that a refresh draws only those: a row that did not change keeps its hover and costs nothing. Pure.
 */
import type { ViewNode } from './node.ts';

export interface Row {
  node: ViewNode;
  /** Undefined on the view's own level. */
  parent?: Row;
  /** The rows below, once VS Code has asked for them. */
  children?: Row[];
}

/** The nodes below a node, undefined when they have to be asked for. */
export type Below = (parent: ViewNode) => ViewNode[] | undefined;

export class Rows {
  readonly #root: Row = { node: { id: '', label: '' } };

  /** The rows for `nodes` below `parent`: those that are known keep their identity. */
  open(parent: Row | undefined, nodes: ViewNode[]): Row[] {
    const holder = parent ?? this.#root;
    const known = new Map(holder.children?.map((row) => [row.node.id, row]));
    holder.children = nodes.map((node) => {
      const row = known.get(node.id);
      if (row) {
        row.node = node;
      }
      return row ?? (parent ? { node, parent } : { node });
    });
    return holder.children;
  }

  /** Takes new contents in. Returns the rows to draw anew, with what is below them; `all` when the first level differs. */
  update(nodes: ViewNode[], below: Below): Row[] | 'all' {
    const changed: Row[] = [];
    return compare(this.#root, nodes, below, changed) ? changed : 'all';
  }
}

/** False when `row` has other children than `nodes`: then it is to be opened anew. */
function compare(row: Row, nodes: ViewNode[], below: Below, changed: Row[]): boolean {
  const { children } = row;
  if (children?.length !== nodes.length || children.some((child, index) => child.node.id !== nodes[index]?.id)) {
    return false;
  }
  for (const [index, child] of children.entries()) {
    const node = nodes[index] ?? child.node;
    const isSame = look(child.node) === look(node);
    child.node = node;
    const nodesBelow = child.children && below(node);
    const isSameBelow = nodesBelow === undefined || compare(child, nodesBelow, below, changed);
    if (!isSame || !isSameBelow) {
      changed.push(child);
    }
  }
  return true;
}

/** What can be seen of a node. */
function look(node: ViewNode): string {
  const opens = node.children !== undefined || node.slabs !== undefined;
  return JSON.stringify([node.label, node.description, node.icon, node.tone, opens]);
}
