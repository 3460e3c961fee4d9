/** Accounts of builds on disk, by what the file holds: a build that was read once opens at once, and the build before it can be told. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { SizeModel } from './model.ts';

/** Part of the name: another form of the account is another file. */
const VERSION = 1;
/** The oldest beyond these are removed. */
const KEPT = 12;

/** Where the terminal client keeps accounts: `$XDG_CACHE_HOME` or `~/.cache`. */
export function defaultCacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'unikernel-workbench', 'sizes');
}

/** The kept account; undefined when there is none that can be read. */
export function loadModel(directory: string, key: string): SizeModel | undefined {
  const file = fileOf(directory, key);
  try {
    const model: SizeModel = deserialize(readFileSync(file));
    if (model.key !== key) {
      return undefined;
    }
    const now = new Date();
    utimesSync(file, now, now);
    return model;
  } catch {
    return undefined;
  }
}

/** Keeps an account. A cache that cannot be written is no error: the next one reads the file again. */
export function saveModel(directory: string, model: SizeModel): void {
  const file = fileOf(directory, model.key);
  const temporary = `${file}.${process.pid}.${Date.now()}`;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(temporary, serialize(model), { mode: 0o600 });
    renameSync(temporary, file);
    prune(directory);
  } catch {
    rmSync(temporary, { force: true });
  }
}

function prune(directory: string): void {
  const files = readdirSync(directory)
    .filter((name) => name.endsWith('.sizes'))
    .map((name) => ({ file: join(directory, name), used: statSync(join(directory, name)).mtimeMs }))
    .sort((a, b) => b.used - a.used);
  for (const { file } of files.slice(KEPT)) {
    rmSync(file, { force: true });
  }
}

function fileOf(directory: string, key: string): string {
  return join(directory, `${key}-${VERSION}.sizes`);
}

/** Which builds of a file were seen, the latest first. */
interface Builds {
  keys: string[];
}

/** Notes that `path` holds the build `key` now. */
export function rememberBuild(directory: string, path: string, key: string): void {
  const keys = [key, ...readBuilds(directory, path).keys.filter((other) => other !== key)].slice(0, KEPT);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(buildsFile(directory, path), JSON.stringify({ keys } satisfies Builds), { mode: 0o600 });
  } catch {
    // As with the accounts: the next one knows no build before.
  }
}

/** The account of the build that `path` held before the build `key`; undefined when none is kept. */
export function previousModel(directory: string, path: string, key: string): SizeModel | undefined {
  for (const other of readBuilds(directory, path).keys) {
    const model = other === key ? undefined : loadModel(directory, other);
    if (model) {
      return model;
    }
  }
  return undefined;
}

function readBuilds(directory: string, path: string): Builds {
  try {
    const builds: Partial<Builds> = JSON.parse(readFileSync(buildsFile(directory, path), 'utf8'));
    return { keys: Array.isArray(builds.keys) ? builds.keys.filter((key) => /^[0-9a-f]{32}$/.test(String(key))) : [] };
  } catch {
    return { keys: [] };
  }
}

function buildsFile(directory: string, path: string): string {
  return join(directory, `builds-${createHash('sha256').update(path).digest('hex').slice(0, 24)}.json`);
}
