/** Diagnostics, hover, completion and quick fixes of the kernel command lines in a launch configuration. */
import * as l10n from '@vscode/l10n';
import {
  type CodeAction,
  CodeActionKind,
  type CompletionItem,
  CompletionItemKind,
  type CompletionList,
  type Diagnostic,
  DiagnosticSeverity,
  type Hover,
  type Position,
  type Range,
} from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { SOURCE } from '../manifest/diagnostics.ts';
import { type EmbeddedLine, findCommandLines } from './launch-file.ts';
import type { Dialect, Option, Word } from './model.ts';

interface Parsed {
  version: number;
  kernel: string | undefined;
  lines: EmbeddedLine[];
}
const remembered = new WeakMap<TextDocument, Parsed>();

function linesOf(document: TextDocument, kernel: string | undefined): EmbeddedLine[] {
  const before = remembered.get(document);
  if (before?.version === document.version && before.kernel === kernel) {
    return before.lines;
  }
  const lines = findCommandLines(document.getText(), kernel);
  remembered.set(document, { version: document.version, kernel, lines });
  return lines;
}

function rangeOf(document: TextDocument, line: EmbeddedLine, start: number, end: number): Range {
  const last = line.offsets.at(-1) ?? 0;
  return {
    start: document.positionAt(line.offsets[start] ?? last),
    end: document.positionAt(line.offsets[end] ?? last),
  };
}

const severities = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
} as const;

export function commandLineDiagnostics(document: TextDocument, kernel: string | undefined): Diagnostic[] {
  return linesOf(document, kernel).flatMap((line) =>
    (line.dialect?.parse(line.text).problems ?? []).map(({ start, end, severity, message, replacement }) => ({
      range: rangeOf(document, line, start, end),
      severity: severities[severity],
      source: SOURCE,
      code: 'command-line',
      message: `${message[0]?.toUpperCase() ?? ''}${message.slice(1)}`,
      ...(replacement !== undefined && { data: { replacement } }),
    })),
  );
}

export function commandLineActions(document: TextDocument, given: readonly Diagnostic[]): CodeAction[] {
  return given.flatMap((diagnostic) => {
    const replacement = (diagnostic.data as { replacement?: unknown } | undefined)?.replacement;
    if (diagnostic.source !== SOURCE || typeof replacement !== 'string') {
      return [];
    }
    const newText = JSON.stringify(replacement).slice(1, -1);
    return [
      {
        title: l10n.t('Change it to "{0}"', replacement),
        kind: CodeActionKind.QuickFix,
        diagnostics: [diagnostic],
        isPreferred: true,
        edit: { changes: { [document.uri]: [{ range: diagnostic.range, newText }] } },
      },
    ];
  });
}

/** The command line at a place, and the offset in it. */
function lineAt(document: TextDocument, kernel: string | undefined, position: Position) {
  const offset = document.offsetAt(position);
  for (const line of linesOf(document, kernel)) {
    const first = line.offsets[0] ?? 0;
    const last = line.offsets.at(-1) ?? 0;
    if (offset >= first && offset <= last && line.dialect) {
      const at = line.offsets.findIndex((one) => one >= offset);
      return { line, dialect: line.dialect, at: at < 0 ? line.text.length : at };
    }
  }
  return undefined;
}

function optionText(dialect: Dialect, option: Option, dashes: string): string {
  const value =
    option.value === 'none' ? '' : option.value === 'optional' ? '[=N]' : `=${option.form ?? choicesText(option)}`;
  const choices = (option.choices ?? []).map((one) => `- \`${one.value}\`: ${one.documentation}`).join('\n');
  const name = `\`${dashes}${option.name}${value}\``;
  return `${name} (${dialect.title})\n\n${option.documentation}${choices ? `\n\n${choices}` : ''}`;
}

function choicesText(option: Option): string {
  return (option.choices ?? []).map((one) => one.value).join('|') || 'VALUE';
}

export function commandLineHover(
  document: TextDocument,
  kernel: string | undefined,
  position: Position,
): Hover | undefined {
  const found = lineAt(document, kernel, position);
  const word = found?.dialect
    .parse(found.line.text)
    .words.find(({ start, end }) => start <= found.at && found.at <= end);
  const value = found && word && hoverText(found.dialect, word);
  return value
    ? { contents: { kind: 'markdown', value }, range: rangeOf(document, found.line, word.start, word.end) }
    : undefined;
}

function hoverText(dialect: Dialect, word: Word): string | undefined {
  if (word.option) {
    return optionText(dialect, word.option, '--');
  }
  const program = dialect.programs.find(({ name }) => name === (word.program ?? word.text));
  if (word.role === 'program') {
    return (
      program && `${l10n.t('{0}, a program of {1}', `\`${program.name}\``, dialect.title)}\n\n${program.documentation}`
    );
  }
  const [, dashes = '', name = ''] = /^(--)?([^=]*)/.exec(word.text) ?? [];
  const option = program?.words.find((one) => one.name === name);
  return option && optionText(dialect, option, dashes);
}

export function commandLineCompletion(
  document: TextDocument,
  kernel: string | undefined,
  position: Position,
): CompletionList {
  const found = lineAt(document, kernel, position);
  if (!found) {
    return { isIncomplete: false, items: [] };
  }
  const { line, dialect, at } = found;
  const before = line.text.slice(0, at);
  const start = before.search(/[^\s;&]*$/);
  const end = at + (line.text.slice(at).match(/^[^\s;&,]*/)?.[0].length ?? 0);
  const typed = before.slice(start);
  const { words } = dialect.parse(before.slice(0, start));
  const last = words.at(-1);
  // What ended a program (`;`, `&`, a line's end) begins the next.
  const isAfterProgram = last?.program !== undefined && !/[;&!\n]/.test(before.slice(last.end, start));
  const program = isAfterProgram ? dialect.programs.find(({ name }) => name === last.program) : undefined;
  const offered: readonly Option[] = isAfterProgram ? (program?.words ?? []) : dialect.options;
  const pending =
    dialect.hasSeparateValues && last?.role === 'option' && last.option?.value === 'needed' ? last : undefined;
  if (pending?.option && !pending.text.includes('=')) {
    return values(document, line, pending.option, start, at, end);
  }
  const equals = typed.indexOf('=');
  const option =
    equals < 0 ? undefined : offered.find(({ name }) => name === typed.slice(0, equals).replace(/^--/, ''));
  if (equals >= 0) {
    return option ? values(document, line, option, start + equals + 1, at, end) : { isIncomplete: false, items: [] };
  }
  const range = rangeOf(document, line, start, end);
  const items = offered.map((one) =>
    optionItem(dialect, one, range, isAfterProgram && !typed.startsWith('-') ? '' : '--'),
  );
  if (!isAfterProgram) {
    items.push(...dialect.programs.map((one) => programItem(one, range)));
  }
  return { isIncomplete: false, items };
}

function optionItem(dialect: Dialect, option: Option, range: Range, dashes: string): CompletionItem {
  const text = `${dashes}${option.name}${option.value === 'needed' ? '=' : ''}`;
  const item: CompletionItem = {
    label: text,
    kind: CompletionItemKind.Property,
    detail: `${dialect.title}: ${option.form ?? option.choices?.map((one) => one.value).join(' | ') ?? ''}`.replace(
      /: $/,
      '',
    ),
    documentation: { kind: 'markdown', value: optionText(dialect, option, dashes) },
    filterText: text,
    textEdit: { range, newText: text },
  };
  if (option.choices) {
    item.command = { title: l10n.t('Suggest'), command: 'editor.action.triggerSuggest' };
  }
  return item;
}

function programItem(program: Dialect['programs'][number], range: Range): CompletionItem {
  return {
    label: program.name,
    kind: CompletionItemKind.Function,
    documentation: { kind: 'markdown', value: program.documentation },
    filterText: program.name,
    textEdit: { range, newText: program.name },
  };
}

/** The choices of a value that begins at `start`; of a list, of its last part. */
function values(
  document: TextDocument,
  line: EmbeddedLine,
  option: Option,
  start: number,
  at: number,
  end: number,
): CompletionList {
  const comma = option.isList ? line.text.slice(start, at).lastIndexOf(',') + 1 : 0;
  const range = rangeOf(document, line, start + comma, Math.max(end, start + comma));
  const items = (option.choices ?? []).map((one) => ({
    label: one.value,
    kind: CompletionItemKind.EnumMember,
    documentation: one.documentation,
    filterText: one.value,
    textEdit: { range, newText: one.value },
  }));
  return { isIncomplete: false, items };
}
