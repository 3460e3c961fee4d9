/** Folding: runs of comments, and runs of entries under the comment that heads them. */
import type { FoldingRange } from 'vscode-languageserver/node';
import type { ManifestDocument } from './document.ts';

export function foldingRanges(document: ManifestDocument): FoldingRange[] {
  const { lines } = document.manifest;
  const ranges: FoldingRange[] = [];
  for (let at = 0; at < lines.length; ) {
    if (lines[at]?.kind === 'blank') {
      at++;
      continue;
    }
    const start = at;
    while (lines[at]?.kind === 'comment') {
      at++;
    }
    const comments = at - start;
    const heading = comments > 0 ? at - 1 : at;
    while (at < lines.length && lines[at]?.kind !== 'blank' && lines[at]?.kind !== 'comment') {
      at++;
    }
    if (comments > 1) {
      ranges.push({ startLine: start, endLine: start + comments - 1, kind: 'comment' });
    }
    // A comment of several lines folds by itself: its last line cannot head another range that begins inside it.
    const first = comments > 1 ? start + comments : heading;
    if (at - 1 > first) {
      ranges.push({ startLine: first, endLine: at - 1, kind: 'region' });
    }
  }
  return ranges;
}
