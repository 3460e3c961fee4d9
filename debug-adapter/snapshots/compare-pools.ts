/** What the size classes of two moments differ in, down to the single object. */
import type { PoolClassRow, PoolPageRow } from '../kernels/model.ts';
import type { NewObject, PoolChange } from './model.ts';
import type { Moment } from './moment.ts';

/** New objects of a class that are named. */
const MOST_NAMED = 8;

/** Classes that changed, what grew most first. */
export function comparePools(before: Moment, after: Moment): PoolChange[] {
  const old = classesOf(before);
  const now = classesOf(after);
  return [...new Set([...now.keys(), ...old.keys()])]
    .map((key) => compareClass(key, old.get(key), now.get(key), [before.slabs.get(key), after.slabs.get(key)]))
    .filter(isChange)
    .sort((a, b) => growth(b) - growth(a));
}

function classesOf({ rows }: Moment): Map<string, PoolClassRow> {
  return new Map(rows.mallocPools.filter((row) => row.kind === 'class').map((row) => [row.key, row]));
}

function compareClass(
  key: string,
  old: PoolClassRow | undefined,
  now: PoolClassRow | undefined,
  [oldSlabs = [], slabs = []]: [readonly PoolPageRow[] | undefined, readonly PoolPageRow[] | undefined],
): PoolChange {
  const objectSize = (now ?? old)?.objectSize ?? 0;
  const appeared = added(oldSlabs, slabs, objectSize);
  const disappeared = added(slabs, oldSlabs, objectSize);
  return {
    key,
    objectSize,
    liveObjects: { before: old?.liveObjects ?? 0, after: now?.liveObjects ?? 0 },
    bytes: { before: (old?.liveObjects ?? 0) * objectSize, after: (now?.liveObjects ?? 0) * objectSize },
    pages: { before: pagesOf(old), after: pagesOf(now) },
    allocations: (now?.allocations ?? 0) - (old?.allocations ?? 0),
    frees: (now?.frees ?? 0) - (old?.frees ?? 0),
    appeared: appeared.count,
    disappeared: disappeared.count,
    newObjects: appeared.first,
  };
}

function pagesOf(row: PoolClassRow | undefined): number {
  return row ? row.slabs * row.pagesPerSlab : 0;
}

/** Objects that are live in `slabs` and were not in `before`. */
function added(
  before: readonly PoolPageRow[],
  slabs: readonly PoolPageRow[],
  objectSize: number,
): { count: number; first: NewObject[] } {
  const old = new Map(before.map(({ address, liveMap }) => [address, Buffer.from(liveMap, 'base64')]));
  const first: NewObject[] = [];
  let count = 0;
  for (const { address, objects = address, capacity, liveMap } of slabs) {
    const map = Buffer.from(liveMap, 'base64');
    const oldMap = old.get(address);
    for (let index = 0; index < capacity; index++) {
      if (isSet(map, index) && !isSet(oldMap, index)) {
        count++;
        if (first.length < MOST_NAMED) {
          first.push({ address: objects + index * objectSize });
        }
      }
    }
  }
  return { count, first };
}

function isSet(map: Buffer | undefined, index: number): boolean {
  return (((map?.[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}

function isChange({ liveObjects, pages, allocations, appeared, disappeared }: PoolChange): boolean {
  return (
    liveObjects.before !== liveObjects.after ||
    pages.before !== pages.after ||
    allocations !== 0 ||
    appeared + disappeared > 0
  );
}

function growth({ bytes }: PoolChange): number {
  return bytes.after - bytes.before;
}
