/** The last minutes as a curve of used pages, under it the moment that is shown: a slider. */
import * as l10n from '@vscode/l10n';
import { prepared } from '../dom.ts';
import { cssOf, type Theme } from './colours.ts';
import type { Moment } from './history.ts';
import { agoWords, pageCount } from './words.ts';

/** What the curve covers at least, in milliseconds. */
const SHORTEST = 30_000;
/** Kinds that nobody uses. */
const UNUSED = ['absent', 'free', 'cached'];

export interface TimelineState {
  moments: readonly Moment[];
  kinds: readonly string[];
  theme: Theme;
  /** The moment that is shown; undefined: now. */
  shown: number | undefined;
  /** The moment that others are compared with. */
  mark: number | undefined;
}

export class Timeline {
  readonly #canvas: HTMLCanvasElement;
  #state: TimelineState | undefined;

  /** @param choose called with a moment's time; undefined: now */
  constructor(canvas: HTMLCanvasElement, choose: (time: number | undefined) => void) {
    this.#canvas = canvas;
    const point = (event: PointerEvent): void => choose(this.#timeAt(event.offsetX));
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      canvas.focus();
      point(event);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (event.buttons === 1) {
        point(event);
      }
    });
    canvas.addEventListener('keydown', (event) => {
      const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };
      const step = steps[event.key];
      if (step !== undefined) {
        choose(this.stepped(step));
        event.preventDefault();
      } else if (event.key === 'Home' || event.key === 'End') {
        choose(event.key === 'Home' ? this.#state?.moments[0]?.time : undefined);
        event.preventDefault();
      }
    });
  }

  /** The time of the moment `by` moments from the one that is shown; undefined past the last. */
  stepped(by: number): number | undefined {
    const { moments = [], shown } = this.#state ?? {};
    const current = shown === undefined ? moments.length - 1 : moments.findLastIndex(({ time }) => time <= shown);
    const next = Math.max(0, current + by);
    return next >= moments.length - 1 ? undefined : moments[next]?.time;
  }

  show(state: TimelineState): void {
    this.#state = state;
    const { moments, shown } = state;
    const end = moments.at(-1)?.time ?? 0;
    const ago = shown === undefined ? 0 : end - shown;
    this.#canvas.setAttribute('aria-valuemin', `${-Math.round((end - (moments[0]?.time ?? end)) / 1000)}`);
    this.#canvas.setAttribute('aria-valuemax', '0');
    this.#canvas.setAttribute('aria-valuenow', `${-Math.round(ago / 1000)}`);
    this.#canvas.setAttribute('aria-valuetext', shown === undefined ? l10n.t('now') : agoWords(ago));
    this.#draw(state);
  }

  #draw({ moments, kinds, theme, shown, mark }: TimelineState): void {
    const context = prepared(this.#canvas);
    if (!context) {
      return;
    }
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    context.clearRect(0, 0, width, height);
    const used = moments.map(({ counts }) => usedPages(counts, kinds));
    const least = Math.min(...used);
    const most = Math.max(...used, least + 1);
    const { begin, end } = this.#span();
    const xOf = (time: number): number => ((time - begin) / (end - begin)) * width;
    const yOf = (pages: number): number => height - 3 - ((pages - least) / (most - least)) * (height - 8);
    context.beginPath();
    context.moveTo(xOf(moments[0]?.time ?? begin), height);
    moments.forEach(({ time }, index) => {
      context.lineTo(xOf(time), yOf(used[index - 1] ?? used[index] ?? 0));
      context.lineTo(xOf(time), yOf(used[index] ?? 0));
    });
    context.lineTo(width, yOf(used.at(-1) ?? 0));
    context.lineTo(width, height);
    context.fillStyle = cssOf('pool', theme);
    context.globalAlpha = 0.35;
    context.fill();
    context.globalAlpha = 1;
    this.#labels(context, { begin, end, used: used.at(-1) ?? 0 }, theme);
    this.#line(context, mark === undefined ? undefined : xOf(mark), theme.mark, height);
    this.#line(context, shown === undefined ? width - 1 : xOf(shown), theme.foreground, height);
  }

  /** From when to when, and how much now. */
  #labels(
    context: CanvasRenderingContext2D,
    { begin, end, used }: { begin: number; end: number; used: number },
    theme: Theme,
  ): void {
    const { clientWidth: width } = this.#canvas;
    context.font = '10px sans-serif';
    context.fillStyle = theme.muted;
    context.textBaseline = 'top';
    context.fillText(agoWords(end - begin), 2, 2);
    const now = pageCount(used);
    context.fillText(now, width - context.measureText(now).width - 6, 2);
  }

  #line(context: CanvasRenderingContext2D, x: number | undefined, colour: string, height: number): void {
    if (x !== undefined) {
      context.fillStyle = colour;
      context.fillRect(Math.round(x) - 1, 0, 2, height);
    }
  }

  #span(): { begin: number; end: number } {
    const moments = this.#state?.moments ?? [];
    const end = moments.at(-1)?.time ?? 0;
    return { begin: Math.min(moments[0]?.time ?? end, end - SHORTEST), end };
  }

  #timeAt(x: number): number | undefined {
    const { begin, end } = this.#span();
    const share = Math.max(0, Math.min(1, x / Math.max(1, this.#canvas.clientWidth)));
    return share > 0.99 ? undefined : Math.max(begin + share * (end - begin), this.#state?.moments[0]?.time ?? begin);
  }
}

/** Pages in use, of `counts` by kind. */
export function usedPages(counts: Uint32Array, kinds: readonly string[]): number {
  let used = 0;
  for (let kind = 0; kind < kinds.length; kind++) {
    if (!UNUSED.includes(kinds[kind] ?? '')) {
      used += counts[kind] ?? 0;
    }
  }
  return used;
}
