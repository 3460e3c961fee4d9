/** What the host's files are: looked up in the background, remembered, so that every feature answers from memory. Reads only. */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export type HostFact = { kind: 'file'; size: number } | { kind: 'folder' } | { kind: 'missing' };

/** Every file below a folder, as `**` takes them: links to folders are not followed. */
export interface HostTree {
  /** Bytes by the path below the folder. */
  files: ReadonlyMap<string, number>;
  folders: ReadonlySet<string>;
  bytes: number;
  /** There are more files than are looked at. */
  isCut: boolean;
}

const MAX_TREE_FILES = 50_000;
const MAX_TREE_DEPTH = 64;
const MAX_REMEMBERED = 200_000;
const PARALLEL = 32;

interface Remembered<T> {
  value: T;
  /** `performance.now()` of the look. */
  time: number;
}

const MISSING: HostFact = { kind: 'missing' };
const FOLDER: HostFact = { kind: 'folder' };

export class HostFiles {
  readonly #facts = new Map<string, Remembered<HostFact>>();
  readonly #trees = new Map<string, Remembered<HostTree>>();

  /** What is remembered of an absolute path; undefined when nobody looked yet. */
  fact(path: string): HostFact | undefined {
    return this.#facts.get(path)?.value;
  }

  /** What is remembered of a folder's files. */
  tree(path: string): HostTree | undefined {
    return this.#trees.get(path)?.value;
  }

  /** Looks at each path that is not remembered, or for longer than `maxAgeMs`. Resolves to whether anything is new. */
  async load(paths: Iterable<string>, trees: Iterable<string>, maxAgeMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    const start = performance.now();
    const isOld = (one: Remembered<unknown> | undefined) => !one || start - one.time > maxAgeMs;
    if (this.#facts.size > MAX_REMEMBERED) {
      this.#facts.clear();
    }
    let isNew = false;
    const wanted = [...new Set(paths)].filter((path) => isOld(this.#facts.get(path)));
    await inParallel(wanted, async (path) => {
      const value = await look(path);
      isNew ||= !isEqual(this.#facts.get(path)?.value, value);
      this.#facts.set(path, { value, time: performance.now() });
    });
    const wantedTrees = [...new Set(trees)].filter((path) => isOld(this.#trees.get(path)));
    for (const path of wantedTrees) {
      const value = await walk(path);
      const before = this.#trees.get(path)?.value;
      isNew ||= before?.bytes !== value.bytes || before.files.size !== value.files.size;
      this.#trees.set(path, { value, time: performance.now() });
    }
    return isNew;
  }
}

function isEqual(a: HostFact | undefined, b: HostFact): boolean {
  return a?.kind === b.kind && (a.kind !== 'file' || b.kind !== 'file' || a.size === b.size);
}

async function look(path: string): Promise<HostFact> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? FOLDER : { kind: 'file', size: found.size };
  } catch {
    return MISSING;
  }
}

async function inParallel<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) {
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, worker));
}

async function walk(root: string): Promise<HostTree> {
  const files = new Map<string, number>();
  const folders = new Set<string>();
  let bytes = 0;
  let isCut = false;
  const visit = async (below: string, depth: number): Promise<void> => {
    const entries: Dirent[] = await readdir(join(root, below), { withFileTypes: true }).catch(() => []);
    const names: string[] = [];
    for (const entry of entries) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) {
        folders.add(path);
        if (depth < MAX_TREE_DEPTH && !isCut) {
          await visit(path, depth + 1);
        }
      } else {
        names.push(path);
      }
    }
    await inParallel(names, async (path) => {
      if (files.size >= MAX_TREE_FILES) {
        isCut = true;
        return;
      }
      const fact = await look(join(root, path));
      if (fact.kind !== 'folder') {
        const size = fact.kind === 'file' ? fact.size : 0;
        files.set(path, size);
        bytes += size;
      }
    });
  };
  await visit('', 0);
  return { files, folders, bytes, isCut };
}

/**
 * The entries of a folder for completion, at most `limit`; empty when it cannot be read. Where that cuts some off, those are left that
 * begin with what was `typed`, then those that hold it.
 */
export async function listFolder(
  path: string,
  limit: number,
  typed = '',
): Promise<{ entries: Dirent[]; isCut: boolean }> {
  const entries = await readdir(path, { withFileTypes: true }).catch((): Dirent[] => []);
  if (entries.length <= limit) {
    return { entries, isCut: false };
  }
  const wanted = typed.toLowerCase();
  const ranks: [Dirent[], Dirent[], Dirent[]] = [[], [], []];
  for (const entry of entries) {
    const at = entry.name.toLowerCase().indexOf(wanted);
    ranks[at === 0 ? 0 : at > 0 ? 1 : 2].push(entry);
  }
  return { entries: ranks.flat().slice(0, limit), isCut: true };
}

/** `1.5 MiB`, `12 B`. */
export function bytesText(bytes: number): string {
  if (bytes < 1024) {
    return `${bytes} B`;
  }
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1023.95 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}
