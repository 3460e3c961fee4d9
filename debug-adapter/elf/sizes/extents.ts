/** Who owns which bytes of a range, when claims overlap and leave gaps: each byte is counted once. */

/** A part of a range, `from` included, `to` not. */
export interface Extent {
  from: number;
  to: number;
}

/** What is told of a range, in ascending order, every byte once. */
export interface ExtentListener {
  /** `owner` is the index of the claim. */
  owned(owner: number, from: number, to: number): void;
  gap(from: number, to: number): void;
}

/**
 * Walks `range` with claims that begin at ascending, different places: `starts[order[i]]`, `ends[order[i]]`. Where claims overlap,
 * the one that begins last owns the bytes (the most granular one); when it ends, the one around it owns on.
 */
export function walkExtents(
  range: Extent,
  order: ArrayLike<number>,
  starts: ArrayLike<number>,
  ends: ArrayLike<number>,
  listener: ExtentListener,
): void {
  const open: number[] = [];
  let cursor = range.from;
  const advance = (limit: number): void => {
    while (cursor < limit) {
      while (open.length > 0 && (ends[open[open.length - 1] as number] as number) <= cursor) {
        open.pop();
      }
      const owner = open[open.length - 1];
      if (owner === undefined) {
        listener.gap(cursor, limit);
        cursor = limit;
      } else {
        const end = Math.min(limit, ends[owner] as number);
        listener.owned(owner, cursor, end);
        cursor = end;
      }
    }
  };
  for (let index = 0; index < order.length; index++) {
    const claim = order[index] as number;
    advance(Math.min(Math.max(starts[claim] as number, range.from), range.to));
    open.push(claim);
  }
  advance(range.to);
}

/** A claim on a one-dimensional space. */
export interface Claim<T> extends Extent {
  owner: T;
}

/**
 * Lays claims side by side: the first of `claims` that wants a byte of `range` gets it (a stable order: by place, then as given).
 * Tells what is left too, with no owner.
 */
export function layClaims<T>(claims: readonly Claim<T>[], range: Extent): (Extent & { owner: T | undefined })[] {
  const result: (Extent & { owner: T | undefined })[] = [];
  let cursor = range.from;
  for (const claim of [...claims].sort((a, b) => a.from - b.from)) {
    const from = Math.max(claim.from, cursor);
    const to = Math.min(claim.to, range.to);
    if (to <= from) {
      continue;
    }
    if (from > cursor) {
      result.push({ from: cursor, to: from, owner: undefined });
    }
    result.push({ from, to, owner: claim.owner });
    cursor = to;
  }
  if (cursor < range.to) {
    result.push({ from: cursor, to: range.to, owner: undefined });
  }
  return result;
}
