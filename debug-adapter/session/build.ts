/** Builds the kernel before it boots. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LastWill } from '../machine/last-will.ts';
import { findProgram } from '../machine/programs.ts';
import { patience } from '../patience.ts';
import type { OsvBuild } from '../protocol.ts';
import type { KernelChoice, KernelTree } from './kernel-tree.ts';
import { osvBuildCommand } from './osv-tree.ts';

export interface BuildOptions {
  choice: KernelChoice;
  /** The user's own command; undefined: the tree's, `[]`: none. */
  command: string[] | undefined;
  /** What to build in an OSv tree. */
  osv?: OsvBuild | undefined;
  environment: Record<string, string>;
  cwd: string;
  output(text: string): void;
  signal: AbortSignal;
}

/** Resolves when the kernel is up to date. Rejects with one sentence that holds the first error. */
export async function build(options: BuildOptions): Promise<void> {
  const { choice, command, cwd } = options;
  if (command) {
    if (command.length > 0) {
      await run(command, cwd, options);
    }
  } else if (choice.tree?.name === 'osv') {
    await buildOsv(choice.tree, choice.elf, options);
  } else if (choice.tree) {
    await buildTree(choice.tree, choice.elf, options);
  }
}

/** Its scripts/build knows what is up to date, but takes seconds to say so: it is run only with what the user chose. */
async function buildOsv(tree: KernelTree, elf: string, options: BuildOptions): Promise<void> {
  const chosen = osvBuildCommand(options.osv);
  if (chosen) {
    await run(chosen, tree.folder, options);
  } else if (!existsSync(elf)) {
    throw new Error(
      `The OSv tree in ${tree.folder} is not built: say what to build in "osv" (such as { "image": "native-example", "fs": "rofs" }), or run its scripts/build.`,
    );
  }
}

async function buildTree(tree: KernelTree, elf: string, options: BuildOptions): Promise<void> {
  const stamp = join(tree.buildFolder, '.unikernel-built');
  if (isUpToDate(tree, elf, stamp)) {
    return;
  }
  // Before the clock is read: a new folder makes the tree's own newer. Times of files are finer than ours.
  mkdirSync(tree.buildFolder, { recursive: true });
  const begun = new Date(Date.now() + 1);
  if (!existsSync(join(tree.buildFolder, 'build.ninja'))) {
    await run(['cmake', '--preset', 'debug'], tree.folder, options);
  }
  await run(['cmake', '--build', '--preset', 'debug', '--target', 'sprout.elf'], tree.folder, options);
  // What changed while it was built is newer than this.
  writeFileSync(stamp, '');
  utimesSync(stamp, begun, begun);
}

/**
 * Whether nothing in the tree is newer than the last build of ours: a few hundred stats instead of two processes. Folders count, so
 * that a new or deleted file does too.
 */
function isUpToDate(tree: KernelTree, elf: string, stamp: string): boolean {
  const built = modified(stamp);
  return built !== undefined && modified(elf) !== undefined && newestIn(tree.folder) < built;
}

function newestIn(folder: string): number {
  let newest = modified(folder) ?? Number.POSITIVE_INFINITY;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'build' || entry.name.startsWith('.')) {
      continue;
    }
    const path = join(folder, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestIn(path) : (modified(path) ?? Number.POSITIVE_INFINITY));
  }
  return newest;
}

function modified(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/** Lines of output that are kept for the sentence of a failure. */
const KEPT_LINES = 200;
/** How long a cancelled build may take to end, in milliseconds. */
const END_TIME_LIMIT = 1000;

async function run(command: string[], cwd: string, options: BuildOptions): Promise<void> {
  const [name = '', ...parameters] = command;
  const environment = { ...process.env, ...options.environment };
  const program = findProgram(name, cwd, environment.PATH);
  options.output(`> ${command.join(' ')}\n`);
  // A group of its own: what it started ends with it.
  const child = spawn(program, parameters, {
    cwd,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const lines: string[] = [];
  const take = (text: string): void => {
    options.output(text);
    lines.push(...text.split('\n').filter((line) => line.trim() !== ''));
    lines.splice(0, lines.length - KEPT_LINES);
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', take);
  }
  // ninja puts each compiler into a group of its own, and ends them when it is asked to end.
  const will = new LastWill('kill -s TERM -- "-$1"; sleep 1; kill -s KILL -- "-$1"', `${child.pid ?? 0}`);
  try {
    const outcome = await Promise.race([outcomeOf(child), endedBy(options.signal, child)]);
    if (options.signal.aborted) {
      throw new Error('The build was cancelled.');
    }
    if (outcome !== undefined) {
      throw new Error(`The build failed (${name}: ${outcome})${firstError(lines)}`);
    }
  } finally {
    will.revoke();
  }
}

/** Undefined for success. Waits until the output is read. */
function outcomeOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
}

/** gcc's, clang's and ld's first error, else the last line. */
function firstError(lines: string[]): string {
  const found =
    lines.find((line) => /\berror\b\s*:|\bCMake Error\b|undefined reference|^make.*\*\*\*/i.test(line)) ?? lines.at(-1);
  const text = found?.trim();
  return text ? `: ${text.length > 300 ? `${text.slice(0, 299)}…` : text}` : '.';
}

/** Ends the build and what it started when it is cancelled; resolves when that is done. */
async function endedBy(signal: AbortSignal, child: ChildProcess): Promise<string> {
  if (!signal.aborted) {
    await once(signal, 'abort');
  }
  signalGroup(child, 'SIGTERM');
  await Promise.race([outcomeOf(child), patience(END_TIME_LIMIT)]);
  signalGroup(child, 'SIGKILL');
  return 'cancelled';
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) {
      process.kill(-child.pid, signal);
    }
  } catch {
    // Nobody of it is left.
  }
}
