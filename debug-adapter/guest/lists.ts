import type { Address } from './address.ts';
import { UnreadableMemory } from './memory.ts';
import type { Snapshot } from './snapshot.ts';
import type { Getter, StructReader } from './struct-reader.ts';

/** An intrusive, circular, doubly linked list's node. */
export interface ListNodeReader {
  reader: StructReader;
  next: Getter<number>;
  previous: Getter<number>;
}

export interface ListWalk {
  /** Addresses of the nodes (not of the objects that they are part of), in order. */
  nodes: Address[];
  /** False when links do not agree or the walk was cut: somebody was changing the list. */
  whole: boolean;
  /** Whether there are more than `limit`. */
  cut: boolean;
}

/**
 * Walks a list from its sentinel. A walk whose back links agree cannot run in a circle; once they do not, visited nodes are
 * remembered, and the list is walked from its other end as well: one insertion or removal that is half done hides nobody.
 * A sentinel whose links are null belongs to a list that was never set up: it is empty.
 */
export function walkList(snapshot: Snapshot, node: ListNodeReader, sentinel: Address, limit: number): ListWalk {
  const nodes: Address[] = [];
  let whole = true;
  let visited: Set<Address> | undefined;
  let reached = false;
  try {
    const first = snapshot.at(node.reader, sentinel);
    let current = node.next(first);
    let before = sentinel;
    if (current === 0 && node.previous(first) === 0) {
      return { nodes, whole: true, cut: false };
    }
    while (nodes.length < limit) {
      if (current === sentinel) {
        reached = true;
        whole &&= node.previous(first) === before;
        break;
      }
      if (current === 0) {
        break; // taken out half-way
      }
      const place = snapshot.at(node.reader, current);
      if (node.previous(place) !== before) {
        whole = false;
        visited ??= new Set(nodes);
      }
      if (visited) {
        if (visited.has(current)) {
          break;
        }
        visited.add(current);
      }
      nodes.push(current);
      before = current;
      current = node.next(place);
    }
  } catch (error) {
    if (!(error instanceof UnreadableMemory)) {
      throw error;
    }
    whole = false;
  }
  const cut = nodes.length >= limit && !reached;
  if (!reached && !cut) {
    whole = false;
  }
  if (!whole) {
    walkBackward(snapshot, node, sentinel, limit, nodes);
  }
  return { nodes, whole: whole && !cut, cut };
}

/** Adds what can be reached from the end and is not in `nodes` yet. */
function walkBackward(
  snapshot: Snapshot,
  node: ListNodeReader,
  sentinel: Address,
  limit: number,
  nodes: Address[],
): void {
  const visited = new Set(nodes);
  const walked = new Set<Address>();
  const added: Address[] = [];
  try {
    let current = node.previous(snapshot.at(node.reader, sentinel));
    while (current !== sentinel && current !== 0 && !walked.has(current) && walked.size < limit) {
      walked.add(current);
      const place = snapshot.at(node.reader, current);
      if (!visited.has(current)) {
        added.push(current);
      }
      current = node.previous(place);
    }
  } catch (error) {
    if (!(error instanceof UnreadableMemory)) {
      throw error;
    }
  }
  nodes.push(...added.reverse());
}
