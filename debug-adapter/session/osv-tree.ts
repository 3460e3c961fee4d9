/** OSv's own tree: what its build leaves where. See "Boot" in OSv's README and scripts/run.py. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { OsvBuild } from '../protocol.ts';
import type { KernelChoice } from './kernel-tree.ts';

/** Where the last build is, whatever its mode. */
const LAST = 'build/last';

/** The tree in `folder`; undefined when it is none of OSv's. */
export function findOsv(folder: string, build: OsvBuild | undefined): KernelChoice | undefined {
  if (!isOsv(folder)) {
    return undefined;
  }
  const output = join(folder, build?.mode === undefined ? LAST : `build/${build.mode}.x64`);
  return {
    elf: join(output, 'loader.elf'),
    tree: {
      name: 'osv',
      folder,
      buildFolder: output,
      bootFile: join(output, 'loader-stripped.elf'),
      commandLine: () => readCommandLine(output),
      disks: () => [join(output, 'usr.img')].filter((disk) => existsSync(disk)),
      // As its run.py does: a network of QEMU's own.
      networks: ['user'],
    },
  };
}

/** OSv's scripts/build with what the user chose; undefined: nothing was chosen, so what is built stays. */
export function osvBuildCommand(build: OsvBuild | undefined): string[] | undefined {
  if (!build) {
    return undefined;
  }
  const { image, fs, mode, options = {} } = build;
  const chosen = Object.entries({ image, fs, mode, ...options }).filter(([, value]) => value !== undefined);
  return ['./scripts/build', `-j${availableParallelism()}`, ...chosen.map(([name, value]) => `${name}=${value}`)];
}

/** The image's own command line, as the build wrote it down. */
function readCommandLine(output: string): string {
  try {
    return readFileSync(join(output, 'cmdline'), 'utf8').trim();
  } catch {
    return '';
  }
}

function isOsv(folder: string): boolean {
  const isFile = (path: string): boolean => statSync(join(folder, path), { throwIfNoEntry: false })?.isFile() === true;
  return isFile('loader.cc') && isFile('scripts/build') && isFile('core/mempool.cc');
}
