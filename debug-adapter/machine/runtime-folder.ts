import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LastWill } from './last-will.ts';

/**
 * A private folder (0700) for the sockets of one boot. It vanishes with this process, however that ends.
 */
export class RuntimeFolder {
  readonly path: string;
  readonly #will: LastWill;
  #disposed = false;

  constructor() {
    // mkdtemp makes it 0700. A unix socket's path has 108 bytes at most, so a long TMPDIR is no place for it.
    const base = [process.env.XDG_RUNTIME_DIR, tmpdir()].find((folder) => isUsable(folder)) ?? '/tmp';
    this.path = makeFolder(base);
    this.#will = new LastWill('rm -rf -- "$1"', this.path);
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
      this.#will.execute();
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
