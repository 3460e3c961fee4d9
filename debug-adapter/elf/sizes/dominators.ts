/** Immediate dominators of a graph (Cooper, Harvey, Kennedy: "A Simple, Fast Dominance Algorithm"). */

/** By node the one that all ways from `root` to it go through last; -1 for what `root` does not reach; `root` for itself. */
export function dominators(out: readonly Int32Array[], root: number): Int32Array {
  const order = postorder(out, root);
  const number = new Int32Array(out.length).fill(-1);
  for (const [index, node] of order.entries()) {
    number[node] = index;
  }
  const incoming: number[][] = out.map(() => []);
  for (const node of order) {
    for (const next of out[node] as Int32Array) {
      incoming[next]?.push(node);
    }
  }
  const immediate = new Int32Array(out.length).fill(-1);
  immediate[root] = root;
  for (let changed = true; changed; ) {
    changed = false;
    for (let index = order.length - 2; index >= 0; index--) {
      const node = order[index] as number;
      let best = -1;
      for (const from of incoming[node] as number[]) {
        if (immediate[from] !== -1) {
          best = best === -1 ? from : meet(immediate, number, from, best);
        }
      }
      if (immediate[node] !== best) {
        immediate[node] = best;
        changed = true;
      }
    }
  }
  return immediate;
}

/** Where the ways up from `a` and `b` meet. */
function meet(immediate: Int32Array, number: Int32Array, a: number, b: number): number {
  let left = a;
  let right = b;
  while (left !== right) {
    while ((number[left] as number) < (number[right] as number)) {
      left = immediate[left] as number;
    }
    while ((number[right] as number) < (number[left] as number)) {
      right = immediate[right] as number;
    }
  }
  return left;
}

/** Nodes that `root` reaches, each after those that it leads to. Without recursion: chains can be long. */
function postorder(out: readonly Int32Array[], root: number): number[] {
  const order: number[] = [];
  const seen = new Uint8Array(out.length);
  const stack: { node: number; next: number }[] = [{ node: root, next: 0 }];
  seen[root] = 1;
  while (stack.length > 0) {
    const top = stack[stack.length - 1] as { node: number; next: number };
    const targets = out[top.node] as Int32Array;
    if (top.next < targets.length) {
      const target = targets[top.next++] as number;
      if (seen[target] === 0) {
        seen[target] = 1;
        stack.push({ node: target, next: 0 });
      }
    } else {
      order.push(top.node);
      stack.pop();
    }
  }
  return order;
}
