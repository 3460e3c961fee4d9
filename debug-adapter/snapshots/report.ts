/** A comparison of two moments for people: as tables of a terminal, or as Markdown. */
import { formatTable } from '../table.ts';
import { formatDuration } from '../units.ts';
import type { SnapshotComparison } from './model.ts';
import { type ReportSection, reportSections } from './report-sections.ts';

/** Lines for a terminal. @param limit rows of each table at most */
export function textReport(comparison: SnapshotComparison, limit: number): string[] {
  const lines = [titleOf(comparison)];
  for (const note of comparison.notes) {
    lines.push('', note);
  }
  for (const { title, columns, rows } of reportSections(comparison)) {
    const cells = columns.map((column, index) => ({ ...column, cell: (row: string[]) => row[index] ?? '' }));
    lines.push('', title, ...formatTable(cells, rows, limit));
  }
  return lines;
}

/** A page of Markdown. @param limit rows of each table at most */
export function markdownReport(comparison: SnapshotComparison, limit: number): string {
  const parts = [`# ${escaped(titleOf(comparison))}`];
  for (const note of comparison.notes) {
    parts.push(`> ${escaped(note)}`);
  }
  for (const section of reportSections(comparison)) {
    parts.push(`## ${escaped(section.title)}`, markdownTable(section, limit));
  }
  return `${parts.join('\n\n')}\n`;
}

function titleOf({ before, after }: SnapshotComparison): string {
  const elapsed = after.guestTime - before.guestTime;
  const span = elapsed > 0 ? ` (${formatDuration(elapsed)} later)` : '';
  return `What changed from ${before.name} to ${after.name}${span}`;
}

function markdownTable({ columns, rows }: ReportSection, limit: number): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  const lines = [
    line(columns.map(({ title }) => title)),
    `|${columns.map(({ align }) => (align === 'right' ? '---:' : '---')).join('|')}|`,
    ...rows.slice(0, limit).map(line),
  ];
  const left = rows.length - limit;
  return left > 0 ? `${lines.join('\n')}\n\n… and ${left} more` : lines.join('\n');
}

/** Names come from the guest: they must not be Markdown. */
function escaped(text: string): string {
  return text.replaceAll('\n', ' ').replace(/[\\`*_{}[\]<>#|~&]/g, '\\$&');
}
