/** Stack frames from gcc's `-fstack-usage` files, and the deepest chain of calls where calls are known. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { StackUse } from './messages.ts';
import type { SizeItem, SizeModel } from './model.ts';
import type { References } from './references.ts';

/** One line of a `.su` file. */
interface Frame {
  file: string;
  line: number;
  name: string;
  bytes: number;
  isDynamic: boolean;
}

const DEEPEST_FOLDER = 10;
const MOST_FILES = 20_000;

/** Frames of the functions of `model`, the deepest first. `references` is asked when there are any; it may throw. */
export function stackUses(
  model: SizeModel,
  references: () => Pick<References, 'calledBy'>,
): { rows: StackUse[]; notes: string[] } {
  const frames = readFrames(dirname(model.path));
  if (frames.length === 0) {
    throw new Error(`No stack usage files (.su) are beside ${model.path}: compile with -fstack-usage.`);
  }
  const own = matchFrames(model, frames);
  const notes: string[] = [];
  let calls: Pick<References, 'calledBy'> | undefined;
  try {
    calls = references();
    notes.push('Calls through pointers are not known: chains end there.');
  } catch (error) {
    notes.push(`Frames alone are told, no chains of calls. ${error instanceof Error ? error.message : error}`);
  }
  const worst = new WorstCase(own, calls);
  const rows = [...own.keys()].map((item) => worst.of(item));
  rows.sort((a, b) => (b.worst ?? b.frame) - (a.worst ?? a.frame));
  return { rows, notes };
}

function readFrames(folder: string): Frame[] {
  const frames: Frame[] = [];
  let files = 0;
  const walk = (directory: string, depth: number): void => {
    let entries: import('node:fs').Dirent[];
    try {
      entries = readdirSync(directory, { withFileTypes: true });
    } catch {
      return;
    }
    for (const entry of entries) {
      if (
        entry.isDirectory() &&
        depth < DEEPEST_FOLDER &&
        entry.name !== 'node_modules' &&
        !entry.name.startsWith('.git')
      ) {
        walk(join(directory, entry.name), depth + 1);
      } else if (entry.isFile() && entry.name.endsWith('.su') && files < MOST_FILES) {
        files++;
        frames.push(...parseFrames(readFileSync(join(directory, entry.name), 'utf8')));
      }
    }
  };
  walk(folder, 0);
  return frames;
}

/** Lines `file:line:column:name<TAB>bytes<TAB>static|dynamic[,bounded]`. */
export function parseFrames(text: string): Frame[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(.*?):(\d+):(?:(\d+):)?(.*)\t(\d+)\t(\S+)$/.exec(line);
    return match
      ? [
          {
            file: match[1] ?? '',
            line: Number(match[2]),
            name: match[4] ?? '',
            bytes: Number(match[5]),
            isDynamic: match[6] === 'dynamic',
          },
        ]
      : [];
  });
}

/** By source file and line; where several functions share a line, by name. */
function matchFrames(model: SizeModel, frames: Frame[]): Map<SizeItem, Frame> {
  const byPlace = new Map<string, Frame[]>();
  for (const frame of frames) {
    const key = `${basename(frame.file)}:${frame.line}`;
    const others = byPlace.get(key);
    if (others) {
      others.push(frame);
    } else {
      byPlace.set(key, [frame]);
    }
  }
  const result = new Map<SizeItem, Frame>();
  for (const item of model.items) {
    const { definition } = item;
    if (item.kind !== 'function' || !definition) {
      continue;
    }
    const all = byPlace.get(`${basename(definition.file)}:${definition.line}`) ?? [];
    const bare = bareName(item.name);
    const found = all.find((frame) => bareName(frame.name) === bare) ?? (all.length === 1 ? all[0] : undefined);
    if (found) {
      result.set(item, found);
    }
  }
  return result;
}

/** The last word before the parameters. */
function bareName(name: string): string {
  return /([\w~]+)\s*(?:<[^(]*>)?\s*(?:\(|$)/.exec(name)?.[1] ?? name;
}

class WorstCase {
  readonly #own: Map<SizeItem, Frame>;
  readonly #calls: Pick<References, 'calledBy'> | undefined;
  readonly #known = new Map<SizeItem, { bytes: number; next: SizeItem | undefined; isRecursive: boolean }>();
  readonly #open = new Set<SizeItem>();

  constructor(own: Map<SizeItem, Frame>, calls: Pick<References, 'calledBy'> | undefined) {
    this.#own = own;
    this.#calls = calls;
  }

  of(item: SizeItem): StackUse {
    const frame = this.#own.get(item);
    const deepest = this.#calls && this.#deepest(item);
    const chain: string[] = [];
    for (let at: SizeItem | undefined = item; at && chain.length < 100; at = this.#known.get(at)?.next) {
      chain.push(at.name);
    }
    return {
      item,
      frame: frame?.bytes ?? 0,
      isDynamic: frame?.isDynamic ?? false,
      ...(deepest && !deepest.isRecursive && { worst: deepest.bytes }),
      chain: deepest ? chain : [item.name],
      isRecursive: deepest?.isRecursive ?? false,
    };
  }

  #deepest(item: SizeItem): { bytes: number; next: SizeItem | undefined; isRecursive: boolean } {
    const known = this.#known.get(item);
    if (known) {
      return known;
    }
    const frame = this.#own.get(item)?.bytes ?? 0;
    this.#open.add(item);
    let next: SizeItem | undefined;
    let below = 0;
    let isRecursive = false;
    for (const called of this.#calls?.calledBy(item) ?? []) {
      if (this.#open.has(called)) {
        isRecursive = true;
        continue;
      }
      const its = this.#deepest(called);
      isRecursive ||= its.isRecursive;
      // The return address, which no frame counts.
      if (its.bytes + 8 > below) {
        below = its.bytes + 8;
        next = called;
      }
    }
    this.#open.delete(item);
    const result = { bytes: frame + below, next, isRecursive };
    this.#known.set(item, result);
    return result;
  }
}
