/** Colours of pages, from the editor's theme. A colour is packed as ImageData has it: alpha, blue, green, red from the top. */
import { stateOf } from './page-map.ts';

export type Packed = number;

export type Rgb = readonly [red: number, green: number, blue: number];

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

/** A kind's colour: one of the theme's, or much of it, or how much of the foreground is in the background. */
const KINDS: Record<string, string | number | readonly [name: string, share: number]> = {
  absent: 0,
  reserved: 0.26,
  free: 0.1,
  image: ['--vscode-terminal-ansiCyan', 0.8],
  boot_module: 0.66,
  arena: 0.5,
  metadata: 0.38,
  kernel_data: ['--vscode-terminal-ansiMagenta', 0.55],
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
/** How much of its colour a page has where others matter more. */
const DIMMED_SHARE = 0.22;
/** How much of the foreground the newest page has. */
const GLOW_SHARE = 0.8;
const STATES = 1 << 16;
/** The relative luminance (WCAG 2.2) whose contrast with black and with white is the same: 4.58. */
const BETWEEN_BLACK_AND_WHITE = 0.179;

export function readTheme(): Theme {
  const style = getComputedStyle(document.body);
  const text = (name: string, fallback: string): string => style.getPropertyValue(name).trim() || fallback;
  const background = text('--vscode-editor-background', '#1e1e1e');
  const foreground = text('--vscode-editor-foreground', '#cccccc');
  const base = parse(background);
  const front = parse(foreground);
  const kinds = new Map(
    Object.entries(KINDS).map(([kind, colour]): [string, Rgb] => {
      if (typeof colour === 'number') {
        return [kind, mix(base, front, colour)];
      }
      const [name, share] = typeof colour === 'string' ? [colour, 1] : colour;
      return [kind, mix(base, parse(text(name, foreground)), share)];
    }),
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

/** The colour of each state that a page can have, looked up: a GiB is painted anew in a few milliseconds. */
export class Palette {
  readonly #kinds: readonly string[];
  readonly #theme: Theme;
  /** 0: not mixed yet; no colour is, for each is opaque. */
  readonly #plain = new Uint32Array(STATES);
  readonly #dimmed = new Uint32Array(STATES);

  constructor(kinds: readonly string[], theme: Theme) {
    this.#kinds = kinds;
    this.#theme = theme;
  }

  /** Of a page as PagesChangedEvent has it. */
  plain(page: number): Packed {
    this.#plain[page] ||= pack(rgbOf(page, this.#kinds, this.#theme));
    return this.#plain[page] as Packed;
  }

  /** The same page where others matter more. */
  dimmed(page: number): Packed {
    this.#dimmed[page] ||= pack(mix(this.#theme.base, rgbOf(page, this.#kinds, this.#theme), DIMMED_SHARE));
    return this.#dimmed[page] as Packed;
  }

  /** A page that changed lately. @param glow 0 to 1: just now */
  glowing(page: number, glow: number): Packed {
    return glow > 0
      ? pack(mix(rgbOf(page, this.#kinds, this.#theme), this.#theme.bright, glow * GLOW_SHARE))
      : this.plain(page);
  }
}

export function cssOf(kind: string, theme: Theme, glow = 0): string {
  return css(mix(colourOf(kind, theme), theme.bright, glow * GLOW_SHARE));
}

/** Black or white: what can be read on a page of this kind. */
export function inkOn(kind: string, theme: Theme): string {
  const [red, green, blue] = colourOf(kind, theme).map((part) =>
    part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
  ) as [number, number, number];
  return red * 0.2126 + green * 0.7152 + blue * 0.0722 > BETWEEN_BLACK_AND_WHITE ? '#000' : '#fff';
}

function colourOf(kind: string, theme: Theme): Rgb {
  return theme.kinds.get(kind) ?? mix(theme.base, theme.bright, UNKNOWN);
}

function rgbOf(page: number, kinds: readonly string[], theme: Theme): Rgb {
  const { kind, filling } = stateOf(page, kinds, []);
  const colour = colourOf(kind, theme);
  if (filling !== undefined) {
    return mix(theme.base, colour, EMPTY_SHARE + ((1 - EMPTY_SHARE) * filling) / FULL);
  }
  return kind === 'cached' ? mix(theme.base, colour, 0.5) : colour;
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const part = (index: 0 | 1 | 2): number => from[index] + (to[index] - from[index]) * share;
  return [part(0), part(1), part(2)];
}

function css(colour: Rgb): string {
  return `rgb(${colour.map(Math.round).join(' ')})`;
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
