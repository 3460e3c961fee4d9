/** A value's history as a small plot: in a line of text, and as a picture. Pure. */
import * as l10n from '@vscode/l10n';
import type { ValueHistory } from './history.ts';

const BARS = '▁▂▃▄▅▆▇█';
const SPARKLINE_COLUMNS = 10;
const PLOT_SAMPLES = 240;
const WIDTH = 260;
const HEIGHT = 72;
const MARGIN = 4;

/** `▁▂▅▇`, the newest at the right; empty for a value that never changed. */
export function sparkline(history: ValueHistory, now: number): string {
  if (history.changes.length < 2) {
    return '';
  }
  const samples = history.samples(now, SPARKLINE_COLUMNS);
  const { least, range } = extent(samples);
  return samples.map((value) => BARS[Math.round(((value - least) / range) * (BARS.length - 1))]).join('');
}

/** Markdown: the plot as an image, with its least, greatest and last value, and the time it spans. Empty when nothing is known. */
export function plotMarkdown(history: ValueHistory, now: number): string {
  const samples = history.samples(now, PLOT_SAMPLES);
  const last = samples.at(-1);
  if (last === undefined || history.changes.length < 2) {
    return '';
  }
  const { least, greatest } = extent(samples);
  const seconds = Math.max(1, Math.round(history.span(now) / 1000));
  const facts = l10n.t('min {0} · max {1} · last {2} · {3} s', format(least), format(greatest), format(last), seconds);
  const picture = Buffer.from(plot(samples)).toString('base64');
  return `![${facts}](data:image/svg+xml;base64,${picture})\n\n${facts}`;
}

/** An SVG document. Its one colour is seen on light and on dark grounds: a picture knows no theme. */
export function plot(samples: readonly number[]): string {
  const { least, range } = extent(samples);
  const x = (index: number): string =>
    (MARGIN + ((WIDTH - 2 * MARGIN) * index) / Math.max(1, samples.length - 1)).toFixed(1);
  const y = (value: number): string => (HEIGHT - MARGIN - ((HEIGHT - 2 * MARGIN) * (value - least)) / range).toFixed(1);
  const line = samples.map((value, index) => `${x(index)},${y(value)}`).join(' ');
  const floor = `${x(samples.length - 1)},${HEIGHT - MARGIN} ${x(0)},${HEIGHT - MARGIN}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}">`,
    `<polygon points="${line} ${floor}" fill="#3794ff" fill-opacity="0.2"/>`,
    `<polyline points="${line}" fill="none" stroke="#3794ff" stroke-width="1.5" stroke-linejoin="round"/>`,
    '</svg>',
  ].join('');
}

/** A flat line has a range too: of one. */
function extent(samples: readonly number[]): { least: number; greatest: number; range: number } {
  const least = Math.min(...samples);
  const greatest = Math.max(...samples);
  return { least, greatest, range: greatest - least || 1 };
}

function format(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 3 });
}
