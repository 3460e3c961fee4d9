/**
 * Values over C, C++ and assembly while a kernel is debugged. At a stop VS Code asks the adapter itself, and is told here what an
 * expression is; while the guest runs it asks nobody, so the hover is ours: the value, what a pointer points to, and a way to pin it.
 */
import * as vscode from 'vscode';
import type { LiveValue } from '../../debug-adapter/protocol.ts';
import { request, type Sessions } from '../sessions.ts';
import { escapeMarkdown } from '../views/node.ts';
import { expressionAt, type FoundExpression, registerAt } from './expression-at.ts';

const ASSEMBLY = ['asm', 'asm-intel-x86-generic', 'gas'];
const LANGUAGES = ['c', 'cpp', ...ASSEMBLY].map((language): vscode.DocumentFilter => ({ language }));
const POINTER = /^\s*(?:\([^)]*\)\s*)?(0x[0-9a-f]{4,16})\b/i;

export function registerLiveHover(sessions: Sessions): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.languages.registerEvaluatableExpressionProvider(LANGUAGES, {
      provideEvaluatableExpression: (document, position) => {
        const found = sessions.current && find(document, position);
        return found && new vscode.EvaluatableExpression(rangeOf(found, position), found.text);
      },
    }),
    vscode.languages.registerHoverProvider(LANGUAGES, {
      provideHover: (document, position) => hover(sessions, document, position),
    }),
  );
}

function find(document: vscode.TextDocument, position: vscode.Position): FoundExpression | undefined {
  const { text } = document.lineAt(position.line);
  const register = ASSEMBLY.includes(document.languageId) ? registerAt(text, position.character) : undefined;
  return register ?? expressionAt(text, position.character);
}

function rangeOf({ start, end }: FoundExpression, { line }: vscode.Position): vscode.Range {
  return new vscode.Range(line, start, line, end);
}

/** Undefined for what has no value: most names in a source have none, and that is no failure. */
async function hover(
  sessions: Sessions,
  document: vscode.TextDocument,
  position: vscode.Position,
): Promise<vscode.Hover | undefined> {
  const session = sessions.current;
  const found = session && find(document, position);
  if (!session || !found) {
    return undefined;
  }
  try {
    const source = { path: document.uri.fsPath, line: position.line + 1 };
    const value = await request(session, 'unikernel/liveValue', { expression: found.text, source });
    const what = await identify(session, found.text, value);
    return new vscode.Hover(describe(value, what), rangeOf(found, position));
  } catch {
    return undefined;
  }
}

/** What the address that a value is, or that was written, leads to. */
async function identify(session: vscode.DebugSession, text: string, value: LiveValue): Promise<string | undefined> {
  const address = POINTER.exec(text)?.[1] ?? POINTER.exec(value.value)?.[1];
  if (address === undefined) {
    return undefined;
  }
  try {
    return (await request(session, 'unikernel/identify', { address })).description;
  } catch {
    // A kernel that is not known has values all the same.
    return undefined;
  }
}

function describe({ expression, value, type }: LiveValue, what: string | undefined): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.appendCodeblock(value, 'cpp');
  if (what !== undefined) {
    text.appendMarkdown(`→ ${escapeMarkdown(what)}\n\n`);
  }
  const pin = `command:unikernel.liveWatch.add?${encodeURIComponent(JSON.stringify([expression]))}`;
  text.appendMarkdown(`${escapeMarkdown(type)} · [${vscode.l10n.t('Add to Live Watch')}](${pin})`);
  text.isTrusted = { enabledCommands: ['unikernel.liveWatch.add'] };
  return text;
}
