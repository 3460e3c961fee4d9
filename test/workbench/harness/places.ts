/** Folders of the workbench tests, and the extension under test. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const repository = fileURLToPath(new URL('../../..', import.meta.url));
/** Sprout's tree: what a user opens. */
export const sprout = join(repository, 'kernel');
/** Screenshots, logs and reports. Not in git. */
export const runFolder = join(repository, 'test/workbench/.run');
/** Where the README's pictures go; undefined when they are not wanted. */
export const pictures = process.env.UNIKERNEL_PICTURES ? join(repository, 'docs/images') : undefined;

/** Packages the extension as users get it. */
export async function packageExtension(name: string): Promise<string> {
  await mkdir(runFolder, { recursive: true });
  const file = join(runFolder, `${name}.vsix`);
  await promisify(execFile)(process.execPath, [join(repository, 'scripts/package.mjs'), file]);
  return file;
}
