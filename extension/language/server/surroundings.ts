/** Where a manifest stands, and so what its variables and relative paths mean. Looks at files only: nothing is run. */

import { access, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import * as l10n from '@vscode/l10n';

export interface VariableMeaning {
  /** Undefined: it has one, but only a build knows it. */
  value: string | undefined;
  documentation: string;
}

export interface Surroundings {
  /**
   * `module`: of an OSv module or app, which `scripts/module.py` adds to an image. `skeleton`: a base manifest of OSv. `built`: what
   * a build put together. `plain`: any other.
   */
  kind: 'module' | 'skeleton' | 'built' | 'plain';
  /** The folder that holds the manifest. */
  folder: string;
  /** The root of the OSv tree around it. */
  osv: string | undefined;
  /** Where relative host paths start; undefined when that cannot be known. */
  base: string | undefined;
  variables: ReadonlyMap<string, VariableMeaning>;
}

/** The settings `unikernel.manifest.*`. */
export interface ManifestSettings {
  /** Where relative host paths start; empty: told from the tree. */
  root?: string;
  variables?: Record<string, string>;
}

const MAX_TREE_DEPTH = 24;
const MAX_SCRIPT_BYTES = 4 << 20;

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The root of the OSv tree that holds `folder`. */
export async function findOsv(folder: string): Promise<string | undefined> {
  let at = folder;
  for (let depth = 0; depth < MAX_TREE_DEPTH; depth++) {
    const marks = await Promise.all(
      ['loader.cc', 'scripts/build', 'core/mempool.cc'].map((one) => exists(join(at, one))),
    );
    if (marks.every(Boolean)) {
      return at;
    }
    const parent = dirname(at);
    if (parent === at) {
      return undefined;
    }
    at = parent;
  }
  return undefined;
}

/** Whether `path` is `folder` or lies in it. Both absolute. */
export function isInside(path: string, folder: string): boolean {
  const below = relative(folder, path);
  return below === '' || (!below.startsWith(`..${sep}`) && below !== '..' && !below.startsWith('/'));
}

/** Reads a text of at most a few MiB; empty when it is missing, no file, or larger. */
export async function readScript(path: string): Promise<string> {
  try {
    const found = await stat(path);
    return found.isFile() && found.size <= MAX_SCRIPT_BYTES ? await readFile(path, 'utf8') : '';
  } catch {
    return '';
  }
}

/** `path` is the manifest's file, `text` what stands in it. */
export async function findSurroundings(path: string, text: string, settings: ManifestSettings): Promise<Surroundings> {
  const folder = dirname(path);
  const osv = await findOsv(folder);
  const kind = await kindOf(path, folder, osv, text);
  return {
    kind,
    folder,
    osv,
    base: settings.root ? join(folder, '') && resolveRoot(settings.root, folder) : baseOf(kind, folder, osv),
    variables: await variablesOf(kind, folder, osv, settings),
  };
}

function resolveRoot(root: string, folder: string): string {
  return root.startsWith('/') ? root : join(folder, root);
}

async function kindOf(
  path: string,
  folder: string,
  osv: string | undefined,
  text: string,
): Promise<Surroundings['kind']> {
  if (osv === folder) {
    return 'skeleton';
  }
  if (osv) {
    return isInside(folder, join(osv, 'build')) ? 'built' : 'module';
  }
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the manifest's own syntax.
  if (text.includes('${MODULE_DIR}') || text.includes('${OSV_BASE}') || (await exists(join(folder, 'module.py')))) {
    return 'module';
  }
  return basename(path).endsWith('.skel') ? 'skeleton' : 'plain';
}

/** The image tools run in the folder of the last build. */
function baseOf(kind: Surroundings['kind'], folder: string, osv: string | undefined): string | undefined {
  if (kind === 'built' || kind === 'plain') {
    return folder;
  }
  return osv && join(osv, 'build/last');
}

async function variablesOf(
  kind: Surroundings['kind'],
  folder: string,
  osv: string | undefined,
  settings: ManifestSettings,
): Promise<Map<string, VariableMeaning>> {
  const variables = new Map<string, VariableMeaning>();
  variables.set('libgcc_s_dir', {
    value: await findLibgcc(),
    documentation: l10n.t(
      'The folder of the host’s `libgcc_s.so.1`, as `gcc -print-file-name` tells it to OSv’s build.',
    ),
  });
  for (const name of osv ? await definesOf(osv) : []) {
    if (!variables.has(name)) {
      variables.set(name, { value: undefined, documentation: l10n.t('Defined by this tree’s build.') });
    }
  }
  if (kind === 'module') {
    variables.set('MODULE_DIR', {
      value: folder,
      documentation: l10n.t('The folder of this module, which holds this manifest.'),
    });
    variables.set('OSV_BASE', { value: osv, documentation: l10n.t('The root of the OSv tree.') });
  }
  for (const [name, value] of Object.entries(settings.variables ?? {})) {
    if (typeof value === 'string') {
      variables.set(name, { value, documentation: l10n.t('From the setting `unikernel.manifest.variables`.') });
    }
  }
  return variables;
}

/** The names that the tree's own build hands to the image tools with `-D NAME=`. */
async function definesOf(osv: string): Promise<Set<string>> {
  const texts = await Promise.all(['scripts/build', 'Makefile', 'build.mk'].map((file) => readScript(join(osv, file))));
  const names = new Set<string>();
  for (const match of texts.join('\n').matchAll(/\s-D\s+([a-z_][a-z0-9_]*)=/g)) {
    names.add(match[1] ?? '');
  }
  return names;
}

async function findLibgcc(): Promise<string | undefined> {
  for (const folder of ['/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/lib64', '/usr/lib']) {
    if (await exists(join(folder, 'libgcc_s.so.1'))) {
      return folder;
    }
  }
  return undefined;
}

const RECIPES = ['Makefile', 'makefile', 'GNUmakefile', 'GET', 'module.py', 'build.sh', 'CMakeLists.txt', 'pom.xml'];
const WORD = /[A-Za-z0-9_]/;

/**
 * Whether a path that is missing may be what a build makes: it lies in OSv's build folder, or a recipe (`Makefile`, `module.py`, …)
 * beside it or above it, up to the tree's root, names it or the missing folder on the way to it.
 */
export async function isMade(path: string, surroundings: Surroundings): Promise<boolean> {
  const { kind, osv, folder } = surroundings;
  // Not every manifest in a build's folder is one of the image that was built there.
  if (osv && isInside(path, join(osv, 'build'))) {
    return true;
  }
  if (kind !== 'module' && kind !== 'skeleton') {
    return false;
  }
  // Without an OSv tree, modules that stand side by side may use each other's files.
  const root = osv ?? dirname(folder);
  if (!isInside(path, root)) {
    return false;
  }
  const missing = [basename(path)];
  let at = dirname(path);
  for (; at !== root && !(await exists(at)); at = dirname(at)) {
    missing.unshift(basename(at));
  }
  const words = missing.flatMap((name) => [name, name.match(/^[\w-]{3,}/)?.[0] ?? name]);
  for (; isInside(at, root); at = dirname(at)) {
    const texts = await Promise.all(RECIPES.map((file) => readScript(join(at, file))));
    if (words.some((word) => texts.some((text) => mentions(text, word)))) {
      return true;
    }
    if (at === root) {
      break;
    }
  }
  return false;
}

function mentions(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!WORD.test(text[at - 1] ?? ' ') && !WORD.test(text[at + word.length] ?? ' ')) {
      return true;
    }
  }
  return false;
}
