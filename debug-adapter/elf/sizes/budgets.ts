/** Size budgets: a JSON file that says how large folders, sections and symbols may be, checked by a command. */
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { SizeItem, SizeModel } from './model.ts';
import { isSymbol } from './model.ts';
import { compilePattern, searchBounded } from './patterns.ts';
import { sourceOf } from './tree.ts';

/** One budget. What it counts is told by any of `folder`, `section`, `symbol` and `kind`; all that are given must fit. None counts all. */
export interface Budget {
  name?: string;
  /** A folder or file of the sources, from the budget file's folder. */
  folder?: string;
  /** A section's name. */
  section?: string;
  /** A regular expression on the demangled name. */
  symbol?: string;
  /** Bytes in the file or in the loaded program; `stripped`: in the file without debug data and symbol tables. */
  measure?: 'file' | 'memory' | 'stripped';
  /** Bytes, or a number with KiB or MiB. */
  maximum: number | string;
}

export interface BudgetFile {
  budgets: Budget[];
}

export interface BudgetResult {
  name: string;
  bytes: number;
  maximum: number;
  measure: 'file' | 'memory' | 'stripped';
  /** The largest rows that count, for a budget that is passed. */
  largest: SizeItem[];
}

/** @throws Error with one sentence when the file is missing or wrong. */
export function readBudgets(path: string): BudgetFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`The budgets ${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}.`);
  }
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    throw new Error(`The budgets ${path} are no JSON: ${error instanceof Error ? error.message : error}.`);
  }
  const budgets = (file as Partial<BudgetFile> | null)?.budgets;
  if (!Array.isArray(budgets)) {
    throw new Error(`The budgets ${path} have no list “budgets”.`);
  }
  for (const [index, budget] of budgets.entries()) {
    const wrong = whatIsWrong(budget);
    if (wrong !== undefined) {
      throw new Error(`The budgets ${path}: budget ${index + 1} ${wrong}.`);
    }
  }
  return { budgets };
}

const MEASURES = ['file', 'memory', 'stripped'];

function whatIsWrong(budget: unknown): string | undefined {
  if (typeof budget !== 'object' || budget === null) {
    return 'is no object';
  }
  const known = ['name', 'folder', 'section', 'symbol', 'measure', 'maximum'];
  const other = Object.keys(budget).find((key) => !known.includes(key));
  if (other !== undefined) {
    return `has an unknown property “${other}”`;
  }
  const { maximum, symbol, measure, ...texts } = budget as Record<string, unknown>;
  if (parseSize(maximum) === undefined) {
    return 'needs a “maximum”: bytes, or a text such as "24 KiB"';
  }
  if (measure !== undefined && !MEASURES.includes(String(measure))) {
    return `has the measure “${measure}”, which is none of ${MEASURES.join(', ')}`;
  }
  const wrongText = Object.entries({ symbol, ...texts }).find(
    ([, value]) => value !== undefined && typeof value !== 'string',
  );
  if (wrongText) {
    return `has a “${wrongText[0]}” that is no text`;
  }
  try {
    compilePattern(String(symbol ?? ''));
  } catch {
    return `has a “symbol” that is no regular expression`;
  }
  return undefined;
}

/** Bytes of `1024`, `"24 KiB"`, `"1.5 MiB"`, `"900 B"`; undefined for anything else. */
export function parseSize(value: unknown): number | undefined {
  if (typeof value === 'number') {
    return Number.isFinite(value) && value >= 0 ? value : undefined;
  }
  const match = /^\s*(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB)?\s*$/.exec(typeof value === 'string' ? value : '');
  const scale = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };
  return match ? Math.floor(Number(match[1]) * scale[(match[2] ?? 'B') as keyof typeof scale]) : undefined;
}

/** Checks every budget of `file`, which stands in `folder`. @throws Error with one sentence when a “symbol” never ends. */
export function checkBudgets(model: SizeModel, file: BudgetFile, folder: string): BudgetResult[] {
  return file.budgets.map((budget) => {
    const measure = budget.measure ?? 'memory';
    const bytes = (item: SizeItem): number => (measure === 'memory' ? item.memoryBytes : item.fileBytes);
    const items = counted(model.items, budget, folder).filter((item) => !(measure === 'stripped' && isStripped(item)));
    return {
      name: budget.name ?? budget.folder ?? budget.section ?? budget.symbol ?? 'all',
      bytes: items.reduce((sum, item) => sum + bytes(item), 0),
      maximum: parseSize(budget.maximum) ?? 0,
      measure,
      largest: items.toSorted((a, b) => bytes(b) - bytes(a)).slice(0, 5),
    };
  });
}

/** The folder that a budget file's paths start at. */
export function budgetFolder(path: string): string {
  return dirname(resolve(path));
}

/** Whether `strip` takes it away: debug data, and the tables that are not loaded. */
function isStripped(item: SizeItem): boolean {
  return item.kind === 'debug' || (item.kind === 'table' && item.memoryBytes === 0 && item.section !== '.shstrtab');
}

function counted(items: readonly SizeItem[], budget: Budget, base: string): readonly SizeItem[] {
  const folder = budget.folder === undefined ? undefined : resolve(base, budget.folder);
  const placed = items.filter((item) => {
    if (budget.section !== undefined && item.section !== budget.section) {
      return false;
    }
    if (folder !== undefined) {
      const source = sourceOf(item);
      const path = source === undefined || item.kind === 'debug' ? undefined : relative(folder, source);
      return path !== undefined && !path.startsWith('..') && !path.startsWith('/');
    }
    return true;
  });
  return budget.symbol === undefined
    ? placed
    : searchBounded(compilePattern(budget.symbol), (pattern) =>
        placed.filter((item) => isSymbol(item) && pattern.test(item.name)),
      );
}
