/** Which kernel to debug, and how its tree builds it. Looks at files only. */
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { OsvBuild } from '../protocol.ts';
import type { CheckedCommon } from './arguments.ts';
import { findOsv } from './osv-tree.ts';

export interface KernelChoice {
  /** The ELF, absolute. */
  elf: string;
  /** Undefined: an ELF without a known tree. */
  tree?: KernelTree;
}

/** A tree that builds itself. */
export interface KernelTree {
  name: 'sprout' | 'osv';
  /** Where its build is run. */
  folder: string;
  /** What the build leaves is here. */
  buildFolder: string;
  /** What QEMU loads; undefined: the ELF itself. */
  bootFile?: string;
  /** What boots when the configuration gives no command line; known once it is built. */
  commandLine(): string;
  /** Disk images when the configuration gives none. */
  disks(): string[];
  networks: string[];
}

const SPROUT_COMMAND_LINE = 'workload';

type Asked = Pick<CheckedCommon, 'kernel' | 'cwd'> & { osv?: OsvBuild | undefined };

/** @throws Error with one sentence when there is no such kernel. */
export function chooseKernel({ kernel, cwd, osv }: Asked): KernelChoice {
  if (kernel !== undefined && kernel !== 'sprout' && kernel !== 'osv') {
    return { elf: resolve(cwd, kernel) };
  }
  const choice =
    (kernel === 'osv' ? undefined : findSprout(cwd)) ?? (kernel === 'sprout' ? undefined : findOsv(cwd, osv));
  if (choice) {
    return choice;
  }
  throw new Error(MISSING[kernel ?? 'any'].replace('{}', cwd));
}

const MISSING = {
  sprout:
    'There is no Sprout tree in {} (CMakePresets.json beside a CMakeLists.txt with project(sprout), there or in kernel/).',
  osv: 'There is no OSv tree in {} (loader.cc, core/mempool.cc and scripts/build).',
  any: 'No kernel that is known stands in {}: name its ELF in "kernel".',
};

/** Sprout in `folder` or in its `kernel/`. */
function findSprout(folder: string): KernelChoice | undefined {
  const home = [folder, join(folder, 'kernel')].find(isSprout);
  if (home === undefined) {
    return undefined;
  }
  const buildFolder = join(home, 'build/debug');
  const tree: KernelTree = {
    name: 'sprout',
    folder: home,
    buildFolder,
    commandLine: () => SPROUT_COMMAND_LINE,
    disks: () => [],
    networks: [],
  };
  return { elf: join(buildFolder, 'sprout.elf'), tree };
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
