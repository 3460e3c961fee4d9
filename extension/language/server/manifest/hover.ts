/** What stands under the cursor: the host's file and its size, what a wildcard brings, where a link leads, what a variable means. */
import * as l10n from '@vscode/l10n';
import type { Hover, Position } from 'vscode-languageserver/node';
import { linkTarget, type Placed } from '../../../../kernel/image/manifest-layout.ts';
import { bytesText, type HostTree } from '../host-files.ts';
import { byteCount, fileCount } from '../words.ts';
import type { ManifestDocument } from './document.ts';
import { hostFileOf } from './navigation.ts';
import { spanRange, targetAt } from './target.ts';

/** Longest text of the tree's largest files. */
const LARGEST = 5;

export async function hover(document: ManifestDocument, position: Position): Promise<Hover | undefined> {
  const target = document.isForeign ? undefined : targetAt(document, position);
  const placed = target && document.placed(target.line);
  if (!target || !placed) {
    return undefined;
  }
  if (target.variable) {
    return markdown(variableText(document, target.variable.name.text), spanRange(target.line, target.variable));
  }
  const range = spanRange(target.line, target.piece);
  if (placed.entry.isLink) {
    return markdown(linkText(document, placed), range);
  }
  // The one file is looked at anew; a large tree is taken as it is remembered.
  const path = document.hostPath(placed.host);
  if (path !== undefined) {
    await document.files.load([path], [], 0);
  }
  const text = target.part === 'guest' ? `${l10n.t('{0} in the guest, from', code(guestText(placed)))} ` : '';
  return markdown(text + hostText(document, placed, path) + replacedText(document, placed), range);
}

function markdown(value: string, range: Hover['range']): Hover {
  const contents = { kind: 'markdown' as const, value };
  return range ? { contents, range } : { contents };
}

function guestText(placed: Placed): string {
  return placed.entry.wildcard === 'tree' ? `${placed.guest === '/' ? '' : placed.guest}/**` : placed.guest;
}

function code(text: string): string {
  return `\`${text.replaceAll('`', 'ˋ')}\``;
}

function variableText(document: ManifestDocument, name: string): string {
  const meaning = document.surroundings?.variables.get(name);
  if (!meaning) {
    return l10n.t(
      '{0} is defined by nothing. Give it a value in the setting {1}.',
      code(name),
      '`unikernel.manifest.variables`',
    );
  }
  const value =
    meaning.value === undefined
      ? l10n.t('Its value is known to the build only.')
      : l10n.t('Here: {0}', code(meaning.value));
  return `**${name}**: ${meaning.documentation}\n\n${value}`;
}

function linkText(document: ManifestDocument, placed: Placed): string {
  const target = linkTarget(placed.guest, placed.entry.path.text);
  const file = hostFileOf(document, target);
  return file === undefined
    ? l10n.t('{0} is a symbolic link to {1}.', code(placed.guest), code(target))
    : l10n.t('{0} is a symbolic link to {1}, which comes from {2}.', code(placed.guest), code(target), code(file));
}

function hostText(document: ManifestDocument, placed: Placed, path: string | undefined): string {
  if (path === undefined) {
    return l10n.t('{0}, a path that is known only when the image is built.', code(placed.host));
  }
  const fact = document.files.fact(path);
  if (placed.entry.wildcard === 'tree') {
    return `${code(`${path}/**`)}\n\n${treeText(document.files.tree(path))}`;
  }
  if (fact?.kind === 'file') {
    return `${code(path)}\n\n**${bytesText(fact.size)}** (${byteCount(fact.size)})`;
  }
  if (fact?.kind === 'folder') {
    const brings = l10n.t(
      'It becomes an empty folder in the guest: {0} on both sides brings what is in it.',
      code('/**'),
    );
    return `${l10n.t('{0}, a folder', code(path))}\n\n${brings}`;
  }
  const made = document.isMade(path) ? l10n.t('Not there yet: the build makes it.') : l10n.t('Not on this host.');
  return `${code(path)}\n\n${made}`;
}

function treeText(tree: HostTree | undefined): string {
  if (!tree || tree.files.size === 0) {
    return tree ? l10n.t('No file is in it.') : l10n.t('It is being counted.');
  }
  const largest = [...tree.files].sort((a, b) => b[1] - a[1]).slice(0, LARGEST);
  const rows = largest.map(([path, size]) => `| ${code(path)} | ${bytesText(size)} |`);
  const table = tree.files.size > 1 ? `\n\n| ${l10n.t('the largest')} | |\n|---|---:|\n${rows.join('\n')}` : '';
  const facts = [`**${bytesText(tree.bytes)}**`, fileCount(tree.files.size)] as const;
  return `${tree.isCut ? l10n.t('More than {0} in {1}', ...facts) : l10n.t('{0} in {1}', ...facts)}${table}`;
}

function replacedText(document: ManifestDocument, placed: Placed): string {
  const later = document.layout.replaced.get(placed);
  return later ? `\n\n${l10n.t('Replaced on line {0}: the later one wins.', later.line + 1)}` : '';
}
