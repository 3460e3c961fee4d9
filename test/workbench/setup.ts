/** Once before the workbench tests: the extension as users get it, packaged and installed. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { installExtensions } from './harness/code-server.ts';
import { repository } from './harness/places.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The .vsix. */
    vsix: string;
    /** A folder for extensions that has it installed. */
    extensions: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'unikernel-vsix-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const vsix = join(folder, 'unikernel-workbench.vsix');
  const extensions = join(folder, 'extensions');
  try {
    execFileSync(process.execPath, [join(repository, 'scripts/package.mjs'), vsix], { stdio: 'pipe' });
    await installExtensions([vsix], extensions);
  } catch (error) {
    await remove();
    throw error;
  }
  project.provide('vsix', vsix);
  project.provide('extensions', extensions);
  return remove;
}
