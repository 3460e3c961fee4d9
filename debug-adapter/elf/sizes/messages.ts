/** What the worker is asked and answers: plain data, so that it crosses threads. */
import type { SymbolPlace } from '../symbol-place.ts';
import type { BudgetResult } from './budgets.ts';
import type { Comparison } from './compare.ts';
import type { SizeItem } from './model.ts';
import type { SourceMap } from './source-map.ts';
import type { SizeNode, TreeQuery } from './tree.ts';

/** What is told of a file as a whole. */
export interface Summary {
  path: string;
  key: string;
  buildId?: string;
  fileBytes: number;
  memoryBytes: number;
  symbols: number;
  /** When the file was written, in milliseconds since 1970. */
  modified: number;
  notes: string[];
  /** Whether the build that the file held before is known. */
  hasPrevious: boolean;
  /** The build that this one is compared with. */
  before?: { path: string; fileBytes: number; memoryBytes: number };
}

/** A row of the tree: a node without what is below it. */
export interface Row {
  id: string;
  label: string;
  role: SizeNode['role'];
  fileBytes: number;
  memoryBytes: number;
  symbols: number;
  hasChildren: boolean;
  path?: string;
  item?: SizeItem;
  change?: 'grew' | 'shrank' | 'new' | 'gone' | 'same';
}

/** A node of the map: as many levels as are worth drawing. */
export interface MapNode extends Row {
  /** Its area: bytes; in a comparison all that changed below it, whatever the sign. */
  weight: number;
  children: MapNode[];
}

/** A function as a code lens tells it. */
export interface FunctionSize {
  name: string;
  /** Counts from 1. */
  line: number;
  memoryBytes: number;
  /** Since the build before; undefined when there is none. */
  change?: number;
  isNew?: boolean;
  /** Inlined copies, clones and instances of a template that stand at the same line. */
  copies: number;
}

/** Who refers to whom, by rows of the file. */
export interface Retained {
  item: SizeItem;
  /** Bytes that would go if nothing else held them. */
  retainedBytes: number;
  /** Who refers to it directly. */
  referrers: SizeItem[];
  /** From an entry of the program to it. */
  path: SizeItem[];
  /** The largest that only it keeps. */
  keeps: SizeItem[];
}

export interface StackUse {
  item: SizeItem;
  /** Its own frame. */
  frame: number;
  isDynamic: boolean;
  /** The deepest chain of calls; undefined when it recurs, or when calls are not known. */
  worst?: number;
  /** That chain. */
  chain: string[];
  isRecursive: boolean;
}

/** In the place of a path: the build that the file held before. */
export const PREVIOUS_BUILD = '[the build before]';

export interface SizeRequests {
  /** `compareWith` is a path, or PREVIOUS_BUILD. */
  open: { parameters: { path: string; compareWith?: string; sourceMap?: SourceMap }; result: Summary };
  rows: { parameters: { query: TreeQuery; parent: string; limit: number }; result: { rows: Row[]; hidden: number } };
  /** `trail` leads from the whole file to the map's top. */
  map: {
    parameters: { query: TreeQuery; root: string; limit: number };
    result: { map: MapNode; trail: { id: string; label: string }[] };
  };
  functions: { parameters: { file: string }; result: FunctionSize[] };
  retained: { parameters: { name: string }; result: Retained };
  stack: { parameters: Record<string, never>; result: { rows: StackUse[]; notes: string[] } };
  budgets: { parameters: { path: string }; result: BudgetResult[] };
  compare: { parameters: Record<string, never>; result: Comparison };
  /** Of any file: `addresses` are signed canonical. Null: in no symbol. */
  symbolise: { parameters: { path: string; addresses: number[] }; result: (SymbolPlace | null)[] };
}

export type SizeRequestName = keyof SizeRequests;

export interface WorkerRequest {
  id: number;
  name: SizeRequestName;
  parameters: unknown;
}

export type WorkerAnswer =
  | { id: number; result: unknown }
  | { id: number; error: string }
  | { progress: { step: string; fraction: number } };
