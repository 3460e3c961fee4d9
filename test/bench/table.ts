/** One measured figure beside its peer. */
export interface Figure {
  name: string;
  /** Ours, with unit, as people read it. */
  ours: string;
  /** The peer's name and value. */
  peer: string;
  /** Ours ÷ peer, or what else the goal is told in. */
  ratio: string;
  goal: string;
}

/** The middle one of several values. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}

/** The median of pairwise ratios: holds when the machine's speed drifts between pairs. */
export function medianRatio(ours: number[], peer: number[]): number {
  return median(ours.map((value, index) => value / (peer[index] ?? Number.NaN)));
}

/** Milliseconds that `action` took. */
export async function timed(action: () => Promise<unknown> | unknown): Promise<number> {
  const start = process.hrtime.bigint();
  await action();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

export function formatMilliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
}

export function printFigures(figures: Figure[]): void {
  const rows = [
    ['figure', 'ours', 'peer', 'ratio', 'goal'],
    ...figures.map((figure) => [figure.name, figure.ours, figure.peer, figure.ratio, figure.goal]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) {
    console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  }
}
