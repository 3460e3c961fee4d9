/** Colours of pages, from the editor's theme. A colour is packed as ImageData has it: alpha, blue, green, red from the top. */
import { stateOf } from './page-map.ts';

export type Packed = number;

type Rgb = readonly [red: number, green: number, blue: number];

export interface Theme {
  background: string;
  foreground: string;
  muted: string;
  focus: string;
  mark: string;
  /** Of a page of each kind, by name. */
  kinds: ReadonlyMap<string, Rgb>;
  base: Rgb;
  bright: Rgb;
}

/** A kind's colour: a chart colour of the theme, or how much of the foreground is in the background. */
const KINDS: Record<string, string | number> = {
  absent: 0,
  reserved: 0.22,
  free: 0.1,
  image: 0.72,
  boot_module: 0.6,
  arena: 0.45,
  metadata: 0.36,
  kernel_data: 0.52,
  used: 0.5,
  cached: '--vscode-charts-green',
  pool: '--vscode-charts-blue',
  large: '--vscode-charts-purple',
  stack: '--vscode-charts-orange',
  page_table: '--vscode-charts-red',
  file: '--vscode-charts-yellow',
};
const UNKNOWN = 0.5;
const FULL = 7;
/** How much of its colour an empty slab has. */
const EMPTY_SHARE = 0.35;

export function readTheme(): Theme {
  const style = getComputedStyle(document.body);
  const text = (name: string, fallback: string): string => style.getPropertyValue(name).trim() || fallback;
  const background = text('--vscode-editor-background', '#1e1e1e');
  const foreground = text('--vscode-editor-foreground', '#cccccc');
  const base = parse(background);
  const front = parse(foreground);
  const kinds = new Map(
    Object.entries(KINDS).map(([kind, colour]) => [
      kind,
      typeof colour === 'number' ? mix(base, front, colour) : parse(text(colour, foreground)),
    ]),
  );
  return {
    background,
    foreground,
    muted: text('--vscode-descriptionForeground', foreground),
    focus: text('--vscode-focusBorder', foreground),
    mark: text('--vscode-charts-red', foreground),
    kinds,
    base,
    bright: front,
  };
}

/** Of one page. @param glow 0 to 1: how lately it changed */
export function colourOf(
  page: number,
  kinds: readonly string[],
  classes: readonly number[],
  theme: Theme,
  glow = 0,
): Packed {
  return pack(rgbOf(page, kinds, classes, theme, glow));
}

/** The same page where others matter more. */
export function dimmed(page: number, kinds: readonly string[], classes: readonly number[], theme: Theme): Packed {
  return pack(mix(theme.base, rgbOf(page, kinds, classes, theme, 0), 0.22));
}

export function cssOf(kind: string, theme: Theme): string {
  return `rgb(${(theme.kinds.get(kind) ?? mix(theme.base, theme.bright, UNKNOWN)).map(Math.round).join(' ')})`;
}

function rgbOf(page: number, kinds: readonly string[], classes: readonly number[], theme: Theme, glow: number): Rgb {
  const { kind, filling } = stateOf(page, kinds, classes);
  let colour = theme.kinds.get(kind) ?? mix(theme.base, theme.bright, UNKNOWN);
  if (filling !== undefined) {
    colour = mix(theme.base, colour, EMPTY_SHARE + ((1 - EMPTY_SHARE) * filling) / FULL);
  } else if (kind === 'cached') {
    colour = mix(theme.base, colour, 0.5);
  }
  return glow > 0 ? mix(colour, theme.bright, glow * 0.8) : colour;
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const part = (index: 0 | 1 | 2): number => from[index] + (to[index] - from[index]) * share;
  return [part(0), part(1), part(2)];
}

function pack([red, green, blue]: Rgb): Packed {
  return ((0xff << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Any CSS colour: the canvas knows them all. */
function parse(text: string): Rgb {
  const context = document.createElement('canvas').getContext('2d');
  if (!context) {
    return [128, 128, 128];
  }
  context.fillStyle = text;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return [red, green, blue];
}
