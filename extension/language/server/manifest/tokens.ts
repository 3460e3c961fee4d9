/** Semantic tokens of a manifest. A line's tokens are remembered with the parsed line, which an edit elsewhere leaves alone. */
import type { EntryLine, ManifestLine, Piece, Span } from '../../../../kernel/image/manifest.ts';
import type { ManifestDocument } from './document.ts';

export const tokenLegend = {
  tokenTypes: ['comment', 'namespace', 'property', 'string', 'variable', 'operator', 'keyword'],
  tokenModifiers: ['definition'],
};
const [COMMENT, SECTION, GUEST, HOST, VARIABLE, OPERATOR, KEYWORD] = [0, 1, 2, 3, 4, 5, 6] as const;
const DEFINITION = 1;

/** Column, length, type and modifiers, one after the other. */
type LineTokens = number[];
const NONE: LineTokens = [];
const remembered = new WeakMap<ManifestLine, LineTokens>();

function lineTokens(line: ManifestLine): LineTokens {
  let tokens = remembered.get(line);
  if (!tokens) {
    tokens = tokensOf(line);
    remembered.set(line, tokens);
  }
  return tokens;
}

function tokensOf(line: ManifestLine): LineTokens {
  switch (line.kind) {
    case 'comment':
      return [line.span.start, line.span.end - line.span.start, COMMENT, 0];
    case 'header':
      return [line.span.start, line.span.end - line.span.start, SECTION, 0];
    case 'entry':
      return entryTokens(line);
    default:
      return NONE;
  }
}

function entryTokens(entry: EntryLine): LineTokens {
  const tokens: LineTokens = [];
  putPath(tokens, entry, entry.guest, GUEST, DEFINITION);
  tokens.push(entry.colon, 1, OPERATOR, 0);
  if (entry.isLink || entry.isVerbatim) {
    tokens.push(entry.host.start, entry.isLink ? 2 : 1, KEYWORD, 0);
  }
  putPath(tokens, entry, entry.path, entry.isLink ? GUEST : HOST, 0);
  return tokens;
}

/** The path in pieces: text, and its variables and wildcards. */
function putPath(tokens: LineTokens, entry: EntryLine, piece: Piece, type: number, modifiers: number): void {
  const special: { span: Span; type: number }[] = entry.variables
    .filter(({ start }) => start >= piece.start && start < piece.end)
    .map((span) => ({ span, type: VARIABLE }));
  if (entry.wildcard === 'tree') {
    special.push({ span: { start: piece.end - 2, end: piece.end }, type: KEYWORD });
  } else if (entry.wildcard === 'base') {
    const start = type === HOST ? piece.end - 1 : piece.start + piece.text.indexOf('/&/') + 1;
    special.push({ span: { start, end: start + 1 }, type: KEYWORD });
  }
  let at = piece.start;
  for (const { span, type: specialType } of special.sort((a, b) => a.span.start - b.span.start)) {
    if (span.start > at) {
      tokens.push(at, span.start - at, type, modifiers);
    }
    tokens.push(span.start, span.end - span.start, specialType, 0);
    at = span.end;
  }
  if (piece.end > at) {
    tokens.push(at, piece.end - at, type, modifiers);
  }
}

/** As LSP encodes them, for the lines from `first` up to `last` (inclusive). */
export function semanticTokens(document: ManifestDocument, first = 0, last = Number.MAX_SAFE_INTEGER): number[] {
  const data: number[] = [];
  const { lines } = document.manifest;
  if (document.isForeign) {
    return data;
  }
  let previousLine = 0;
  const end = Math.min(last, lines.length - 1);
  for (let number = first; number <= end; number++) {
    const line = lines[number];
    const tokens = line ? lineTokens(line) : NONE;
    let previousColumn = 0;
    for (let at = 0; at < tokens.length; at += 4) {
      const column = tokens[at] ?? 0;
      data.push(
        number - previousLine,
        column - previousColumn,
        tokens[at + 1] ?? 0,
        tokens[at + 2] ?? 0,
        tokens[at + 3] ?? 0,
      );
      previousLine = number;
      previousColumn = column;
    }
  }
  return data;
}
