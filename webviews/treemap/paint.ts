/** Draws the map in the colours of the theme. */
import { fitted } from '../dom.ts';
import { type Cell, HEADING, type Rectangle } from './layout.ts';

/** The theme's colours that are used. */
export interface Theme {
  background: string;
  foreground: string;
  border: string;
  focus: string;
  branches: string[];
  grew: string;
  shrank: string;
  font: string;
  /** In a high-contrast theme cells are outlined, not filled. */
  isOutlined: boolean;
}

const BRANCHES = ['blue', 'green', 'purple', 'orange', 'yellow', 'red'];
const QUIET = '--vscode-editorWidget-background';

export function readTheme(): Theme {
  const style = getComputedStyle(document.body);
  const color = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  const foreground = color('--vscode-editor-foreground', '#888888');
  return {
    background: color('--vscode-editor-background', '#1e1e1e'),
    foreground,
    border: color('--vscode-contrastBorder', color(QUIET, foreground)),
    focus: color('--vscode-focusBorder', foreground),
    branches: BRANCHES.map((name) => color(`--vscode-charts-${name}`, foreground)),
    grew: color('--vscode-charts-red', foreground),
    shrank: color('--vscode-charts-green', foreground),
    font: `12px ${color('--vscode-font-family', 'sans-serif')}`,
    isOutlined: document.body.classList.contains('vscode-high-contrast'),
  };
}

export interface Picture {
  width: number;
  height: number;
  cells: readonly Cell[];
  chosen: Cell | undefined;
  theme: Theme;
  isComparison: boolean;
  /** Where the map is shown for now, while it grows. */
  from: Rectangle | undefined;
}

export function draw(context: CanvasRenderingContext2D, picture: Picture): void {
  const { width, height, cells, theme, from } = picture;
  context.fillStyle = theme.background;
  context.fillRect(0, 0, width, height);
  context.save();
  if (from && width > 0 && height > 0) {
    context.translate(from.x, from.y);
    context.scale(from.width / width, from.height / height);
  }
  context.font = theme.font;
  context.textBaseline = 'middle';
  for (const cell of cells) {
    if (cell.depth > 0) {
      drawCell(context, cell, picture);
    }
  }
  if (picture.chosen) {
    outline(context, picture.chosen, theme.focus, document.activeElement?.id === 'map' ? 3 : 2);
  }
  context.restore();
}

function drawCell(context: CanvasRenderingContext2D, cell: Cell, { theme, isComparison }: Picture): void {
  const { x, y, width, height, row } = cell;
  context.fillStyle = theme.background;
  context.fillRect(x, y, width, height);
  if (!theme.isOutlined) {
    // Deeper cells are stronger: a group is the frame of what it holds.
    context.globalAlpha = row.children.length > 0 ? 0.18 : 0.42;
    context.fillStyle = isComparison
      ? row.bytes < 0
        ? theme.shrank
        : theme.grew
      : (theme.branches[cell.branch % theme.branches.length] as string);
    context.fillRect(x, y, width, height);
    context.globalAlpha = 1;
  }
  outline(context, cell, theme.isOutlined ? theme.foreground : theme.background, 1);
  label(context, cell, theme);
}

function outline(
  context: CanvasRenderingContext2D,
  { x, y, width, height }: Rectangle,
  color: string,
  thickness: number,
): void {
  context.strokeStyle = color;
  context.lineWidth = thickness;
  const half = thickness / 2;
  context.strokeRect(x + half, y + half, Math.max(0, width - thickness), Math.max(0, height - thickness));
}

/** The name where it fits, cut with an ellipsis; the sizes below it where there is room. */
function label(context: CanvasRenderingContext2D, { x, y, width, height, row }: Cell, theme: Theme): void {
  if (width < 34 || height < HEADING) {
    return;
  }
  context.fillStyle = theme.foreground;
  context.fillText(fitted(context, row.label, width - 8), x + 4, y + HEADING / 2 + 1);
  if (row.children.length === 0 && height > 2 * HEADING) {
    context.globalAlpha = 0.75;
    context.fillText(fitted(context, row.sizes, width - 8), x + 4, y + HEADING * 1.5 + 1);
    context.globalAlpha = 1;
  }
}
