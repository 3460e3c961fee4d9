/** Which kernel's tree a folder is. Looks at files only: nothing of the tree is run. */
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A kernel's tree that the workbench knows how to build. */
export interface KernelTree {
  kernel: 'sprout' | 'osv';
  /** The folder that holds CMakePresets.json, or OSv's scripts/. */
  folder: string;
}

/** Where in an opened folder Sprout may stand: the folder itself, or the repository that it came with. */
const SPROUT_FOLDERS = ['.', 'kernel'];

/** The kernel's tree in `folder`, undefined when there is none that is known. Never throws. */
export async function findKernelTree(folder: string): Promise<KernelTree | undefined> {
  for (const place of SPROUT_FOLDERS) {
    const candidate = join(folder, place);
    if (await isSprout(candidate)) {
      return { kernel: 'sprout', folder: candidate };
    }
  }
  return (await isOsv(folder)) ? { kernel: 'osv', folder } : undefined;
}

/** As the adapter tells it, see debug-adapter/session/osv-tree.ts. */
async function isOsv(folder: string): Promise<boolean> {
  const files = ['loader.cc', 'scripts/build', 'core/mempool.cc'].map((file) => access(join(folder, file)));
  return Promise.all(files).then(
    () => true,
    () => false,
  );
}

async function isSprout(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, 'CMakeLists.txt'), 'utf8').catch(() => '');
  return /^\s*project\s*\(\s*sprout\b/m.test(text);
}
