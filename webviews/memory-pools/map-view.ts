/** The map's canvas: draws it, moves over it by mouse and keys, and says which page is meant. */
import { fitted, prepared } from '../dom.ts';
import { inkOn, type Theme } from './colours.ts';
import { drawObjects, type ObjectLook, objectBeside, offsetAt } from './objects.ts';
import type { PageState } from './page-map.ts';
import type { Raster } from './raster.ts';
import { objectAt, type Slab } from './slabs.ts';
import {
  closeUp,
  columnsFor,
  frameAt,
  reveal,
  type Size,
  type Viewport,
  viewportOfAll,
  visible,
  zoom,
} from './viewport.ts';
import { kindLetters, kindName } from './words.ts';

const ZOOM_STEP = 1.4;
/** From these sizes of a cell on, in CSS pixels, pages have borders, letters, names, objects. */
const BORDERED = 9;
const LETTERED = 15;
const NAMED = 44;
export const WITH_OBJECTS = 72;
/** Cells that are drawn one by one at most. */
const MOST_CELLS = 20_000;

/** What the view shows; the owner sets it and asks for a repaint. */
export interface Shown {
  total: number;
  theme: Theme;
  state(frame: number): PageState;
  /** The slab of a page of a pool, where it is known. */
  slab(frame: number): Slab | undefined;
  look: ObjectLook;
}

export interface MapEvents {
  /** The page under the pointer or the cursor, and the byte in it. */
  pointed(frame: number, offset: number): void;
  opened(frame: number, offset: number): void;
  /** The columns changed: the raster is to be laid out anew. */
  arranged(columns: number): void;
  /** What is in sight changed. */
  moved(): void;
}

export class MapView {
  readonly #canvas: HTMLCanvasElement;
  readonly #raster: Raster;
  readonly #events: MapEvents;
  #shown: Shown | undefined;
  #columns = 8;
  #whole: Viewport = { scale: 1, x: 0, y: 0 };
  #view: Viewport = { scale: 1, x: 0, y: 0 };
  #showsAll = true;
  #cursor = 0;
  /** The byte of the page that is meant, by the pointer or by keys. */
  #meant: { frame: number; offset: number } | undefined;
  #dragged: { x: number; y: number; moved: boolean } | undefined;

  constructor(canvas: HTMLCanvasElement, raster: Raster, events: MapEvents) {
    this.#canvas = canvas;
    this.#raster = raster;
    this.#events = events;
    canvas.addEventListener('pointerdown', (event) => this.#down(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    canvas.addEventListener('pointerup', (event) => this.#up(event));
    canvas.addEventListener('pointercancel', () => {
      this.#dragged = undefined;
    });
    canvas.addEventListener('dblclick', ({ offsetX, offsetY }) => this.#zoomInto(offsetX, offsetY));
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener('keydown', (event) => {
      if (this.#key(event)) {
        event.preventDefault();
      }
    });
  }

  get cursor(): number {
    return this.#cursor;
  }

  /** CSS pixels a page. */
  get scale(): number {
    return this.#view.scale;
  }

  show(shown: Shown): void {
    const isOther = this.#shown?.total !== shown.total;
    this.#shown = shown;
    if (isOther) {
      this.#cursor = Math.min(this.#cursor, Math.max(0, shown.total - 1));
      this.arrange();
    }
  }

  /** Fits the map to the canvas's size. */
  arrange(): void {
    const total = this.#shown?.total ?? 0;
    // Hidden: it comes back as it was.
    if (this.#size.width === 0) {
      return;
    }
    const columns = columnsFor(total, this.#size);
    if (columns !== this.#columns || this.#raster.columns !== columns) {
      this.#columns = columns;
      this.#showsAll = true;
      this.#events.arranged(columns);
    }
    this.#whole = viewportOfAll(total, columns, this.#size);
    if (this.#showsAll || this.#view.scale <= this.#whole.scale) {
      this.#set(this.#whole, true);
    }
  }

  showAll(): void {
    this.#set(this.#whole, true);
  }

  magnify(isLarger: boolean, at = { x: this.#size.width / 2, y: this.#size.height / 2 }): void {
    const view = zoom(this.#view, isLarger ? ZOOM_STEP : 1 / ZOOM_STEP, at, this.#whole);
    this.#set(view, view === this.#whole);
  }

  /** Puts the cursor on a page, in sight, and on a byte of it. */
  choose(frame: number, offset = 0): void {
    const total = this.#shown?.total ?? 0;
    this.#cursor = Math.max(0, Math.min(total - 1, frame));
    this.#set(reveal(this.#view, this.#cursor, this.#columns, this.#size), this.#showsAll);
    this.#point(this.#cursor, offset);
  }

  /** Shows a page large, with the cursor on a byte of it. */
  goTo(frame: number, offset: number): void {
    this.#cursor = frame;
    this.#set(closeUp(frame, this.#columns, this.#size), false);
    this.#point(frame, offset);
  }

  /** Frames in sight, when they are few enough to be looked at one by one. */
  inSight(most: number): number[] {
    const frames: number[] = [];
    this.#eachVisible((frame) => frames.push(frame), most);
    return frames;
  }

  draw(): void {
    const context = prepared(this.#canvas);
    if (!context || !this.#shown) {
      return;
    }
    const { width, height } = this.#size;
    const { theme } = this.#shown;
    const { scale, x, y } = this.#view;
    context.fillStyle = theme.background;
    context.fillRect(0, 0, width, height);
    context.imageSmoothingEnabled = scale < 1;
    const { canvas } = this.#raster;
    context.drawImage(canvas, x, y, canvas.width * scale, canvas.height * scale);
    if (scale >= BORDERED) {
      this.#drawCells(context);
    }
    this.#drawCursor(context);
  }

  #drawCells(context: CanvasRenderingContext2D): void {
    const shown = this.#shown as Shown;
    const { scale } = this.#view;
    this.#eachVisible((frame, x, y) => {
      context.strokeStyle = shown.theme.background;
      context.lineWidth = 1;
      context.strokeRect(x + 0.5, y + 0.5, scale - 1, scale - 1);
      const slab = scale >= WITH_OBJECTS ? shown.slab(frame) : undefined;
      if (slab) {
        const meant = this.#meant?.frame === frame ? objectAt(slab, frame, this.#meant.offset) : undefined;
        drawObjects(context, slab, frame, { x, y, scale }, shown.theme, shown.look, meant);
      } else if (scale >= LETTERED) {
        this.#name(context, frame, x, y);
      }
    }, MOST_CELLS);
  }

  /** Colour alone tells nobody everything. */
  #name(context: CanvasRenderingContext2D, frame: number, x: number, y: number): void {
    const { state, theme } = this.#shown as Shown;
    const { scale } = this.#view;
    const { kind, objectSize } = state(frame);
    const name = objectSize === undefined ? kindName(kind) : `${objectSize} B`;
    context.font = `${Math.min(12, Math.max(8, Math.round(scale / 2)))}px sans-serif`;
    context.fillStyle = kind === 'pool' || kind === 'cached' ? theme.foreground : inkOn(kind, theme);
    const text = scale >= NAMED ? fitted(context, name, scale - 8) : kindLetters(kind);
    // Where a page begins beyond the edge its name stands at the edge.
    context.fillText(text, Math.max(x, 0) + 4, Math.max(y, 0) + (scale >= NAMED ? 14 : scale * 0.7));
  }

  #drawCursor(context: CanvasRenderingContext2D): void {
    if (document.activeElement !== this.#canvas) {
      return;
    }
    const { scale, x, y } = this.#view;
    const side = Math.max(6, scale);
    const left = x + ((this.#cursor % this.#columns) + 0.5) * scale - side / 2;
    const top = y + (Math.floor(this.#cursor / this.#columns) + 0.5) * scale - side / 2;
    context.strokeStyle = this.#shown?.theme.focus ?? '';
    context.lineWidth = 2;
    context.strokeRect(left, top, side, side);
  }

  /** Nothing at all when more than `most` are in sight. */
  #eachVisible(see: (frame: number, x: number, y: number) => void, most: number): void {
    const total = this.#shown?.total ?? 0;
    const { left, right, top, bottom } = visible(this.#view, total, this.#columns, this.#size);
    if ((right - left) * (bottom - top) > most) {
      return;
    }
    const { scale, x, y } = this.#view;
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        const frame = row * this.#columns + column;
        if (frame < total) {
          see(frame, x + column * scale, y + row * scale);
        }
      }
    }
  }

  get #size(): Size {
    return { width: this.#canvas.clientWidth, height: this.#canvas.clientHeight };
  }

  #set(view: Viewport, showsAll: boolean): void {
    this.#view = view;
    this.#showsAll = showsAll;
    this.#events.moved();
  }

  #point(frame: number, offset: number): void {
    this.#meant = { frame, offset };
    this.#events.pointed(frame, offset);
  }

  #at(x: number, y: number): { frame: number; offset: number } | undefined {
    const found = frameAt(this.#view, this.#shown?.total ?? 0, this.#columns, { x, y });
    const offset = found && this.#view.scale >= WITH_OBJECTS ? offsetAt(found.x, found.y) : 0;
    return found && { frame: found.frame, offset };
  }

  #down({ offsetX: x, offsetY: y, pointerId }: PointerEvent): void {
    this.#canvas.setPointerCapture(pointerId);
    this.#canvas.focus();
    this.#dragged = { x, y, moved: false };
  }

  #move({ offsetX: x, offsetY: y }: PointerEvent): void {
    const dragged = this.#dragged;
    if (dragged) {
      dragged.moved ||= Math.hypot(x - dragged.x, y - dragged.y) > 4;
      if (dragged.moved && !this.#showsAll) {
        this.#set({ scale: this.#view.scale, x: this.#view.x + x - dragged.x, y: this.#view.y + y - dragged.y }, false);
        dragged.x = x;
        dragged.y = y;
      }
      return;
    }
    const at = this.#at(x, y);
    if (at) {
      this.#point(at.frame, at.offset);
    }
  }

  #up({ offsetX: x, offsetY: y }: PointerEvent): void {
    const isClick = this.#dragged && !this.#dragged.moved;
    this.#dragged = undefined;
    const at = this.#at(x, y);
    if (isClick && at) {
      this.#cursor = at.frame;
      this.#events.moved();
      this.#events.opened(at.frame, at.offset);
    }
  }

  #zoomInto(x: number, y: number): void {
    const at = this.#at(x, y);
    if (at) {
      this.goTo(at.frame, at.offset);
    }
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const factor = Math.exp(-event.deltaY / 300);
    const view = zoom(this.#view, factor, { x: event.offsetX, y: event.offsetY }, this.#whole);
    this.#set(view, view === this.#whole);
  }

  /** To the next page in this direction that is something else. */
  #chooseOther(step: 1 | -1): void {
    const { total, state } = this.#shown as Shown;
    const name = (frame: number): string => `${state(frame).kind} ${state(frame).objectSize}`;
    const current = name(this.#cursor);
    let frame = this.#cursor;
    while (frame >= 0 && frame < total && name(frame) === current) {
      frame += step;
    }
    this.choose(frame);
  }

  /** To the next object of the slab under the cursor, where it is known. */
  #chooseObject(step: 1 | -1): void {
    const slab = this.#shown?.slab(this.#cursor);
    if (slab) {
      const offset = this.#meant?.frame === this.#cursor ? this.#meant.offset : 0;
      const next = objectBeside(slab, this.#cursor, offset, step);
      this.choose(next.frame, next.offset);
    }
  }

  #key({ key }: KeyboardEvent): boolean {
    const steps: Record<string, number> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: this.#columns,
      ArrowUp: -this.#columns,
      PageDown: this.#columns * 16,
      PageUp: -this.#columns * 16,
    };
    const step = steps[key];
    if (step !== undefined) {
      this.choose(this.#cursor + step);
    } else if (key === 'Home') {
      this.choose(0);
    } else if (key === 'End') {
      this.choose((this.#shown?.total ?? 1) - 1);
    } else if (key === 'Enter') {
      if (this.#view.scale >= WITH_OBJECTS) {
        this.#events.opened(this.#cursor, this.#meant?.frame === this.#cursor ? this.#meant.offset : 0);
      } else {
        this.goTo(this.#cursor, 0);
      }
    } else if (key === 'o' || key === 'O') {
      this.#chooseObject(key === 'o' ? 1 : -1);
    } else if (key === 'n' || key === 'N') {
      this.#chooseOther(key === 'n' ? 1 : -1);
    } else if (key === 'Escape' || key === '0') {
      this.showAll();
    } else if (key === '+' || key === '=') {
      this.magnify(true);
    } else if (key === '-') {
      this.magnify(false);
    } else {
      return false;
    }
    return true;
  }
}
