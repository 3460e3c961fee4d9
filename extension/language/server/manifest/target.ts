/** What stands at a place of a manifest: the part of the line, and the path up to and including the name under the cursor. */
import type { Position, Range } from 'vscode-languageserver/node';
import type { EntryLine, Piece, Span, Variable } from '../../../../kernel/image/manifest.ts';
import type { ManifestDocument } from './document.ts';

export interface Target {
  entry: EntryLine;
  line: number;
  part: 'guest' | 'host' | 'link';
  piece: Piece;
  variable: Variable | undefined;
}

export function spanRange(line: number, { start, end }: Span): Range {
  return { start: { line, character: start }, end: { line, character: end } };
}

function touches({ start, end }: Span, character: number): boolean {
  return start <= character && character <= end;
}

/** What is under the cursor; undefined between and outside the paths. */
export function targetAt(document: ManifestDocument, { line, character }: Position): Target | undefined {
  const entry = document.line(line);
  if (entry?.kind !== 'entry') {
    return undefined;
  }
  const isGuest = touches(entry.guest, character);
  if (!isGuest && !touches(entry.host, character)) {
    return undefined;
  }
  const variable = entry.variables.find((one) => touches(one, character));
  const piece = isGuest ? entry.guest : entry.path;
  return { entry, line, part: isGuest ? 'guest' : entry.isLink ? 'link' : 'host', piece, variable };
}

/** The name between two slashes under the cursor; empty between two slashes. */
export function nameAt(piece: Piece, character: number): Piece {
  const at = Math.min(Math.max(character - piece.start, 0), piece.text.length);
  const start = piece.text.lastIndexOf('/', at - 1) + 1;
  const slash = piece.text.indexOf('/', at);
  const end = slash < 0 ? piece.text.length : slash;
  return { start: piece.start + start, end: piece.start + end, text: piece.text.slice(start, end) };
}
