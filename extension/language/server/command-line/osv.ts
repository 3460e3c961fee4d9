/**
 * OSv's command line, parsed as loader.cc, core/options.cc and core/commands.cc do: options up to the first word without a dash,
 * then programs, divided by `;`, `&` (a thread of its own), `!` and `&!`. An option that OSv cannot read makes it power off.
 */
import * as l10n from '@vscode/l10n';
import { nearest } from '../spelling.ts';
import type { CommandLine, Dialect, Problem, Word } from './model.ts';
import { type OsvOption, osvOptions } from './osv-options.ts';

const NAMES = osvOptions.map(({ name }) => name);

function parse(text: string): CommandLine {
  const line: CommandLine = { words: [], programs: [], problems: [] };
  const end = parseOptions(text, line);
  parsePrograms(text, end, line);
  checkOptions(line);
  if (line.programs.length === 0 && line.problems.length === 0) {
    const message = l10n.t('No program is named: OSv would say "Nothing to run" and power off.');
    line.problems.push({ start: 0, end: text.length, severity: 'warning', message });
  }
  return line;
}

/** A backslash keeps a blank; there are no quotes. Returns where the programs begin. */
function parseOptions(text: string, line: CommandLine): number {
  const blanks = /[ \t\n]*/y;
  const token = /(?:\\[\s\S]|[^ \t\n\\])+/y;
  for (let at = 0; ; ) {
    blanks.lastIndex = at;
    at += blanks.exec(text)?.[0].length ?? 0;
    token.lastIndex = at;
    const raw = text[at] === '-' ? token.exec(text)?.[0] : undefined;
    if (raw === undefined) {
      return at;
    }
    const word: Word = { start: at, end: at + raw.length, text: raw.replace(/\\([\s\S])/g, '$1'), role: 'option' };
    const option = osvOptions.find(({ name }) => name === nameOf(word));
    line.words.push(option ? { ...word, option } : word);
    at += raw.length;
  }
}

function nameOf(word: Word): string {
  return word.text.replace(/^--/, '').split('=', 1)[0] ?? '';
}

function givenValue(word: Word): string | undefined {
  const equals = word.text.indexOf('=');
  return equals < 0 ? undefined : word.text.slice(equals + 1);
}

function parsePrograms(text: string, start: number, line: CommandLine): void {
  const token = /\s*(?:"((?:\\[\s\S]|[^"\\])*)"|((?:\\[\s\S]|[^\s;&!\\])+)|(;|&!|&|!))/y;
  let words: string[] = [];
  const finish = (isBackground: boolean) => {
    if (words.length > 0) {
      line.programs.push({ words, isBackground });
    }
    words = [];
  };
  token.lastIndex = start;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    if (match[3] !== undefined) {
      finish(match[3] !== ';');
      continue;
    }
    const raw = match[1] === undefined ? (match[2] ?? '') : `"${match[1]}"`;
    const word = (match[1] ?? match[2] ?? '').replace(/\\([\\'"])/g, '$1');
    words.push(word);
    const role = words.length === 1 ? 'program' : 'argument';
    const end = token.lastIndex;
    line.words.push({ start: end - raw.length, end, text: word, role, program: words[0] ?? '' });
  }
  finish(false);
}

function checkOptions(line: CommandLine): void {
  const seen = new Map<string, Word>();
  for (const word of line.words) {
    const problem = word.role === 'option' ? checkOption(word, line, seen) : checkMisplaced(word);
    if (problem) {
      line.problems.push({ start: word.start, end: word.end, ...problem });
    }
    if (word.role === 'option' && !seen.has(nameOf(word))) {
      seen.set(nameOf(word), word);
    }
  }
}

type Found = Omit<Problem, 'start' | 'end'>;

function error(message: string, replacement?: string): Found {
  return replacement === undefined ? { severity: 'error', message } : { severity: 'error', message, replacement };
}

function checkOption(word: Word, line: CommandLine, seen: Map<string, Word>): Found | undefined {
  if (!word.text.startsWith('--')) {
    return error(
      l10n.t('OSv’s options begin with two dashes: it cannot read {0} and powers off.', word.text),
      `-${word.text}`,
    );
  }
  const name = nameOf(word);
  const value = givenValue(word);
  const option = word.option as OsvOption | undefined;
  if (!option) {
    const near = nearest(name, NAMES);
    const replacement = near && `--${near}${value === undefined ? '' : `=${value}`}`;
    return error(l10n.t('OSv has no option --{0}: it powers off.', name), replacement);
  }
  const before = seen.get(name);
  if (before && (givenValue(before) === undefined) !== (value === undefined)) {
    return error(l10n.t('--{0} is given with a value and without one: OSv powers off.', name));
  }
  if (option.value === 'none') {
    return value === undefined
      ? checkNeeds(option, line)
      : error(l10n.t('--{0} takes no value: OSv powers off.', name), `--${name}`);
  }
  if (!value) {
    return error(l10n.t('--{0} needs a value, --{0}={1}: without one OSv powers off.', name, option.form ?? 'VALUE'));
  }
  if (before && option.isSingle) {
    return { severity: 'warning', message: l10n.t('Only the first --{0} counts.', name) };
  }
  return checkValue(option, value);
}

function checkNeeds({ name, needs }: OsvOption, line: CommandLine): Found | undefined {
  const isThere = line.words.some((word) => word.role === 'option' && nameOf(word) === needs && givenValue(word));
  return needs === undefined || isThere
    ? undefined
    : error(l10n.t('--{0} is known only together with --{1}=…: OSv powers off.', name, needs));
}

function checkValue(option: OsvOption, value: string): Found | undefined {
  const { name, kind, choices } = option;
  if (kind === 'integer' && !/^\s*[+-]?\d+$/.test(value)) {
    return error(l10n.t('--{0} needs a whole number: OSv powers off.', name));
  }
  if (kind === 'number' && !/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value)) {
    return error(l10n.t('--{0} needs a number: OSv powers off.', name));
  }
  const parts = value.split(',');
  if (kind === 'mount' && (parts.length !== 3 || parts.some((part) => part === ''))) {
    return { severity: 'warning', message: l10n.t('--{0} needs TYPE,URL,PATH: OSv ignores anything else.', name) };
  }
  if (!choices || option.isList || choices.some((one) => one.value === value)) {
    return undefined;
  }
  const near = nearest(
    value,
    choices.map((one) => one.value),
  );
  const known = choices.map((one) => one.value).join(', ');
  const found: Found =
    name === 'console'
      ? error(l10n.t('There is no console {0} ({1}): OSv aborts.', value, known))
      : {
          severity: 'warning',
          message: l10n.t('OSv knows no file system {0} ({1}) and tries each that it knows.', value, known),
        };
  return near === undefined ? found : { ...found, replacement: `--${name}=${near}` };
}

function checkMisplaced(word: Word): Found | undefined {
  const option = word.text.startsWith('--') ? osvOptions.find(({ name }) => name === nameOf(word)) : undefined;
  return option?.isUnmistakable
    ? {
        severity: 'information',
        message: l10n.t('This is handed to {0}: OSv’s own options stand before the first program.', word.program ?? ''),
      }
    : undefined;
}

export const osv: Dialect = {
  kernel: 'osv',
  title: 'OSv',
  options: osvOptions,
  programs: [],
  hasSeparateValues: false,
  parse,
};
