import type { Packed } from './colours.ts';

/** The map as a picture of one pixel a page: only rows that changed are handed to the browser. */
export class Raster {
  readonly canvas = document.createElement('canvas');
  #image = new ImageData(1, 1);
  #pixels = new Uint32Array(1);
  #columns = 1;
  #dirtyFrom = 0;
  #dirtyTo = 0;

  get columns(): number {
    return this.#columns;
  }

  resize(total: number, columns: number): void {
    const rows = Math.max(1, Math.ceil(total / columns));
    this.#columns = columns;
    this.canvas.width = columns;
    this.canvas.height = rows;
    this.#image = new ImageData(columns, rows);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
    this.#dirtyFrom = 0;
    this.#dirtyTo = rows;
  }

  /** Colours `count` frames from `start` on. */
  paint(start: number, count: number, colour: (frame: number) => Packed): void {
    const end = Math.min(start + count, this.#pixels.length);
    if (end <= start) {
      return;
    }
    for (let frame = start; frame < end; frame++) {
      this.#pixels[frame] = colour(frame);
    }
    this.#dirtyFrom = Math.min(this.#dirtyFrom, Math.floor(start / this.#columns));
    this.#dirtyTo = Math.max(this.#dirtyTo, Math.floor((end - 1) / this.#columns) + 1);
  }

  flush(): void {
    const rows = this.#dirtyTo - this.#dirtyFrom;
    if (rows > 0) {
      this.canvas.getContext('2d')?.putImageData(this.#image, 0, 0, 0, this.#dirtyFrom, this.#columns, rows);
    }
    this.#dirtyFrom = this.canvas.height;
    this.#dirtyTo = 0;
  }
}
