/** Lines made to fit the terminal's window. */

/** What is not shown is told by this. */
const CUT = '…';
/** Lists such as `  free ranges: a, b, c` go on in the next line, this far from the left. */
const INDENT = '    ';
const LIST = /^ {2}[A-Za-z][^:,]*: .*, /;

/** A line as one that is no longer than `width`, or a list as several. */
export function fitLine(line: string, width: number): string[] {
  if (line.length <= width) {
    return [line];
  }
  return LIST.test(line) ? wrap(line, width) : [cut(line, width)];
}

/** Lines that are no longer than `width` and no more than `height`; the last one stays. */
export function fitLines(lines: readonly string[], width: number, height = Number.POSITIVE_INFINITY): string[] {
  const fitting = lines.flatMap((line) => fitLine(line, width));
  if (fitting.length <= height) {
    return fitting;
  }
  return [...fitting.slice(0, Math.max(0, height - 1)), fitting.at(-1) ?? ''];
}

function cut(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - CUT.length)).trimEnd()}${CUT}`;
}

function wrap(line: string, width: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const part of line.split(/(?<=, )/)) {
    if (current.trim() !== '' && (current + part).trimEnd().length > width) {
      lines.push(current.trimEnd());
      current = INDENT;
    }
    current += part;
  }
  return [...lines, current].map((one) => cut(one, width));
}

/** The window of our stdout; without one, lines are as long as they are. */
export function windowSize(): { width: number; height: number } {
  const { columns, rows } = process.stdout;
  return process.stdout.isTTY
    ? { width: Math.max(20, columns || 80), height: Math.max(8, rows || 24) }
    : { width: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY };
}

/** Prints lines in the window's width. */
export function print(lines: readonly string[]): void {
  console.log(fitLines(lines, windowSize().width).join('\n'));
}
