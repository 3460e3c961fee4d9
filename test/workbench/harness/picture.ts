/** Makes screenshots small enough to ship: 256 colours are all that a window of VS Code needs. PNG as its specification (third edition) has it. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS = 256;
/** So many of them are there because they are frequent. */
const FREQUENT = 96;

/** The same picture with a palette. `png` is one of a browser: 8 bits a channel, RGB or RGBA, not interlaced. */
export function withPalette(png: Buffer): Buffer {
  const { width, height, pixels, channels } = decode(png);
  const counts = new Map<number, number>();
  const colours = new Uint32Array(width * height);
  for (let index = 0; index < colours.length; index++) {
    const colour = pixels.readUIntBE(index * channels, 3);
    colours[index] = colour;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const palette = choosePalette(counts);
  const places = new Map(palette.map((colour, place) => [colour, place]));
  const rows = Buffer.alloc((width + 1) * height);
  for (let index = 0; index < colours.length; index++) {
    const colour = colours[index] as number;
    let place = places.get(colour);
    if (place === undefined) {
      place = nearest(palette, colour);
      places.set(colour, place);
    }
    rows[Math.floor(index / width) * (width + 1) + 1 + (index % width)] = place;
  }
  return encode(width, height, palette, rows);
}

/** The most frequent colours, then those whose pixels would lose most: a small red dot on a dark page stays red. */
function choosePalette(counts: Map<number, number>): number[] {
  const others = [...counts].sort((a, b) => b[1] - a[1]).map(([colour, count]) => ({ colour, count, least: Infinity }));
  const palette: number[] = [];
  const take = (index: number): void => {
    const [taken] = others.splice(index, 1);
    if (taken) {
      palette.push(taken.colour);
      for (const other of others) {
        other.least = Math.min(other.least, distance(other.colour, taken.colour));
      }
    }
  };
  while (palette.length < FREQUENT && others.length > 0) {
    take(0);
  }
  while (palette.length < COLOURS && others.length > 0) {
    const losses = others.map(({ count, least }) => count * least);
    take(losses.indexOf(Math.max(...losses)));
  }
  return palette;
}

function nearest(palette: number[], colour: number): number {
  let best = 0;
  for (const place of palette.keys()) {
    if (distance(palette[place] ?? 0, colour) < distance(palette[best] ?? 0, colour)) {
      best = place;
    }
  }
  return best;
}

/** The square of how far two colours are apart. */
function distance(one: number, other: number): number {
  const red = (one >> 16) - (other >> 16);
  const green = ((one >> 8) & 0xff) - ((other >> 8) & 0xff);
  const blue = (one & 0xff) - (other & 0xff);
  return red * red + green * green + blue * blue;
}

interface Decoded {
  width: number;
  height: number;
  channels: number;
  /** `channels` bytes a pixel, row by row. */
  pixels: Buffer;
}

function decode(png: Buffer): Decoded {
  const parts: Buffer[] = [];
  for (let at = SIGNATURE.length; at < png.length; at += png.readUInt32BE(at) + 12) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') {
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
    }
  }
  const [width, height, depth, type, interlaced] = [
    png.readUInt32BE(16),
    png.readUInt32BE(20),
    png[24],
    png[25],
    png[28],
  ];
  if (depth !== 8 || (type !== 2 && type !== 6) || interlaced !== 0) {
    throw new Error(`This PNG has ${depth} bits, colour type ${type}: no screenshot of a browser.`);
  }
  const channels = type === 6 ? 4 : 3;
  return { width, height, channels, pixels: unfilter(inflateSync(Buffer.concat(parts)), width * channels, channels) };
}

/** Undoes the filter of each row (section 9.2). */
function unfilter(rows: Buffer, stride: number, channels: number): Buffer {
  const height = rows.length / (stride + 1);
  const pixels = Buffer.alloc(stride * height);
  for (let row = 0; row < height; row++) {
    const filter = rows[row * (stride + 1)] as number;
    for (let column = 0; column < stride; column++) {
      const at = row * stride + column;
      const left = column >= channels ? (pixels[at - channels] as number) : 0;
      const up = row > 0 ? (pixels[at - stride] as number) : 0;
      const corner = row > 0 && column >= channels ? (pixels[at - stride - channels] as number) : 0;
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] as number;
      pixels[at] = (rows[row * (stride + 1) + 1 + column] as number) + predicted;
    }
  }
  return pixels;
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const [a, b, c] = [left, up, corner].map((one) => Math.abs(estimate - one)) as [number, number, number];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

function encode(width: number, height: number, palette: number[], rows: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.alloc(3 * palette.length);
  for (const [place, colour] of palette.entries()) {
    colours.writeUIntBE(colour, 3 * place, 3);
  }
  const data = deflateSync(rows, { level: 9, memLevel: 9 });
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('PLTE', colours), chunk('IDAT', data), chunk('IEND')]);
}

function chunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
