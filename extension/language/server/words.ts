/** Counts as people read them, in the user's language. */
import * as l10n from '@vscode/l10n';

/** `1,234`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

export function byteCount(count: number): string {
  return count === 1 ? l10n.t('1 byte') : l10n.t('{0} bytes', formatCount(count));
}

export function fileCount(count: number): string {
  return count === 1 ? l10n.t('1 file') : l10n.t('{0} files', formatCount(count));
}

export function linkCount(count: number): string {
  return count === 1 ? l10n.t('1 link') : l10n.t('{0} links', formatCount(count));
}

export function folderCount(count: number): string {
  return count === 1 ? l10n.t('1 empty folder') : l10n.t('{0} empty folders', formatCount(count));
}
