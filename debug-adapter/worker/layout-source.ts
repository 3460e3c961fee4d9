import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { LayoutFile } from '../guest/layouts.ts';

/** What to ask of a build's debug information. */
export interface LayoutRequest {
  types: readonly string[];
  variables: readonly string[];
  /** Linker names to tell in C++. */
  demangle: readonly string[];
}

export interface LayoutSourceOptions {
  elf: string;
  /** Undefined: the file was linked without one, and is told from others by all of its bytes. */
  buildId: string | undefined;
  gdb: string;
  script: string;
  cacheDirectory: string;
}

/** A cold gdb takes seconds on a big kernel; one that takes longer hangs. */
const TIME_LIMIT = 120_000;
const HASHED_AT_ONCE = 1 << 20;
const LARGEST_ANSWER = 256 << 20;

/** Layouts of one ELF: from the cache on disk when this build was asked the same before, else from a gdb without a target. */
export class LayoutSource {
  readonly #options: LayoutSourceOptions;
  #gdb: ChildProcess | undefined;
  #stopped = false;

  constructor(options: LayoutSourceOptions) {
    this.#options = options;
  }

  /** @throws Error with one sentence when gdb is missing, fails or hangs. */
  async read(request: LayoutRequest): Promise<LayoutFile> {
    const text = JSON.stringify(request);
    const file = this.#cacheFile(text);
    const cached = readCache(file);
    if (cached) {
      return cached;
    }
    const answer = await this.#ask(text);
    writeCache(file, answer);
    return JSON.parse(answer);
  }

  /** Ends a gdb that is still at work. */
  stop(): void {
    this.#stopped = true;
    this.#gdb?.kill('SIGKILL');
  }

  #cacheFile(request: string): string {
    const { elf, buildId, cacheDirectory } = this.#options;
    const identity = buildId?.slice(0, 40) ?? hashOf(elf);
    // The script is part of the question: a new one may answer otherwise.
    const hash = createHash('sha256').update(request).update(readFileSync(this.#options.script)).digest('hex');
    return join(cacheDirectory, `layouts-${identity}-${hash.slice(0, 16)}.json`);
  }

  async #ask(request: string): Promise<string> {
    const { gdb, elf, script } = this.#options;
    const settings = [
      'set debuginfod enabled off',
      'set auto-load off',
      'set confirm off',
      'set python print-stack full',
    ];
    const flags = settings.flatMap((setting) => ['-iex', setting]);
    const child = spawn(gdb, ['-nx', '-q', '--batch', ...flags, '-x', script, elf], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    });
    this.#gdb = child;
    if (this.#stopped) {
      child.kill('SIGKILL');
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), TIME_LIMIT);
    const complaints = collect(child.stdio[2] as Readable, 1 << 16);
    const answer = collect(child.stdio[4] as Readable, LARGEST_ANSWER);
    const questions = child.stdio[3] as Writable;
    // gdb may end before it has read everything; its exit tells why.
    questions.on('error', () => undefined);
    questions.end(request);
    try {
      const status = await exitOf(child, gdb);
      const text = await answer;
      if (status !== 0 || !looksWhole(text)) {
        const reason = (await complaints).trim().split('\n').at(-1) || `it ended with ${status}`;
        throw new Error(`gdb could not tell the types of ${elf}: ${reason}.`.replace(/\.\.$/, '.'));
      }
      return text;
    } finally {
      clearTimeout(timer);
      this.#gdb = undefined;
    }
  }
}

/** Some 60 ms for a kernel of 70 MB. */
function hashOf(file: string): string {
  const hash = createHash('sha1');
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.allocUnsafe(HASHED_AT_ONCE);
    for (let count = readSync(descriptor, bytes); count > 0; count = readSync(descriptor, bytes)) {
      hash.update(bytes.subarray(0, count));
    }
  } finally {
    closeSync(descriptor);
  }
  return hash.digest('hex');
}

function exitOf(child: ChildProcess, gdb: string): Promise<number | string | null> {
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(`gdb could not be started (${gdb}: ${error.code ?? error.message}); install gdb or name it.`)),
    );
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
}

/** All that a stream says, cut at `limit` characters. */
async function collect(stream: Readable, limit: number): Promise<string> {
  const parts: string[] = [];
  let length = 0;
  stream.setEncoding('utf8');
  try {
    for await (const part of stream) {
      if (length < limit) {
        parts.push(part);
        length += part.length;
      }
    }
  } catch {
    // A pipe that broke: what came so far is all there is.
  }
  return parts.join('');
}

function looksWhole(text: string): boolean {
  return text.startsWith('{') && text.endsWith('}');
}

/** Undefined when there is none, or when it is damaged. */
function readCache(file: string): LayoutFile | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isLayoutFile(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isLayoutFile(value: unknown): value is LayoutFile {
  const file = value as Partial<LayoutFile> | null;
  const isMap = (part: unknown) => typeof part === 'object' && part !== null && !Array.isArray(part);
  return (
    isMap(file) &&
    Array.isArray(file?.types) &&
    file.types.every((type) => typeof type?.kind === 'string' && typeof type.size === 'number') &&
    isMap(file.names) &&
    isMap(file.variables) &&
    isMap(file.demangled) &&
    Array.isArray(file.missing)
  );
}

/** Written aside, then renamed: readers see all of it or nothing. A cache that cannot be written is no failure. */
function writeCache(file: string, text: string): void {
  const aside = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(aside, text, { mode: 0o600 });
    renameSync(aside, file);
  } catch {
    removeQuietly(aside);
  }
}

function removeQuietly(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Its folder does not even exist.
  }
}
