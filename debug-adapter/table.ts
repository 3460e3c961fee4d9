/** Text tables: columns as wide as their widest cell, numbers to the right. */

export interface Column<Row> {
  title: string;
  cell(row: Row): string;
  align?: 'left' | 'right';
}

/** Lines of a table with a heading; `limit` rows at most, then one line that tells how many were left out. */
export function formatTable<Row>(columns: Column<Row>[], rows: Row[], limit = Number.POSITIVE_INFINITY): string[] {
  const shown = rows.slice(0, limit).map((row) => columns.map((column) => column.cell(row)));
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...shown.map((cells) => cells[index]?.length ?? 0)),
  );
  const line = (cells: string[]): string =>
    cells
      .map((cell, index) =>
        columns[index]?.align === 'right' ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const lines = [line(columns.map((column) => column.title)), ...shown.map(line)];
  if (rows.length > shown.length) {
    lines.push(`… and ${rows.length - shown.length} more`);
  }
  return lines.map((text) => `  ${text}`);
}
