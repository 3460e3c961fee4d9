/** Completion: host paths from the disk, guest folders and link targets from the manifest, variables, and the syntax. */

import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import {
  type CompletionItem,
  CompletionItemKind,
  type CompletionList,
  InsertTextFormat,
  type Position,
  type Range,
} from 'vscode-languageserver/node';
import { guestFolder } from '../../../../kernel/image/manifest-layout.ts';
import { bytesText, type HostFiles, listFolder } from '../host-files.ts';
import type { ManifestDocument } from './document.ts';

const MAX_ITEMS = 500;
const EMPTY: CompletionList = { isIncomplete: false, items: [] };

export async function completion(document: ManifestDocument, { line, character }: Position): Promise<CompletionList> {
  const text = document.text(line);
  const before = text.slice(0, character);
  if (document.isForeign || before.trimStart().startsWith('#')) {
    return EMPTY;
  }
  const divider = before.indexOf(': ');
  if (divider < 0) {
    return guestItems(document, line, before, text);
  }
  const start = divider + 2 + (before.slice(divider + 2).match(/^\s*/)?.[0].length ?? 0);
  const written = before.slice(start);
  if (written.startsWith('->')) {
    return linkItems(document, line, start + 2, before, text);
  }
  return await hostItems(document, line, start + (written.startsWith('!') ? 1 : 0), before, text);
}

/** From `start` up to the end of the name that the cursor is in. */
function rangeFrom(line: number, start: number, before: string, text: string, stop: RegExp): Range {
  const rest = text.slice(before.length);
  const end = rest.search(stop);
  const character = before.length + (end < 0 ? rest.length : end);
  return { start: { line, character: start }, end: { line, character } };
}

function guestItems(document: ManifestDocument, line: number, before: string, text: string): CompletionList {
  const start = before.length - before.trimStart().length;
  const range = rangeFrom(line, start, before, text, /[\s:]/);
  const items: CompletionItem[] = [];
  const typed = before.slice(start);
  const folders = new Set<string>();
  for (const placed of document.layout.placed) {
    for (
      let at = guestFolder(placed.guest);
      placed.line !== line && at !== '/' && !folders.has(at);
      at = guestFolder(at)
    ) {
      folders.add(at);
    }
  }
  for (const folder of folders) {
    if (folder.startsWith(typed) && items.length < MAX_ITEMS) {
      items.push(pathItem(`${folder}/`, range, CompletionItemKind.Folder, l10n.t('folder in the guest')));
    }
  }
  if (!document.manifest.lines.some(({ kind }) => kind === 'header')) {
    items.push(snippet('[manifest]', '[manifest]\n', range, l10n.t('The line that heads a manifest.')));
  }
  items.push(
    snippet(l10n.t('file'), `/\${1:path}: \${2:host path}`, range, l10n.t('A file of the host, or an empty folder.')),
    snippet(l10n.t('link'), `/\${1:path}: ->\${2:/target}`, range, l10n.t('A symbolic link in the guest.')),
    snippet(
      l10n.t('tree'),
      `/\${1:folder}/**: \${2:host folder}/**`,
      range,
      l10n.t('Everything below a folder of the host.'),
    ),
    snippet(
      l10n.t('same name'),
      `/&/\${1:path}: \${2:host folder}/&`,
      range,
      l10n.t('`&` stands for what follows it in the guest’s path.'),
    ),
  );
  return { isIncomplete: items.length >= MAX_ITEMS, items };
}

function pathItem(label: string, range: Range, kind: CompletionItemKind, detail: string): CompletionItem {
  return { label, kind, detail, filterText: label, textEdit: { range, newText: label } };
}

function snippet(label: string, newText: string, range: Range, documentation: string): CompletionItem {
  return {
    label,
    kind: CompletionItemKind.Snippet,
    documentation: { kind: 'markdown', value: documentation },
    insertTextFormat: InsertTextFormat.Snippet,
    sortText: `~${label}`,
    textEdit: { range, newText },
  };
}

function linkItems(
  document: ManifestDocument,
  line: number,
  start: number,
  before: string,
  text: string,
): CompletionList {
  const typed = before.slice(start);
  const range = rangeFrom(line, start, before, text, /\s/);
  const items: CompletionItem[] = [];
  const own = document.placed(line)?.guest;
  for (const [guest, placed] of document.layout.winners) {
    if (guest !== own && guest.startsWith(typed) && items.length < MAX_ITEMS) {
      items.push(pathItem(guest, range, CompletionItemKind.Reference, l10n.t('line {0}', placed.line + 1)));
    }
  }
  return { isIncomplete: items.length >= MAX_ITEMS, items };
}

async function hostItems(
  document: ManifestDocument,
  line: number,
  start: number,
  before: string,
  text: string,
): Promise<CompletionList> {
  const typed = before.slice(start);
  const slash = typed.lastIndexOf('/');
  const items: CompletionItem[] = slash < 0 ? beginnings(document, line, start, before, text) : [];
  const folder = slash < 0 ? document.hostPath('.') : document.hostPath(typed.slice(0, slash + 1));
  const range = rangeFrom(line, start + slash + 1, before, text, /[/\s]/);
  if (slash >= 0) {
    items.push(...wildcards(text.slice(0, text.indexOf(': ')), range));
  }
  if (folder === undefined) {
    return { isIncomplete: false, items };
  }
  const { entries, isCut } = await listFolder(folder, MAX_ITEMS, typed.slice(slash + 1).replaceAll('%%', '%'));
  const kinds = { folder: CompletionItemKind.Folder, file: CompletionItemKind.File };
  for (const entry of entries) {
    const isFolder = entry.isDirectory();
    const label = (isFolder ? `${entry.name}/` : entry.name).replaceAll('%', '%%');
    const item = pathItem(
      label,
      range,
      isFolder ? kinds.folder : kinds.file,
      isFolder ? l10n.t('folder') : l10n.t('file'),
    );
    item.sortText = `${entry.name.startsWith('.') ? 2 : 1}${entry.name}`;
    item.data = { path: join(folder, entry.name) };
    if (isFolder) {
      item.command = { title: l10n.t('Suggest'), command: 'editor.action.triggerSuggest' };
    }
    items.push(item);
  }
  return { isIncomplete: isCut, items };
}

/** What a host's side may begin with: variables, `->` and the guest's own name. */
function beginnings(
  document: ManifestDocument,
  line: number,
  start: number,
  before: string,
  text: string,
): CompletionItem[] {
  const range = rangeFrom(line, start, before, text, /[/\s]/);
  const items: CompletionItem[] = [];
  for (const [name, { value, documentation }] of document.surroundings?.variables ?? []) {
    const label = name === 'libgcc_s_dir' ? `%(${name})s` : `\${${name}}`;
    const item = pathItem(label, range, CompletionItemKind.Variable, value ?? '');
    item.documentation = { kind: 'markdown', value: documentation };
    item.sortText = `0${name}`;
    items.push(item);
  }
  const link = pathItem('->', range, CompletionItemKind.Operator, l10n.t('a symbolic link in the guest'));
  items.push({ ...link, sortText: '0~' });
  return items;
}

function wildcards(guest: string, range: Range): CompletionItem[] {
  const items: CompletionItem[] = [];
  if (guest.trimEnd().endsWith('/**')) {
    items.push({
      ...pathItem('**', range, CompletionItemKind.Operator, l10n.t('everything below the folder')),
      sortText: '0',
    });
  }
  if (guest.includes('/&/')) {
    const item = pathItem('&', range, CompletionItemKind.Operator, l10n.t('what follows & in the guest’s path'));
    items.push({ ...item, sortText: '0' });
  }
  return items;
}

/** Adds the size to an item of the disk when it is looked at. */
export async function resolveCompletion(files: HostFiles, item: CompletionItem): Promise<CompletionItem> {
  const path = (item.data as { path?: unknown } | undefined)?.path;
  if (typeof path !== 'string' || item.kind !== CompletionItemKind.File) {
    return item;
  }
  await files.load([path], [], 0);
  const fact = files.fact(path);
  return fact?.kind === 'file' ? { ...item, detail: bytesText(fact.size) } : item;
}
