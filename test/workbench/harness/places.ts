/** Folders of the workbench tests. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../..', import.meta.url));
/** Sprout's tree: what a user opens. */
export const sprout = join(repository, 'kernel');
/** Screenshots, logs and reports. Not in git. */
export const runFolder = join(repository, 'test/workbench/.run');
/** Where the README's pictures go; undefined when they are not wanted. */
export const pictures = process.env.UNIKERNEL_PICTURES ? join(repository, 'docs/images') : undefined;
