/** The account as a tree: by folder and file, by section, or by namespace, class and template. */
import { type ItemKind, isSymbol, type SizeItem } from './model.ts';
import { splitName, templateOf } from './names.ts';
import { compilePattern, searchBounded } from './patterns.ts';

export type Grouping = 'source' | 'section' | 'name';
export type Measure = 'memory' | 'file';
export type ChangeKind = 'grew' | 'shrank' | 'new' | 'gone' | 'same';

/** A row of the account with what it counts for: its size, or in a comparison how much that changed. */
export interface SizeRow {
  item: SizeItem;
  fileBytes: number;
  memoryBytes: number;
  /** In a comparison. */
  change?: ChangeKind;
}

export interface TreeQuery {
  grouping: Grouping;
  /** What rows are sorted and cut by. */
  measure: Measure;
  sort: 'size' | 'name';
  /** A regular expression on name, link name, source and section; empty keeps all. */
  filter: string;
  /** Rows below it are told as one; 0 shows all. */
  minimum: number;
}

export interface SizeNode {
  /** Unique in the tree and the same in the next build: the labels from the root. */
  id: string;
  label: string;
  role: 'root' | 'folder' | 'file' | 'section' | 'namespace' | 'template' | 'group' | 'symbol' | 'rest';
  fileBytes: number;
  memoryBytes: number;
  /** Symbols in it. */
  symbols: number;
  children: SizeNode[];
  /** Of a leaf. */
  row?: SizeRow;
  /** Of a file: its path. */
  path?: string;
}

export const DEFAULT_QUERY: TreeQuery = { grouping: 'source', measure: 'memory', sort: 'size', filter: '', minimum: 0 };
/** Between the parts of a node's identity. */
export const SEPARATOR = '\u001f';

const GROUP_NAMES: Partial<Record<ItemKind, string>> = {
  unnamed: '[no symbol]',
  padding: '[padding]',
  header: '[headers]',
  debug: '[debug data]',
  table: '[symbol tables and relocations]',
  unclaimed: '[unclaimed]',
};

/** The rows that `filter` keeps. @throws Error with one sentence when it is no regular expression, or one that never ends. */
export function filterRows(rows: readonly SizeRow[], filter: string): readonly SizeRow[] {
  if (filter === '') {
    return rows;
  }
  return searchBounded(compilePattern(filter, 'i'), (pattern) => rows.filter(({ item }) => isFound(pattern, item)));
}

function isFound(pattern: RegExp, item: SizeItem): boolean {
  return (
    pattern.test(item.name) ||
    pattern.test(item.linkName) ||
    pattern.test(sourceOf(item) ?? '') ||
    pattern.test(item.section) ||
    item.aliases.some((alias) => pattern.test(alias))
  );
}

/** The tree of `rows`. Sums of each node are those of the rows in it, whatever is cut. */
export function buildTree(rows: readonly SizeRow[], query: TreeQuery): SizeNode {
  const root = new Builder('', 'all', 'root');
  for (const row of filterRows(rows, query.filter)) {
    let node = root.add(row);
    for (const step of stepsTo(row.item, query.grouping)) {
      node = node.child(step).add(row);
    }
    node.leaf(row);
  }
  const tree = root.finish(query);
  return query.grouping === 'source' ? { ...tree, children: tree.children.map(joined) } : tree;
}

/** The source that a row is told under. */
export function sourceOf(item: SizeItem): string | undefined {
  return item.definition?.file ?? item.unit;
}

interface Step {
  label: string;
  role: SizeNode['role'];
  path?: string;
}

function stepsTo(item: SizeItem, grouping: Grouping): Step[] {
  if (grouping === 'section') {
    return [
      item.section === ''
        ? { label: GROUP_NAMES[item.kind] ?? '[file]', role: 'group' }
        : { label: item.section, role: 'section' },
    ];
  }
  const group = GROUP_NAMES[item.kind];
  if (group !== undefined) {
    const steps: Step[] = [{ label: group, role: 'group' }];
    return item.kind === 'debug' ? [...steps, { label: item.section, role: 'section' }] : steps;
  }
  return grouping === 'source' ? sourceSteps(item) : nameSteps(item);
}

function sourceSteps(item: SizeItem): Step[] {
  const source = sourceOf(item);
  if (source === undefined || source === '') {
    return [{ label: '[no source]', role: 'group' }];
  }
  const parts = source.split('/');
  const file = parts.pop() as string;
  if (parts.length === 0) {
    return [
      { label: '[folder unknown]', role: 'group' },
      { label: file, role: 'file' },
    ];
  }
  const steps = parts
    .map((label, index): Step => ({ label: index === 0 && label === '' ? '/' : label, role: 'folder' }))
    .filter((step) => step.label !== '');
  return [...steps, { label: file, role: 'file', path: source }];
}

function nameSteps(item: SizeItem): Step[] {
  const { scopes, leaf } = splitName(item.name);
  const steps: Step[] = [];
  for (const label of scopes) {
    const template = templateOf(label);
    if (template !== undefined) {
      steps.push({ label: `${template}<…>`, role: 'template' });
    }
    steps.push({ label, role: 'namespace' });
  }
  const template = templateOf(leaf);
  if (template !== undefined) {
    steps.push({ label: `${template}<…>()`, role: 'template' });
  }
  return steps.length > 0 ? steps : [{ label: '[global]', role: 'group' }];
}

class Builder {
  readonly #id: string;
  readonly #label: string;
  readonly #role: SizeNode['role'];
  readonly #path: string | undefined;
  #fileBytes = 0;
  #memoryBytes = 0;
  #symbols = 0;
  #groups: Map<string, Builder> | undefined;
  readonly #rows: SizeRow[] = [];

  constructor(id: string, label: string, role: SizeNode['role'], path?: string) {
    this.#id = id;
    this.#label = label;
    this.#role = role;
    this.#path = path;
  }

  add(row: SizeRow): this {
    this.#fileBytes += row.fileBytes;
    this.#memoryBytes += row.memoryBytes;
    this.#symbols += isSymbol(row.item) ? 1 : 0;
    return this;
  }

  child({ label, role, path }: Step): Builder {
    this.#groups ??= new Map();
    let group = this.#groups.get(label);
    if (!group) {
      group = new Builder(`${this.#id}${SEPARATOR}${label}`, label, role, path);
      this.#groups.set(label, group);
    }
    return group;
  }

  leaf(row: SizeRow): void {
    this.#rows.push(row);
  }

  finish(query: TreeQuery): SizeNode {
    const isByName = query.grouping === 'name';
    const names = new Map<string, number>();
    const leaves = this.#rows.map((row): SizeNode => {
      const label = isByName && isSymbol(row.item) ? splitName(row.item.name).leaf : row.item.name;
      const seen = names.get(row.item.name) ?? 0;
      names.set(row.item.name, seen + 1);
      return {
        id: `${this.#id}${SEPARATOR}${row.item.name}${seen > 0 ? `#${seen}` : ''}`,
        label,
        role: 'symbol',
        fileBytes: row.fileBytes,
        memoryBytes: row.memoryBytes,
        symbols: isSymbol(row.item) ? 1 : 0,
        children: [],
        row,
      };
    });
    const groups = [...(this.#groups?.values() ?? [])].map((group) => group.finish(query));
    const node: SizeNode = {
      id: this.#id,
      label: this.#label,
      role: this.#role,
      fileBytes: this.#fileBytes,
      memoryBytes: this.#memoryBytes,
      symbols: this.#symbols,
      children: cut(this.#id, [...groups, ...leaves].sort(order(query)), query),
    };
    if (this.#path !== undefined) {
      node.path = this.#path;
    }
    return node;
  }
}

/** What a node counts for. */
export function bytesOf(node: { fileBytes: number; memoryBytes: number }, measure: Measure): number {
  return measure === 'file' ? node.fileBytes : node.memoryBytes;
}

function order({ measure, sort }: TreeQuery): (a: SizeNode, b: SizeNode) => number {
  const other: Measure = measure === 'file' ? 'memory' : 'file';
  const size = (node: SizeNode, by: Measure): number => Math.abs(bytesOf(node, by));
  return (a, b) =>
    (sort === 'size' ? size(b, measure) - size(a, measure) || size(b, other) - size(a, other) : 0) ||
    (a.label < b.label ? -1 : a.label > b.label ? 1 : 0);
}

/** Tells what is below the minimum as one row, so that sums hold. */
function cut(id: string, nodes: SizeNode[], { minimum }: TreeQuery): SizeNode[] {
  const isSmall = (node: SizeNode): boolean => Math.max(Math.abs(node.fileBytes), Math.abs(node.memoryBytes)) < minimum;
  const small = nodes.filter(isSmall);
  if (small.length === 0) {
    return nodes;
  }
  const sum = (of: (node: SizeNode) => number): number => small.reduce((total, node) => total + of(node), 0);
  return [
    ...nodes.filter((node) => !isSmall(node)),
    {
      id: `${id}${SEPARATOR}[smaller]`,
      label: `[${small.length} smaller]`,
      role: 'rest',
      fileBytes: sum((node) => node.fileBytes),
      memoryBytes: sum((node) => node.memoryBytes),
      symbols: sum((node) => node.symbols),
      children: [],
    },
  ];
}

/** Folders that hold one folder only are told with it: `kernel/arch/x64`. */
function joined(node: SizeNode): SizeNode {
  let top = node;
  while (top.role === 'folder' && top.children.length === 1 && top.children[0]?.role === 'folder') {
    const [only] = top.children as [SizeNode];
    top = { ...only, label: `${top.label === '/' ? '' : top.label}/${only.label}` };
  }
  return { ...top, children: top.children.map((child) => (child.role === 'folder' ? joined(child) : child)) };
}
