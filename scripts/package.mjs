// Packages the extension: bundles it and writes a .vsix that holds the bundles, the manifest, icons and documents, nothing else.
//
// usage: node scripts/package.mjs [FILE.vsix]        (default: unikernel-workbench-VERSION.vsix in the repository)
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './build.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What the .vsix holds beside dist/ and the manifest. */
const documents = [
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  '.vscodeignore',
  'extension/media',
  'extension/schemas',
  'docs/images',
  'syntaxes',
  'package.nls.json',
  'l10n',
];

/**
 * Writes the .vsix to `file`. Works on a copy, so that neither dist/ nor the tree is touched: several may run at once.
 * @param {string} file
 */
export async function packageExtension(file) {
  const stage = await mkdtemp(join(tmpdir(), 'unikernel-package-'));
  try {
    await bundle(join(stage, 'dist'), { sourcemap: false });
    for (const document of documents) {
      await copyIfThere(join(root, document), join(stage, document));
    }
    await writeFile(join(stage, 'package.json'), await packagedManifest());
    const vsce = join(root, 'node_modules/.bin/vsce');
    const options = ['--no-dependencies', '--allow-missing-repository', '--no-rewrite-relative-links', '--out', file];
    const { status, stdout, stderr } = spawnSync(vsce, ['package', ...options], { cwd: stage, encoding: 'utf8' });
    if (status !== 0) {
      throw new Error(`vsce package failed:\n${stdout}${stderr}`);
    }
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** The manifest without what is for development: the bundles are built already and need no package. */
async function packagedManifest() {
  const {
    scripts: _,
    devDependencies: __,
    ...manifest
  } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  return JSON.stringify(manifest, null, 2);
}

/**
 * @param {string} from
 * @param {string} to
 */
async function copyIfThere(from, to) {
  if (await stat(from).catch(() => undefined)) {
    await mkdir(join(to, '..'), { recursive: true });
    await cp(from, to, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const file = resolve(process.argv[2] ?? join(root, `unikernel-workbench-${version}.vsix`));
  await packageExtension(file);
  console.log(`${file} (${Math.ceil((await stat(file)).size / 1024)} KiB)`);
}
