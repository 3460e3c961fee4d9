// Collects what users read, so that it can be translated: the texts of the manifest go to package.nls.json, those of the code to
// l10n/bundle.l10n.json. A text that was added since is moved, one that is gone is dropped; run it after either.
//
// usage: npm run l10n
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** It is needed here alone, and brings a hundred packages: so it is no dependency. */
const COLLECTOR = '@vscode/l10n-dev@0.0.35';

/** Properties of the manifest that hold a text, or a list of texts. */
const TEXTS = new Set([
  'title',
  'shortTitle',
  'description',
  'markdownDescription',
  'enumDescriptions',
  'markdownEnumDescriptions',
  'patternErrorMessage',
  'deprecationMessage',
  'markdownDeprecationMessage',
  'contents',
  'label',
  'altText',
]);
/** Parts that users do not read, or that have a text of their own kind. */
const SKIPPED = new Set(['scripts', 'devDependencies', 'body', 'menus', 'keybindings', 'grammars']);
/** What an element of a list is called. */
const NAMES = ['command', 'id', 'view', 'type', 'viewType'];
/** Names of things are not translated. */
const BRAND = /^Unikernel( Workbench)?$/;

moveManifestTexts();
collectCodeTexts();

function moveManifestTexts() {
  const manifestFile = join(root, 'package.json');
  const textsFile = join(root, 'package.nls.json');
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));
  const known = existsSync(textsFile) ? JSON.parse(readFileSync(textsFile, 'utf8')) : {};
  /** @type {Record<string, string>} */
  const texts = {};

  /**
   * @param {string} text
   * @param {string[]} path
   */
  function placeholder(text, path) {
    const old = /^%(.+)%$/.exec(text)?.[1];
    if (old !== undefined) {
      texts[old] = known[old] ?? fail(`package.nls.json has no text ${old}`);
      return text;
    }
    let key = path.join('.');
    for (let count = 2; key in texts || (key in known && known[key] !== text); count++) {
      key = `${path.join('.')}.${count}`;
    }
    texts[key] = text;
    return `%${key}%`;
  }

  /**
   * @param {unknown} value
   * @param {string[]} path
   * @param {boolean} isText
   * @returns {unknown}
   */
  function walk(value, path, isText) {
    if (typeof value === 'string') {
      return isText && value !== '' && !BRAND.test(value) ? placeholder(value, path) : value;
    }
    if (Array.isArray(value)) {
      return value.map((one, index) => walk(one, [...path, nameOf(one) ?? String(index + 1)], isText));
    }
    if (typeof value !== 'object' || value === null) {
      return value;
    }
    const isViews = path.includes('views');
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => {
        const isOne = TEXTS.has(name) || (name === 'name' && isViews);
        // A property of that name in a schema is no text, but described by texts.
        const holdsText = isOne && typeof one !== 'object' ? true : isOne && Array.isArray(one);
        return [name, SKIPPED.has(name) ? one : walk(one, step(path, name), holdsText)];
      }),
    );
  }

  const moved = walk(manifest, [], false);
  writeFileSync(manifestFile, `${JSON.stringify(moved, null, 2)}\n`);
  writeFileSync(textsFile, `${JSON.stringify(texts, null, 2)}\n`);
  console.log(`package.nls.json has ${Object.keys(texts).length} texts.`);
}

/**
 * Keys need no step that says nothing.
 * @param {string[]} path
 * @param {string} name
 */
function step(path, name) {
  return ['contributes', 'properties', 'configurationAttributes', 'items'].includes(name)
    ? path
    : [...path, name.replace(/^unikernel\./, '')];
}

/** @param {unknown} element */
function nameOf(element) {
  if (typeof element !== 'object' || element === null) {
    return undefined;
  }
  const name = NAMES.find((one) => one in element);
  return name && String(/** @type {Record<string, unknown>} */ (element)[name]).replace(/^unikernel\./, '');
}

function collectCodeTexts() {
  const parameters = [
    '--yes',
    COLLECTOR,
    'export',
    '--outDir',
    './l10n',
    './extension',
    './webviews',
    './kernel/image',
  ];
  const { status, stdout, stderr } = spawnSync('npx', parameters, { cwd: root, encoding: 'utf8' });
  if (status !== 0) {
    fail(`${COLLECTOR} could not be run:\n${stdout}${stderr}`);
  }
  const file = join(root, 'l10n/bundle.l10n.json');
  const texts = JSON.parse(readFileSync(file, 'utf8'));
  const sorted = Object.fromEntries(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify(sorted, null, 2)}\n`);
  console.log(`l10n/bundle.l10n.json has ${Object.keys(sorted).length} texts.`);
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(message);
  process.exit(1);
}
