import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A private folder (0700) for the sockets of one boot. It vanishes with this process, however that ends: a small watcher, in a
 * process group of its own, waits for the end of a pipe that only we hold open, then removes the folder.
 */
export class RuntimeFolder {
  readonly path: string;
  readonly #watcher: ChildProcess;
  #disposed = false;

  constructor() {
    // mkdtemp makes it 0700. A unix socket's path has 108 bytes at most, so a long TMPDIR is no place for it.
    const base = [process.env.XDG_RUNTIME_DIR, tmpdir()].find((folder) => isUsable(folder)) ?? '/tmp';
    this.path = makeFolder(base);
    // The script is ours and constant; the folder is an argument that the shell does not read.
    this.#watcher = spawn('/bin/sh', ['-c', 'read -r line; rm -rf -- "$1"', 'unikernel-watcher', this.path], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#watcher.on('error', () => undefined);
    this.#watcher.stdin?.on('error', () => undefined);
    this.#watcher.unref();
  }

  /** The path of a file in it. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Removes the folder now. Idempotent. */
  dispose(): void {
    if (!this.#disposed) {
      this.#disposed = true;
      rmSync(this.path, { recursive: true, force: true });
      this.#watcher.stdin?.end();
    }
  }
}

const LONGEST_BASE = 60;

function isUsable(folder: string | undefined): folder is string {
  return folder?.startsWith('/') === true && folder.length <= LONGEST_BASE;
}

function makeFolder(base: string): string {
  try {
    return mkdtempSync(join(base, 'unikernel-'));
  } catch {
    return mkdtempSync('/tmp/unikernel-');
  }
}
