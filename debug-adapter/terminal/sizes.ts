/** `unikernel-workbench sizes`: the symbol-size tree without VS Code. */
import { budgetFolder, checkBudgets, readBudgets } from '../elf/sizes/budgets.ts';
import { defaultCacheDirectory } from '../elf/sizes/cache.ts';
import { compareModels } from '../elf/sizes/compare.ts';
import { disassemble } from '../elf/sizes/disassembly.ts';
import type { Progress, SizeModel } from '../elf/sizes/model.ts';
import { readSizes } from '../elf/sizes/read.ts';
import { References } from '../elf/sizes/references.ts';
import {
  budgetLines,
  comparisonLines,
  exact,
  retainedLines,
  sectionLines,
  stackLines,
  symbolLines,
  treeLines,
} from '../elf/sizes/report.ts';
import { findSymbol } from '../elf/sizes/service.ts';
import { stackUses } from '../elf/sizes/stack-use.ts';
import { buildTree, type SizeRow } from '../elf/sizes/tree.ts';
import { sentence } from '../sentence.ts';
import { parseSizesOptions, SIZES_USAGE, type SizesOptions } from './sizes-options.ts';

/** Runs the client; answers the exit code: 0, 1 for a budget that is exceeded, 2 for what cannot be done. */
export async function sizesMain(parameters: string[]): Promise<number> {
  try {
    const options = parseSizesOptions(parameters);
    if (options.help) {
      console.log(SIZES_USAGE);
      return 0;
    }
    return await report(options);
  } catch (error) {
    console.error(sentence(error));
    return 2;
  }
}

async function report(options: SizesOptions): Promise<number> {
  const model = read(options.path, options);
  if (options.budgets !== undefined) {
    const results = checkBudgets(model, readBudgets(options.budgets), budgetFolder(options.budgets));
    print(options, results, () => budgetLines(results));
    return results.some((result) => result.bytes > result.maximum) ? 1 : 0;
  }
  if (options.who !== undefined) {
    const retained = References.read(model).retained(findSymbol(model, options.who));
    print(options, retained, () => retainedLines(retained, options.rows));
  } else if (options.disassemble !== undefined) {
    console.log(await disassemble('gdb', model.path, findSymbol(model, options.disassemble)));
  } else if (options.mode === 'stack') {
    const used = stackUses(model, () => References.read(model));
    print(options, used, () => stackLines(used.rows, used.notes, options.rows));
  } else if (options.compare !== undefined) {
    printComparison(options, model);
  } else {
    printModel(options, model);
  }
  return 0;
}

function printModel(options: SizesOptions, model: SizeModel): void {
  const rows = rowsOf(model);
  if (options.mode === 'sections') {
    print(options, model.sections, () => sectionLines(model));
  } else if (options.mode === 'symbols') {
    print(options, model.items, () => symbolLines(rows, options.query, options.rows));
  } else {
    const tree = buildTree(rows, options.query);
    tree.label = model.path;
    print(options, tree, () => treeLines(tree, options.depth, options.rows, options.query.measure));
  }
  if (!options.json) {
    for (const note of model.notes) {
      console.log(`\n${note}`);
    }
    if (options.query.filter === '' && options.mode === 'tree') {
      const file = model.items.reduce((sum, item) => sum + item.fileBytes, 0);
      console.log(`\nEvery byte is told: ${exact(file)} of ${exact(model.fileBytes)} in the file.`);
    }
  }
}

function printComparison(options: SizesOptions, after: SizeModel): void {
  const before = read(options.compare ?? '', options);
  const comparison = compareModels(before, after);
  print(options, comparison, () => {
    const tree = buildTree(
      comparison.rows.filter((row) => row.change !== 'same'),
      options.query,
    );
    tree.label = `${after.path} since ${before.path}`;
    return [
      ...comparisonLines(comparison, options.query, options.rows),
      '',
      ...treeLines(tree, options.depth, options.rows, options.query.measure, true),
    ];
  });
}

function rowsOf(model: SizeModel): SizeRow[] {
  return model.items.map((item) => ({ item, fileBytes: item.fileBytes, memoryBytes: item.memoryBytes }));
}

function print(options: SizesOptions, value: unknown, lines: () => string[]): void {
  console.log(options.json ? JSON.stringify(value, null, 1) : lines().join('\n'));
}

function read(path: string, { cache, sourceMap }: SizesOptions): SizeModel {
  const model = readSizes(path, {
    sourceMap,
    ...(cache && { cacheDirectory: defaultCacheDirectory() }),
    ...(process.stderr.isTTY && { progress: onTerminal() }),
  });
  if (process.stderr.isTTY) {
    process.stderr.write('\r\x1b[K');
  }
  return model;
}

/** One line that is written over. */
function onTerminal(): Progress {
  let last = '';
  return (step, fraction) => {
    const text = `${step}: ${Math.round(fraction * 100)}%`;
    if (text !== last) {
      last = text;
      process.stderr.write(`\r\x1b[K${text}`);
    }
  };
}
