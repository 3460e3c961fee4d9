/** gdb commands that a kernel's tree brings along, such as OSv's `osv info threads`: for the debug console. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ElfFile } from '../elf/elf-file.ts';
import type { Gdb } from '../gdb/gdb.ts';
import { quote } from '../gdb/records.ts';

/** Where an ELF names its scripts; each entry begins with a byte that tells its kind, 1 for Python in a file (gdb's manual). */
const SECTION = '.debug_gdb_scripts';
const PYTHON_FILE = 1;
/** How far above the ELF its tree may begin. */
const MOST_FOLDERS = 5;

const UNKNOWN = /^Undefined (\w+ )?command: /;

export class KernelScripts {
  readonly #elf: string;
  #isLoaded = false;

  constructor(elf: string) {
    this.#elf = elf;
  }

  /**
   * Runs a command of gdb's console, and resolves with what it printed. One that gdb does not know may be of the tree's scripts: they
   * are loaded then, not before. Rejects with gdb's sentence.
   * @param context MI options such as `--thread 2 --frame 0`
   */
  async console(gdb: Gdb, command: string, context: string): Promise<string> {
    try {
      return await gdb.console(command, context);
    } catch (error) {
      const isUnknown = error instanceof Error && UNKNOWN.test(error.message);
      if (!isUnknown || this.#isLoaded || !(await this.#load(gdb))) {
        throw error;
      }
      return gdb.console(command, context);
    }
  }

  /** Whether there were any. */
  async #load(gdb: Gdb): Promise<boolean> {
    this.#isLoaded = true;
    const scripts = scriptsOf(this.#elf);
    for (const script of scripts) {
      await gdb.execute(`-unikernel-script ${quote(script)} ${quote(this.#elf)}`);
    }
    return scripts.length > 0;
  }
}

/** Those that the ELF names and that stand in its tree: gdb looks for them where sources are, which is a folder above the build's. */
function scriptsOf(path: string): string[] {
  const elf = new ElfFile(path);
  try {
    const entries = elf.contents(elf.section(SECTION)).toString('latin1').split('\0');
    const names = entries.filter((entry) => entry.charCodeAt(0) === PYTHON_FILE).map((entry) => entry.slice(1));
    return names.flatMap((name) => findAbove(dirname(realpathSync(path)), name) ?? []);
  } finally {
    elf.close();
  }
}

function findAbove(folder: string, name: string): string | undefined {
  let place = folder;
  for (let count = 0; count < MOST_FOLDERS; count++) {
    const candidate = join(place, name);
    if (existsSync(candidate)) {
      return candidate;
    }
    place = dirname(place);
  }
  return undefined;
}
