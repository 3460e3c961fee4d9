/** The theme's colours that the pictures use. */
export interface Theme {
  background: string;
  foreground: string;
  muted: string;
  line: string;
  focus: string;
  selection: string;
  running: string;
  ready: string;
  locked: string;
  waiting: string;
  file: string;
  timer: string;
  /** To tell threads on a CPU, and functions, from each other. */
  palette: string[];
  font: string;
  smallFont: string;
  /** In a high-contrast theme shapes are outlined. */
  isOutlined: boolean;
}

export function readTheme(): Theme {
  const style = getComputedStyle(document.body);
  const color = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  const foreground = color('--vscode-editor-foreground', '#888888');
  const chart = (name: string): string => color(`--vscode-charts-${name}`, foreground);
  const family = color('--vscode-font-family', 'sans-serif');
  return {
    background: color('--vscode-editor-background', '#1e1e1e'),
    foreground,
    muted: color('--vscode-descriptionForeground', foreground),
    line: color('--vscode-panel-border', color('--vscode-contrastBorder', foreground)),
    focus: color('--vscode-focusBorder', foreground),
    selection: color('--vscode-list-inactiveSelectionBackground', 'rgba(128, 128, 128, 0.2)'),
    running: chart('green'),
    ready: chart('yellow'),
    locked: chart('red'),
    waiting: chart('purple'),
    file: chart('blue'),
    timer: color('--vscode-terminal-ansiCyan', chart('orange')),
    palette: [
      ...['blue', 'green', 'purple', 'yellow', 'red'].map(chart),
      color('--vscode-terminal-ansiCyan', chart('orange')),
    ],
    font: `12px ${family}`,
    smallFont: `11px ${family}`,
    isOutlined:
      document.body.classList.contains('vscode-high-contrast') ||
      document.body.classList.contains('vscode-high-contrast-light'),
  };
}

/** The same colour for the same name, in each picture. */
export function colorOf(theme: Theme, name: string): string {
  let hash = 0;
  for (let index = 0; index < name.length; index++) {
    hash = (hash * 31 + name.charCodeAt(index)) >>> 0;
  }
  return theme.palette[hash % theme.palette.length] ?? theme.foreground;
}
