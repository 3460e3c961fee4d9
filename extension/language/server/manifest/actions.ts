/** Quick fixes: each mends one diagnostic; `source.fixAll` mends those that have one clear mend. */

import { basename, dirname } from 'node:path';
import * as l10n from '@vscode/l10n';
import {
  type CodeAction,
  CodeActionKind,
  type Diagnostic,
  type Range,
  type TextEdit,
} from 'vscode-languageserver/node';
import type { FindingCode } from '../../../../kernel/image/manifest-check.ts';
import { listFolder } from '../host-files.ts';
import { nearest } from '../spelling.ts';
import { diagnostics, type FindingData, SOURCE } from './diagnostics.ts';
import type { ManifestDocument } from './document.ts';

interface Mend {
  title: string;
  edits: TextEdit[];
  /** The only sensible one. */
  isPreferred?: boolean;
  /** Cannot change what the writer meant. */
  isSafe?: boolean;
}

const MAX_SIBLINGS = 5_000;

function insert(line: number, character: number, newText: string): TextEdit {
  return { range: { start: { line, character }, end: { line, character } }, newText };
}

function removeLine(document: ManifestDocument, line: number): TextEdit {
  const isLast = line + 1 >= document.manifest.lines.length;
  const length = document.text(line).length;
  if (!isLast) {
    return { range: { start: { line, character: 0 }, end: { line: line + 1, character: 0 } }, newText: '' };
  }
  const start = line > 0 ? { line: line - 1, character: document.text(line - 1).length } : { line, character: 0 };
  return { range: { start, end: { line, character: length } }, newText: '' };
}

function synchronousMends(document: ManifestDocument, diagnostic: Diagnostic): Mend[] {
  const { range } = diagnostic;
  const { line: number } = range.start;
  const line = document.line(number);
  const data = (diagnostic.data ?? {}) as FindingData;
  const remove = (title: string, isSafe = false): Mend => ({ title, edits: [removeLine(document, number)], isSafe });
  switch (diagnostic.code as FindingCode) {
    case 'no-divider':
      return line?.kind === 'broken' && line.colon > 0
        ? [
            {
              title: l10n.t('Put a blank behind the colon'),
              edits: [insert(number, line.colon + 1, ' ')],
              isPreferred: true,
              isSafe: true,
            },
          ]
        : [remove(l10n.t('Remove the line'))];
    case 'link-blank':
      return [
        {
          title: l10n.t('Remove the blank behind "->"'),
          edits: [{ range, newText: '' }],
          isPreferred: true,
          isSafe: true,
        },
      ];
    case 'ignored-text':
      return [
        { title: l10n.t('Remove what is ignored'), edits: [{ range, newText: '' }], isPreferred: true, isSafe: true },
      ];
    case 'stray-percent':
      return [{ title: l10n.t('Write "%%"'), edits: [{ range, newText: '%%' }], isPreferred: true }];
    case 'lone-tree':
    case 'lone-base':
      return line?.kind === 'entry' ? wildcardMends(document, number) : [];
    case 'duplicate':
      return [
        { ...remove(l10n.t('Remove this line, which is replaced'), diagnostic.tags !== undefined), isPreferred: true },
        ...removeOther(document, data, l10n.t('Remove the later line instead')),
      ];
    case 'shadowed':
      return [
        { ...remove(l10n.t('Remove this line, which is replaced')), isPreferred: true },
        moveBelow(document, number, data),
      ].filter((mend) => mend !== undefined);
    case 'link-to-itself':
    case 'link-cycle':
    case 'link-empty':
    case 'under-file':
      return [remove(l10n.t('Remove the line'))];
    case 'undefined-variable':
      return variableMends(document, diagnostic, data);
    default:
      return [];
  }
}

function removeOther(document: ManifestDocument, { relatedLine }: FindingData, title: string): Mend[] {
  return relatedLine === undefined ? [] : [{ title, edits: [removeLine(document, relatedLine)] }];
}

/** The line after the tree that replaces it, so that it wins. */
function moveBelow(document: ManifestDocument, line: number, { relatedLine }: FindingData): Mend | undefined {
  if (relatedLine === undefined) {
    return undefined;
  }
  const text = `\n${document.text(line)}`;
  const edits = [removeLine(document, line), insert(relatedLine, document.text(relatedLine).length, text)];
  return { title: l10n.t('Move it below line {0}, so that it wins', relatedLine + 1), edits };
}

function wildcardMends(document: ManifestDocument, number: number): Mend[] {
  const line = document.line(number);
  if (line?.kind !== 'entry') {
    return [];
  }
  if (line.problems.some(({ code }) => code === 'lone-tree')) {
    const lacking = line.guest.text.endsWith('/**') ? line.path : line.guest;
    return [
      { title: l10n.t('End both sides with "/**"'), edits: [insert(number, lacking.end, '/**')], isPreferred: true },
    ];
  }
  return line.guest.text.includes('/&/')
    ? [
        {
          title: l10n.t('End the host’s path with "/&"'),
          edits: [insert(number, line.path.end, '/&')],
          isPreferred: true,
        },
      ]
    : [
        {
          title: l10n.t('Begin the guest’s path with "/&"'),
          edits: [insert(number, line.guest.start, '/&')],
          isPreferred: true,
        },
      ];
}

function variableMends(document: ManifestDocument, { range }: Diagnostic, { subject = '' }: FindingData): Mend[] {
  const known = nearest(subject, document.surroundings?.variables.keys() ?? []);
  const start = { line: range.start.line, character: range.start.character + 2 };
  const name: Range = { start, end: { line: start.line, character: start.character + subject.length } };
  return known === undefined
    ? []
    : [{ title: l10n.t('Change it to "{0}"', known), edits: [{ range: name, newText: known }], isPreferred: true }];
}

/** The nearest name in the missing file's folder. */
async function fileMends(document: ManifestDocument, diagnostic: Diagnostic): Promise<Mend[]> {
  const { line: number } = diagnostic.range.start;
  const placed = document.placed(number);
  const path = placed && document.hostPath(placed.host);
  const mends: Mend[] = [{ title: l10n.t('Remove the line'), edits: [removeLine(document, number)] }];
  if (!placed || path === undefined || placed.entry.wildcard !== 'none') {
    return mends;
  }
  const { entries } = await listFolder(dirname(path), MAX_SIBLINGS);
  const near = nearest(
    basename(path),
    entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name),
  );
  const { text, start, end } = placed.entry.path;
  if (near !== undefined) {
    const from = start + text.lastIndexOf('/') + 1;
    const range = { start: { line: number, character: from }, end: { line: number, character: end } };
    mends.unshift({ title: l10n.t('Change it to "{0}"', near), edits: [{ range, newText: near }], isPreferred: true });
  }
  return mends;
}

/** The quick fixes for the diagnostics of a range. */
export async function codeActions(
  document: ManifestDocument,
  given: readonly Diagnostic[],
  only: readonly string[] | undefined,
): Promise<CodeAction[]> {
  const actions: CodeAction[] = [];
  const wants = (kind: string) => !only || only.some((one) => kind === one || kind.startsWith(`${one}.`));
  for (const diagnostic of wants(CodeActionKind.QuickFix) ? given : []) {
    if (diagnostic.source !== SOURCE) {
      continue;
    }
    const isFile = diagnostic.code === 'missing-host' || diagnostic.code === 'empty-tree';
    const mends = isFile ? await fileMends(document, diagnostic) : synchronousMends(document, diagnostic);
    for (const { title, edits, isPreferred } of mends) {
      const action: CodeAction = {
        title,
        kind: CodeActionKind.QuickFix,
        diagnostics: [diagnostic],
        edit: { changes: { [document.uri]: edits } },
      };
      if (isPreferred) {
        action.isPreferred = true;
      }
      actions.push(action);
    }
  }
  const edits = wants(CodeActionKind.SourceFixAll) ? safeEdits(document) : [];
  if (edits.length > 0) {
    actions.push({
      title: l10n.t('Fix all that has one clear mend'),
      kind: `${CodeActionKind.SourceFixAll}.unikernel`,
      edit: { changes: { [document.uri]: edits } },
    });
  }
  return actions;
}

/** The edits that mend everything that has one clear mend, at most one in a line. */
function safeEdits(document: ManifestDocument): TextEdit[] {
  const edits = new Map<number, TextEdit[]>();
  for (const diagnostic of diagnostics(document)) {
    const { line } = diagnostic.range.start;
    const mend = synchronousMends(document, diagnostic).find(({ isSafe }) => isSafe);
    if (mend && !edits.has(line)) {
      edits.set(line, mend.edits);
    }
  }
  return [...edits.values()].flat();
}
