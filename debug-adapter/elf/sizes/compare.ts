/** What grew, shrank, came and went between two builds. */
import { isSymbol, type SizeItem, type SizeModel } from './model.ts';
import { normalizedName } from './names.ts';
import { type ChangeKind, type SizeRow, sourceOf } from './tree.ts';

/** A row of a comparison: `fileBytes` and `memoryBytes` tell how much it changed. */
export interface ChangedRow extends SizeRow {
  change: ChangeKind;
  /** As it was; undefined for a new one. */
  before?: SizeItem;
}

export interface Comparison {
  rows: ChangedRow[];
  /** Sums over all rows, those of padding too: the difference of the files' sizes, and of the programs'. */
  fileBytes: number;
  memoryBytes: number;
}

/**
 * Pairs what is the same in both builds: by section, full name, path and size; what is left by full name and path; then by full name;
 * then by the name without what the compiler numbers. Fill is told as one row for each section: where it moved to means nothing.
 */
export function compareModels(before: SizeModel, after: SizeModel): Comparison {
  const pairs = new Pairs(before.items, after.items);
  const folders = (item: SizeItem): string => (sourceOf(item) ?? '').split('/').slice(-3).join('/');
  pairs.match((item) => `${item.section}\n${fullName(item)}\n${sourceOf(item) ?? ''}\n${item.size}`);
  pairs.match((item) => `${fullName(item)}\n${sourceOf(item) ?? ''}`);
  pairs.match((item) => `${fullName(item)}\n${folders(item)}`);
  pairs.match(fullName);
  pairs.match((item) => `${item.kind}\n${normalizedName(item.name)}`);
  const rows = pairs.rows();
  return {
    rows,
    fileBytes: rows.reduce((sum, row) => sum + row.fileBytes, 0),
    memoryBytes: rows.reduce((sum, row) => sum + row.memoryBytes, 0),
  };
}

function fullName(item: SizeItem): string {
  // What is no symbol is the same thing only in its section: `[padding in .text]`, `[.debug_info of main.cc]`.
  return isSymbol(item) ? item.linkName : `${item.kind}\n${item.section}\n${item.name}`;
}

class Pairs {
  #before: SizeItem[];
  #after: SizeItem[];
  readonly #pairs: { before: SizeItem; after: SizeItem }[] = [];

  constructor(before: SizeItem[], after: SizeItem[]) {
    this.#before = before;
    this.#after = after;
  }

  /** Pairs, in order, what has the same key on both sides and has no partner yet. */
  match(key: (item: SizeItem) => string): void {
    const waiting = new Map<string, SizeItem[]>();
    for (const item of this.#before) {
      const itsKey = key(item);
      const others = waiting.get(itsKey);
      if (others) {
        others.push(item);
      } else {
        waiting.set(itsKey, [item]);
      }
    }
    const paired = new Set<SizeItem>();
    this.#after = this.#after.filter((after) => {
      const before = waiting.get(key(after))?.shift();
      if (before) {
        paired.add(before);
        this.#pairs.push({ before, after });
      }
      return !before;
    });
    this.#before = this.#before.filter((item) => !paired.has(item));
  }

  rows(): ChangedRow[] {
    return [
      ...this.#pairs.map(({ before, after }): ChangedRow => {
        const fileBytes = after.fileBytes - before.fileBytes;
        const memoryBytes = after.memoryBytes - before.memoryBytes;
        const sign = memoryBytes || fileBytes;
        const change = sign > 0 ? 'grew' : sign < 0 ? 'shrank' : 'same';
        return { item: after, before, fileBytes, memoryBytes, change };
      }),
      ...this.#after.map(
        (item): ChangedRow => ({ item, fileBytes: item.fileBytes, memoryBytes: item.memoryBytes, change: 'new' }),
      ),
      ...this.#before.map(
        (item): ChangedRow => ({
          item,
          before: item,
          fileBytes: 0 - item.fileBytes,
          memoryBytes: 0 - item.memoryBytes,
          change: 'gone',
        }),
      ),
    ];
  }
}
