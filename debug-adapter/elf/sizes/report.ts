/** What the sizes client prints. */

import { formatTable } from '../../table.ts';
import { formatBytes } from '../../units.ts';
import type { BudgetResult } from './budgets.ts';
import type { ChangedRow, Comparison } from './compare.ts';
import type { Retained, StackUse } from './messages.ts';
import { isSymbol, type SizeItem, type SizeModel } from './model.ts';
import { bareName } from './names.ts';
import { bytesOf, filterRows, type Measure, type SizeNode, type SizeRow, sourceOf, type TreeQuery } from './tree.ts';

/** Exact: people compare it with other tools' numbers. */
export function exact(bytes: number, isChange = false): string {
  const sign = isChange && bytes > 0 ? '+' : '';
  return `${sign}${bytes.toLocaleString('en-US')}`;
}

/** The tree to `depth` levels, `rows` on each; what is left out is told with its sum. */
export function treeLines(tree: SizeNode, depth: number, rows: number, measure: Measure, isChange = false): string[] {
  const lines: string[] = [];
  const total = Math.max(1, Math.abs(bytesOf(tree, measure)));
  const line = (node: { label: string; fileBytes: number; memoryBytes: number }, level: number): void => {
    const share = isChange ? '' : `${((100 * bytesOf(node, measure)) / total).toFixed(1)}%`.padStart(8);
    lines.push(
      `${exact(node.memoryBytes, isChange).padStart(14)}${exact(node.fileBytes, isChange).padStart(14)}${share}  ${'  '.repeat(level)}${node.label}`,
    );
  };
  const walk = (node: SizeNode, level: number): void => {
    line(node, level);
    if (level >= depth) {
      return;
    }
    const changed = isChange
      ? node.children.filter((child) => child.fileBytes !== 0 || child.memoryBytes !== 0)
      : node.children;
    for (const child of changed.slice(0, rows)) {
      walk(child, level + 1);
    }
    const rest = changed.slice(rows);
    if (rest.length > 0) {
      const sum = (of: (child: SizeNode) => number): number => rest.reduce((all, child) => all + of(child), 0);
      const left = { fileBytes: sum((child) => child.fileBytes), memoryBytes: sum((child) => child.memoryBytes) };
      line({ label: `… ${rest.length} more`, ...left }, level + 1);
    }
  };
  lines.push(`${'memory'.padStart(14)}${'file'.padStart(14)}${isChange ? '' : 'share'.padStart(8)}`);
  walk(tree, 0);
  return lines;
}

export function symbolLines(rows: readonly SizeRow[], query: TreeQuery, limit: number): string[] {
  const found = filterRows(rows, query.filter)
    .filter(({ item, ...row }) => isSymbol(item) && Math.max(row.fileBytes, row.memoryBytes) >= query.minimum)
    .toSorted((a, b) => bytesOf(b, query.measure) - bytesOf(a, query.measure) || b.item.size - a.item.size);
  return formatTable<SizeRow>(
    [
      { title: 'memory', cell: (row) => exact(row.memoryBytes), align: 'right' },
      { title: 'file', cell: (row) => exact(row.fileBytes), align: 'right' },
      { title: 'section', cell: (row) => row.item.section },
      { title: 'source', cell: (row) => place(row) },
      {
        title: 'name',
        cell: (row) => `${row.item.name}${row.item.aliases.length > 0 ? ` (and ${row.item.aliases.length} more)` : ''}`,
      },
    ],
    found,
    limit,
  );
}

function place({ item }: SizeRow): string {
  const source = sourceOf(item)?.split('/').at(-1) ?? '';
  return item.definition && item.definition.line > 0 ? `${source}:${item.definition.line}` : source;
}

export function sectionLines(model: SizeModel): string[] {
  return formatTable(
    [
      { title: 'section', cell: (row) => row.name },
      { title: 'size', cell: (row) => exact(row.size), align: 'right' },
      { title: 'memory', cell: (row) => exact(row.memoryBytes), align: 'right' },
      { title: 'file', cell: (row) => exact(row.fileBytes), align: 'right' },
    ],
    model.sections,
  );
}

export function comparisonLines(comparison: Comparison, query: TreeQuery, limit: number): string[] {
  const kept = filterRows(comparison.rows, query.filter) as readonly ChangedRow[];
  const rows = kept
    .filter((row) => row.change !== 'same' && isSymbol(row.item))
    .toSorted((a, b) => Math.abs(bytesOf(b, query.measure)) - Math.abs(bytesOf(a, query.measure)));
  const count = (change: string): number => rows.filter((row) => row.change === change).length;
  return [
    `${count('grew')} grew, ${count('shrank')} shrank, ${count('new')} new, ${count('gone')} gone; memory ${exact(comparison.memoryBytes, true)}, file ${exact(comparison.fileBytes, true)}`,
    ...formatTable<ChangedRow>(
      [
        { title: 'memory', cell: (row) => exact(row.memoryBytes, true), align: 'right' },
        { title: 'file', cell: (row) => exact(row.fileBytes, true), align: 'right' },
        { title: '', cell: (row) => row.change },
        { title: 'name', cell: (row) => row.item.name },
      ],
      rows,
      limit,
    ),
  ];
}

export function budgetLines(results: BudgetResult[]): string[] {
  const lines = formatTable<BudgetResult>(
    [
      { title: 'budget', cell: (row) => row.name },
      { title: 'measure', cell: (row) => row.measure },
      { title: 'bytes', cell: (row) => exact(row.bytes), align: 'right' },
      { title: 'maximum', cell: (row) => exact(row.maximum), align: 'right' },
      { title: 'used', cell: (row) => `${((100 * row.bytes) / Math.max(1, row.maximum)).toFixed(0)}%`, align: 'right' },
      { title: '', cell: (row) => (row.bytes > row.maximum ? 'EXCEEDED' : 'ok') },
    ],
    results,
  );
  for (const row of results.filter((result) => result.bytes > result.maximum)) {
    lines.push('', `${row.name} is ${formatBytes(row.bytes - row.maximum)} over its budget; its largest:`);
    lines.push(
      ...row.largest.map(
        (item) => `  ${exact(row.measure === 'memory' ? item.memoryBytes : item.fileBytes).padStart(10)}  ${item.name}`,
      ),
    );
  }
  return lines;
}

export function retainedLines(retained: Retained, limit: number): string[] {
  const { item, retainedBytes, referrers, path, keeps } = retained;
  const list = (title: string, items: readonly SizeItem[]): string[] =>
    items.length === 0
      ? []
      : ['', title, ...items.slice(0, limit).map((one) => `${exact(one.memoryBytes).padStart(12)}  ${one.name}`)];
  return [
    `${item.name}: ${exact(item.memoryBytes)} bytes, and ${exact(retainedBytes)} with all that only it keeps`,
    ...list(referrers.length === 0 ? '' : 'Who refers to it:', referrers),
    ...list('How the program reaches it:', path),
    ...list('What only it keeps:', keeps),
  ];
}

export function stackLines(rows: readonly StackUse[], notes: readonly string[], limit: number): string[] {
  const table = formatTable<StackUse>(
    [
      {
        title: 'worst',
        cell: (row) => (row.isRecursive ? 'recursive' : row.worst === undefined ? '' : exact(row.worst)),
        align: 'right',
      },
      { title: 'frame', cell: (row) => `${exact(row.frame)}${row.isDynamic ? '+' : ''}`, align: 'right' },
      { title: 'function', cell: (row) => row.item.name },
      {
        title: 'deepest chain',
        cell: (row) => row.chain.slice(1).map(bareName).join(' → '),
      },
    ],
    [...rows],
    limit,
  );
  return [...table, '', ...notes];
}
