/** The size of the image that a manifest makes, by what the host's files are now. */
import * as l10n from '@vscode/l10n';
import type { Range } from 'vscode-languageserver/node';
import { bytesText } from '../host-files.ts';
import { fileCount, folderCount, formatCount, linkCount } from '../words.ts';
import type { ManifestDocument } from './document.ts';

export interface ImageSize {
  files: number;
  links: number;
  folders: number;
  bytes: number;
  /** Entries whose host files are not there, or not known. */
  missing: number;
  /** There is more than was counted. */
  isCut: boolean;
}

const remembered = new WeakMap<ManifestDocument, { key: string; size: ImageSize }>();

/** Counts each guest path once: the later entry wins. `generation` tells one knowledge of the host's files from the next. */
export function imageSize(document: ManifestDocument, generation: number): ImageSize {
  const key = `${document.version} ${generation}`;
  const before = remembered.get(document);
  if (before?.key === key) {
    return before.size;
  }
  const size = count(document);
  remembered.set(document, { key, size });
  return size;
}

type Content = number | 'link' | 'folder';

function count(document: ManifestDocument): ImageSize {
  const contents = new Map<string, Content>();
  const size: ImageSize = { files: 0, links: 0, folders: 0, bytes: 0, missing: 0, isCut: false };
  for (const placed of document.layout.placed) {
    const { entry, guest } = placed;
    const path = entry.isLink ? undefined : document.hostPath(placed.host);
    if (entry.isLink) {
      contents.set(guest, 'link');
    } else if (entry.wildcard === 'tree') {
      const tree = path === undefined ? undefined : document.files.tree(path);
      size.missing += tree && tree.files.size + tree.folders.size > 0 ? 0 : 1;
      size.isCut ||= tree?.isCut ?? false;
      for (const [below, bytes] of tree?.files ?? []) {
        contents.set(guest === '/' ? `/${below}` : `${guest}/${below}`, bytes);
      }
    } else {
      const fact = path === undefined ? undefined : document.files.fact(path);
      if (fact?.kind === 'file') {
        contents.set(guest, fact.size);
      } else if (fact?.kind === 'folder') {
        contents.set(guest, 'folder');
      } else {
        contents.delete(guest);
        size.missing++;
      }
    }
  }
  for (const content of contents.values()) {
    if (content === 'link') {
      size.links++;
    } else if (content === 'folder') {
      size.folders++;
    } else {
      size.files++;
      size.bytes += content;
    }
  }
  return size;
}

/** `Image: 4.2 MiB in 12 files, 3 links, 2 folders; 1 not on this host`. */
export function imageSizeText(size: ImageSize): string {
  const parts = [fileCount(size.files)];
  if (size.links > 0) {
    parts.push(linkCount(size.links));
  }
  if (size.folders > 0) {
    parts.push(folderCount(size.folders));
  }
  const facts = [bytesText(size.bytes), parts.join(', ')] as const;
  const text = size.isCut ? l10n.t('Image: more than {0} in {1}', ...facts) : l10n.t('Image: {0} in {1}', ...facts);
  return size.missing === 0 ? text : `${text}; ${l10n.t('{0} not on this host yet', formatCount(size.missing))}`;
}

/** Where the lens stands: at `[manifest]`, else at the first entry. */
export function lensRange(document: ManifestDocument): Range | undefined {
  const { lines } = document.manifest;
  const header = lines.findIndex(({ kind }) => kind === 'header');
  const line = header >= 0 ? header : lines.findIndex(({ kind }) => kind === 'entry');
  if (line < 0 || document.isForeign) {
    return undefined;
  }
  return { start: { line, character: 0 }, end: { line, character: document.text(line).length } };
}
