/** Formatting: what OSv's tools read stays the same. Order, comments and lines that no tool can read are left alone. */
import type { TextEdit } from 'vscode-languageserver/node';
import type { ManifestLine } from '../../../../kernel/image/manifest.ts';
import type { ManifestDocument } from './document.ts';

/** The line as it should be. */
export function formattedLine(line: ManifestLine, text: string): string {
  switch (line.kind) {
    case 'blank':
      return '';
    case 'header':
      return '[manifest]';
    case 'comment':
      return text.trim();
    case 'entry':
      // Text that the tools ignore is the writer's to mend, and so is a side that is missing.
      return line.problems.some(({ code }) => code === 'ignored-text' || code === 'no-guest' || code === 'no-host')
        ? text
        : `${line.guest.text}: ${line.host.text}`;
    case 'broken':
      return text.trimEnd();
  }
}

/** The edits for the lines from `first` up to `last` (inclusive): at most one blank line in a row, one line end at the end. */
export function formattingEdits(document: ManifestDocument, first = 0, last = Number.MAX_SAFE_INTEGER): TextEdit[] {
  const { lines, texts } = document.manifest;
  if (document.isForeign) {
    return [];
  }
  const edits: TextEdit[] = [];
  const end = Math.min(last, lines.length - 1);
  for (let number = first; number <= end; number++) {
    const line = lines[number];
    const text = texts[number] ?? '';
    if (!line) {
      continue;
    }
    const isExtra = line.kind === 'blank' && number > first && lines[number - 1]?.kind === 'blank';
    if (isExtra) {
      const previous = { line: number - 1, character: (texts[number - 1] ?? '').length };
      edits.push({ range: { start: previous, end: { line: number, character: text.length } }, newText: '' });
      continue;
    }
    const wanted = formattedLine(line, text);
    if (wanted !== text) {
      edits.push({
        range: { start: { line: number, character: 0 }, end: { line: number, character: text.length } },
        newText: wanted,
      });
    }
  }
  const final = texts.at(-1) ?? '';
  if (end === lines.length - 1 && lines.at(-1)?.kind !== 'blank') {
    const position = { line: end, character: final.length };
    edits.push({ range: { start: position, end: position }, newText: '\n' });
  }
  return edits;
}
