/** The programs that the adapter runs: found before they are started, so that a missing one is told by name and package. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

/** Debian's package of each program, for the sentence that a missing one gets. */
const PACKAGES: Record<string, string> = {
  'qemu-system-x86_64': 'qemu-system-x86',
  gdb: 'gdb',
  cmake: 'cmake',
  ninja: 'ninja-build',
  setpriv: 'util-linux',
  make: 'make',
};

/**
 * The path of `program`: a name on the PATH, or a path (relative ones start at `cwd`).
 * @throws Error with one sentence that names the program and, where known, the package that has it.
 */
export function findProgram(program: string, cwd: string = process.cwd(), path = process.env.PATH ?? ''): string {
  const candidates = program.includes('/')
    ? [isAbsolute(program) ? program : resolve(cwd, program)]
    : path.split(delimiter).map((folder) => join(folder, program));
  const found = candidates.find(isExecutable);
  if (found === undefined) {
    throw new Error(missingProgram(program));
  }
  return found;
}

function missingProgram(program: string): string {
  if (program.includes('/')) {
    return `The program ${program} does not exist or cannot be run.`;
  }
  const packageName = PACKAGES[program];
  const mend = packageName ? `: install it with "sudo apt install ${packageName}"` : '';
  return `The program ${program} is not on the PATH${mend}.`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
