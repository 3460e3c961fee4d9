/** Which kernel to debug, and how its tree builds it. Looks at files only. */
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CheckedCommon } from './arguments.ts';

export interface KernelChoice {
  /** The ELF, absolute. */
  elf: string;
  /** Undefined: an ELF without a known tree. */
  tree?: KernelTree;
}

/** A tree that builds itself. */
export interface KernelTree {
  name: 'sprout';
  /** The folder with CMakePresets.json. */
  folder: string;
  /** Where the debug preset builds. */
  buildFolder: string;
  /** What boots when the configuration gives no command line. */
  commandLine: string;
}

const SPROUT_COMMAND_LINE = 'workload';

/** @throws Error with one sentence when there is no such kernel. */
export function chooseKernel({ kernel, cwd }: Pick<CheckedCommon, 'kernel' | 'cwd'>): KernelChoice {
  if (kernel === 'osv') {
    throw new Error(
      'An OSv tree cannot be booted from here yet: start it with its own run.py and attach, with "kernel" naming its loader.elf.',
    );
  }
  if (kernel !== undefined && kernel !== 'sprout') {
    return { elf: resolve(cwd, kernel) };
  }
  const tree = findSprout(cwd);
  if (tree) {
    return { elf: join(tree.buildFolder, 'sprout.elf'), tree };
  }
  throw new Error(
    kernel === 'sprout'
      ? `There is no Sprout tree in ${cwd} (CMakePresets.json beside a CMakeLists.txt with project(sprout), there or in kernel/).`
      : `No kernel that is known stands in ${cwd}: name its ELF in "kernel".`,
  );
}

/** Sprout in `folder` or in its `kernel/`. */
function findSprout(folder: string): KernelTree | undefined {
  const home = [folder, join(folder, 'kernel')].find(isSprout);
  return home === undefined
    ? undefined
    : { name: 'sprout', folder: home, buildFolder: join(home, 'build/debug'), commandLine: SPROUT_COMMAND_LINE };
}

function isSprout(folder: string): boolean {
  try {
    return (
      statSync(join(folder, 'CMakePresets.json')).isFile() &&
      /^\s*project\s*\(\s*sprout\b/m.test(readFileSync(join(folder, 'CMakeLists.txt'), 'utf8'))
    );
  } catch {
    return false;
  }
}
