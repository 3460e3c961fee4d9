/** Answers what views ask of one file: held by the worker, so that a large file never holds the window up. */
import { statSync } from 'node:fs';
import { placesIn } from '../symboliser.ts';
import { budgetFolder, checkBudgets, readBudgets } from './budgets.ts';
import { previousModel, rememberBuild } from './cache.ts';
import { type Comparison, compareModels } from './compare.ts';
import {
  type FunctionSize,
  type MapNode,
  PREVIOUS_BUILD,
  type Retained,
  type Row,
  type SizeRequestName,
  type SizeRequests,
  type StackUse,
  type Summary,
} from './messages.ts';
import { isSymbol, type Progress, type SizeItem, type SizeModel } from './model.ts';
import { bareName, normalizedName } from './names.ts';
import { readSizes } from './read.ts';
import { References } from './references.ts';
import { mapSources } from './source-map.ts';
import { stackUses } from './stack-use.ts';
import { buildTree, bytesOf, SEPARATOR, type SizeNode, type SizeRow, type TreeQuery } from './tree.ts';

/** A map of more levels cannot be read. */
const MAP_DEPTH = 6;

interface Tree {
  root: SizeNode;
  byId: Map<string, SizeNode>;
}

/** The tree view's and the map's, and one that was left. */
const TREES_KEPT = 3;

export class SizeService {
  readonly #cacheDirectory: string | undefined;
  readonly #progress: Progress;
  #model: SizeModel | undefined;
  /** The source map with which it was read. */
  #mapping = '';
  #before: SizeModel | undefined;
  #comparison: Comparison | undefined;
  #baseline: SizeModel | undefined;
  #references: References | undefined;
  /** By query, the one used last at the end. */
  readonly #trees = new Map<string, Tree>();

  constructor(cacheDirectory: string | undefined, progress: Progress) {
    this.#cacheDirectory = cacheDirectory;
    this.#progress = progress;
  }

  answer<N extends SizeRequestName>(name: N, parameters: SizeRequests[N]['parameters']): SizeRequests[N]['result'] {
    const handlers: {
      [K in SizeRequestName]: (parameters: SizeRequests[K]['parameters']) => SizeRequests[K]['result'];
    } = {
      open: (asked) => this.#open(asked),
      rows: (asked) => this.#rows(asked.query, asked.parent, asked.limit),
      map: (asked) => this.#map(asked.query, asked.root, asked.limit),
      functions: ({ file }) => this.#functions(file),
      retained: (asked) => this.#retained(asked.name),
      stack: () => this.#stack(),
      budgets: (asked) => checkBudgets(this.#opened(), readBudgets(asked.path), budgetFolder(asked.path)),
      compare: () => this.#compared(),
      symbolise: (asked) => placesIn(asked.path, asked.addresses),
    };
    return handlers[name](parameters);
  }

  #open({ path, compareWith, sourceMap = {} }: SizeRequests['open']['parameters']): Summary {
    const options = {
      progress: this.#progress,
      sourceMap,
      ...(this.#cacheDirectory !== undefined && { cacheDirectory: this.#cacheDirectory }),
    };
    const mapping = JSON.stringify(sourceMap);
    const isSame = this.#model?.path === path && this.#model.modified === modifiedOf(path) && this.#mapping === mapping;
    this.#mapping = mapping;
    if (!isSame) {
      // What was shown until now is the build before, when the file is the same.
      const shown = this.#model?.path === path ? this.#model : undefined;
      this.#model = undefined;
      const model = readSizes(path, options);
      const kept =
        this.#cacheDirectory === undefined ? undefined : previousModel(this.#cacheDirectory, path, model.key);
      this.#baseline = shown && shown.key !== model.key ? shown : kept && mapSources(kept, sourceMap);
      this.#model = model;
      this.#references = undefined;
      if (this.#cacheDirectory !== undefined) {
        rememberBuild(this.#cacheDirectory, path, model.key);
      }
    }
    this.#before =
      compareWith === undefined
        ? undefined
        : compareWith === PREVIOUS_BUILD
          ? this.#previous()
          : readSizes(compareWith, options);
    this.#comparison = undefined;
    this.#trees.clear();
    return this.#summary();
  }

  #previous(): SizeModel {
    if (!this.#baseline) {
      throw new Error(`No build before this one is known of ${this.#opened().path}.`);
    }
    return { ...this.#baseline, path: PREVIOUS_BUILD };
  }

  #summary(): Summary {
    const model = this.#opened();
    const before = this.#before;
    return {
      path: model.path,
      key: model.key,
      ...(model.buildId !== undefined && { buildId: model.buildId }),
      fileBytes: model.fileBytes,
      memoryBytes: model.memoryBytes,
      symbols: model.items.filter(isSymbol).length,
      modified: model.modified,
      notes: model.notes,
      hasPrevious: this.#baseline !== undefined,
      ...(before && { before: { path: before.path, fileBytes: before.fileBytes, memoryBytes: before.memoryBytes } }),
    };
  }

  #opened(): SizeModel {
    if (!this.#model) {
      throw new Error('No file is open.');
    }
    return this.#model;
  }

  #compared(): Comparison {
    if (!this.#before) {
      throw new Error('No build to compare with is chosen.');
    }
    this.#comparison ??= compareModels(this.#before, this.#opened());
    return this.#comparison;
  }

  #treeOf(query: TreeQuery): Tree {
    const key = JSON.stringify(query);
    const tree = this.#trees.get(key) ?? this.#buildTree(query);
    this.#trees.delete(key);
    this.#trees.set(key, tree);
    for (const oldest of [...this.#trees.keys()].slice(0, -TREES_KEPT)) {
      this.#trees.delete(oldest);
    }
    return tree;
  }

  #buildTree(query: TreeQuery): Tree {
    const rows: readonly SizeRow[] = this.#before
      ? this.#compared().rows.filter((row) => row.fileBytes !== 0 || row.memoryBytes !== 0)
      : this.#opened().items.map((item) => ({ item, fileBytes: item.fileBytes, memoryBytes: item.memoryBytes }));
    const root = buildTree(rows, query);
    const byId = new Map<string, SizeNode>();
    const index = (node: SizeNode): void => {
      byId.set(node.id, node);
      node.children.forEach(index);
    };
    index(root);
    return { root, byId };
  }

  #rows(query: TreeQuery, parent: string, limit: number): { rows: Row[]; hidden: number } {
    const { byId } = this.#treeOf(query);
    const children = byId.get(parent)?.children ?? [];
    return { rows: children.slice(0, limit).map(rowOf), hidden: Math.max(0, children.length - limit) };
  }

  /** The largest nodes below `root`, `limit` at most over all levels. */
  #map(query: TreeQuery, root: string, limit: number): SizeRequests['map']['result'] {
    const tree = this.#treeOf(query);
    const top = tree.byId.get(root) ?? tree.root;
    const weights = new Map<SizeNode, number>();
    const weigh = (node: SizeNode): number => {
      const weight =
        node.children.length === 0
          ? Math.abs(bytesOf(node, query.measure))
          : node.children.reduce((sum, child) => sum + weigh(child), 0);
      weights.set(node, weight);
      return weight;
    };
    weigh(top);
    const size = (node: SizeNode): number => weights.get(node) ?? 0;
    // The smallest that is drawn, so that no more than `limit` nodes are.
    const all: number[] = [];
    const collect = (node: SizeNode, depth: number): void => {
      all.push(size(node));
      if (depth < MAP_DEPTH) {
        for (const child of node.children) {
          collect(child, depth + 1);
        }
      }
    };
    collect(top, 0);
    const smallest = Math.max(1, all.sort((a, b) => b - a)[limit] ?? 0);
    const below = (node: SizeNode, depth: number): MapNode[] =>
      node.children
        .filter((child) => size(child) >= smallest)
        .sort((a, b) => size(b) - size(a))
        .map((child) => copy(child, depth + 1));
    const copy = (node: SizeNode, depth: number): MapNode => ({
      ...rowOf(node),
      weight: size(node),
      children: depth < MAP_DEPTH ? below(node, depth) : [],
    });
    const parts = top.id.split(SEPARATOR);
    const trail = parts
      .map((_part, index) => tree.byId.get(parts.slice(0, index + 1).join(SEPARATOR)))
      .filter((node) => node !== undefined)
      .map(({ id, label }) => ({ id, label }));
    return { map: copy(top, 0), trail };
  }

  #functions(file: string): FunctionSize[] {
    const model = this.#opened();
    const byLine = new Map<string, FunctionSize>();
    const sizes = this.#baselineSizes();
    for (const item of model.items) {
      const { definition } = item;
      if (item.kind === 'function' && definition && definition.line > 0 && isSamePath(definition.file, file)) {
        const known = byLine.get(String(definition.line));
        const before = sizes?.get(item.linkName);
        const change = sizes && item.memoryBytes - (before ?? 0);
        if (known) {
          known.copies++;
          known.memoryBytes += item.memoryBytes;
          if (change !== undefined) {
            known.change = (known.change ?? 0) + change;
            known.isNew = known.isNew === true && before === undefined;
          }
        } else {
          byLine.set(String(definition.line), {
            name: normalizedName(item.name),
            line: definition.line,
            memoryBytes: item.memoryBytes,
            ...(change !== undefined && { change, isNew: before === undefined }),
            copies: 1,
          });
        }
      }
    }
    return [...byLine.values()].sort((a, b) => a.line - b.line);
  }

  /** Sizes of the build before, by link name. */
  #baselineSizes(): Map<string, number> | undefined {
    const baseline = this.#baseline;
    return baseline && new Map(baseline.items.filter(isSymbol).map((item) => [item.linkName, item.memoryBytes]));
  }

  #retained(name: string): Retained {
    const model = this.#opened();
    this.#references ??= References.read(model);
    return this.#references.retained(findSymbol(model, name));
  }

  #stack(): { rows: StackUse[]; notes: string[] } {
    const model = this.#opened();
    return stackUses(model, () => {
      this.#references ??= References.read(model);
      return this.#references;
    });
  }
}

/** The symbol called `name`: by link name, full name, name without parameters, or the only one that ends so. @throws Error with one sentence. */
export function findSymbol(model: SizeModel, name: string): SizeItem {
  const symbols = model.items.filter(isSymbol);
  const bare = (item: SizeItem): string => bareName(item.name);
  const found =
    symbols.find((item) => item.linkName === name || item.aliases.includes(name)) ??
    symbols.find((item) => item.name === name) ??
    symbols.find((item) => bare(item) === name) ??
    symbols.find((item) => bare(item).endsWith(`::${name}`));
  if (!found) {
    throw new Error(`${model.path} has no symbol “${name}”.`);
  }
  return found;
}

function rowOf(node: SizeNode): Row {
  return {
    id: node.id,
    label: node.label,
    role: node.role,
    fileBytes: node.fileBytes,
    memoryBytes: node.memoryBytes,
    symbols: node.symbols,
    hasChildren: node.children.length > 0,
    ...(node.path !== undefined && { path: node.path }),
    ...(node.row && { item: node.row.item }),
    ...(node.row?.change !== undefined && { change: node.row.change }),
  };
}

/** The same file: equal, or built elsewhere with the same last folders. */
function isSamePath(built: string, opened: string): boolean {
  return built === opened || (!built.startsWith('/') && opened.endsWith(`/${built}`));
}

function modifiedOf(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return -1;
  }
}
