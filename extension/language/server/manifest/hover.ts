/** What stands under the cursor: the host's file and its size, what a wildcard brings, where a link leads, what a variable means. */
import type { Hover, Position } from 'vscode-languageserver/node';
import { linkTarget, type Placed } from '../../../../kernel/image/manifest-layout.ts';
import { bytesText, countText, type HostTree } from '../host-files.ts';
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
  const text = target.part === 'guest' ? `\`${guestText(placed)}\` in the guest, from ` : '';
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
    return `${code(name)} is defined by nothing. Give it a value in the setting \`unikernel.manifest.variables\`.`;
  }
  const value = meaning.value === undefined ? 'Its value is known to the build only.' : `Here: ${code(meaning.value)}`;
  return `**${name}**: ${meaning.documentation}\n\n${value}`;
}

function linkText(document: ManifestDocument, placed: Placed): string {
  const target = linkTarget(placed.guest, placed.entry.path.text);
  const file = hostFileOf(document, target);
  const origin = file === undefined ? '' : `, which comes from ${code(file)}`;
  return `${code(placed.guest)} is a symbolic link to ${code(target)}${origin}.`;
}

function hostText(document: ManifestDocument, placed: Placed, path: string | undefined): string {
  if (path === undefined) {
    return `${code(placed.host)}, a path that is known only when the image is built.`;
  }
  const fact = document.files.fact(path);
  if (placed.entry.wildcard === 'tree') {
    return `${code(`${path}/**`)}\n\n${treeText(document.files.tree(path))}`;
  }
  if (fact?.kind === 'file') {
    return `${code(path)}\n\n**${bytesText(fact.size)}** (${countText(fact.size, 'byte')})`;
  }
  if (fact?.kind === 'folder') {
    return `${code(path)}, a folder\n\nIt becomes an empty folder in the guest: \`/**\` on both sides brings what is in it.`;
  }
  const made = document.isMade(path) ? 'Not there yet: the build makes it.' : 'Not on this host.';
  return `${code(path)}\n\n${made}`;
}

function treeText(tree: HostTree | undefined): string {
  if (!tree || tree.files.size === 0) {
    return tree ? 'No file is in it.' : 'It is being counted.';
  }
  const more = tree.isCut ? 'More than ' : '';
  const largest = [...tree.files].sort((a, b) => b[1] - a[1]).slice(0, LARGEST);
  const rows = largest.map(([path, size]) => `| ${code(path)} | ${bytesText(size)} |`);
  const table = tree.files.size > 1 ? `\n\n| the largest | |\n|---|---:|\n${rows.join('\n')}` : '';
  return `${more}**${bytesText(tree.bytes)}** in ${countText(tree.files.size, 'file')}${table}`;
}

function replacedText(document: ManifestDocument, placed: Placed): string {
  const later = document.layout.replaced.get(placed);
  return later ? `\n\nReplaced on line ${later.line + 1}: the later one wins.` : '';
}
