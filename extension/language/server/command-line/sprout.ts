/**
 * Sprout's command line, parsed as kernel/core/command_line.cc parses it, with the same sentences: options, then programs; quotes,
 * variables, comments; `;`, `&` and a line's end. Like the kernel it stops at the first error. (test/kernel compares the two.)
 */
import * as l10n from '@vscode/l10n';
import { nearest } from '../spelling.ts';
import type { CommandLine, Dialect, Problem, Program, Word } from './model.ts';
import {
  isInRange,
  type SproutOption,
  sproutOptions,
  sproutPrograms,
  TRACE_KINDS,
  workloadWords,
} from './sprout-options.ts';

const MAX_TEXT = 8192;
const MAX_WORDS = 512;
const MAX_PROGRAMS = 64;
const ENVIRONMENT_CAPACITY = 4096;

const OPTION_NAMES = sproutOptions.map(({ name }) => name);
const PROGRAM_NAMES = sproutPrograms.map(({ name }) => name);
const WORKLOAD_NAMES = workloadWords.map(({ name }) => name);

/** Ends the parsing: the error was told. */
class Stop extends Error {}

class Parser {
  readonly #text: string;
  readonly #line: CommandLine = { words: [], programs: [], problems: [] };
  readonly #environment = new Map<string, string>();
  #position = 0;
  #used = 0;
  #wordCount = 0;
  #environmentUsed = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): CommandLine {
    try {
      while (this.#position < this.#text.length) {
        this.#parseProgram();
      }
    } catch (error) {
      if (!(error instanceof Stop)) {
        throw error;
      }
    }
    return this.#line;
  }

  #fail(start: number, end: number, message: string, replacement?: string): never {
    const problem: Problem = { start, end: Math.max(end, start + 1), severity: 'error', message: `${message}.` };
    this.#line.problems.push(replacement === undefined ? problem : { ...problem, replacement });
    throw new Stop();
  }

  get #next(): string {
    return this.#text[this.#position] ?? '';
  }

  #endsWord(): boolean {
    return this.#position >= this.#text.length || /[ \t\r;&\n]/.test(this.#next);
  }

  #skipBlanksAndComment(): void {
    while (/[ \t\r]/.test(this.#next)) {
      this.#position++;
    }
    if (this.#next !== '#') {
      return;
    }
    const end = this.#text.indexOf('\n', this.#position);
    this.#position = end < 0 ? this.#text.length : end;
  }

  #put(text: string): string {
    this.#used += Buffer.byteLength(text);
    if (this.#used > MAX_TEXT) {
      this.#fail(
        this.#position,
        this.#position,
        l10n.t('the command line is too long: 8192 characters with its variables'),
      );
    }
    return text;
  }

  #countWord(): void {
    if (this.#wordCount++ === MAX_WORDS) {
      this.#fail(this.#position, this.#position, l10n.t('the command line has too many words: 512 at most'));
    }
  }

  /** Precondition: at a `$`. */
  #takeVariable(): string {
    const start = this.#position;
    const match = /^\$(\{?)(\w*)(\}?)/.exec(this.#text.slice(start)) ?? ['$', '', '', ''];
    const [, open = '', name = '', close = ''] = match;
    const isName = /^[A-Za-z_]/.test(name);
    if (open !== '') {
      if (!isName || close === '') {
        this.#fail(start, start + 2 + name.length, l10n.t("{0} must be followed by a name and '}'", `'\${'`));
      }
      this.#position += name.length + 3;
    } else if (isName) {
      this.#position += name.length + 1;
    } else {
      this.#position++;
      return this.#put('$');
    }
    return this.#put(this.#environment.get(name) ?? '');
  }

  #takeCharacter(quote: string): string {
    if (this.#next === '$' && quote !== "'") {
      return this.#takeVariable();
    }
    if (this.#next === '\\' && quote !== "'") {
      if (this.#position + 1 === this.#text.length) {
        this.#fail(this.#position, this.#position + 1, l10n.t('a backslash at the very end keeps nothing'));
      }
      this.#position++;
    }
    if (this.#next === '\0') {
      this.#fail(this.#position, this.#position + 1, l10n.t('a zero byte is no text'));
    }
    const character = this.#put(this.#next);
    this.#position++;
    return character;
  }

  /** The next word; undefined at the program's end. */
  #takeWord(): Word | undefined {
    for (;;) {
      this.#skipBlanksAndComment();
      const start = this.#position;
      if (this.#endsWord()) {
        return undefined;
      }
      let text = '';
      let isQuoted = false;
      while (!this.#endsWord()) {
        const quote = this.#next;
        if (quote !== "'" && quote !== '"') {
          text += this.#takeCharacter('');
          continue;
        }
        isQuoted = true;
        text += this.#takeQuoted(quote);
      }
      if (text !== '' || isQuoted) {
        this.#put('\0');
        return { start, end: this.#position, text, role: 'argument' };
      }
    }
  }

  #takeQuoted(quote: string): string {
    const start = this.#position++;
    let text = '';
    while (this.#position < this.#text.length && this.#next !== quote) {
      text += this.#takeCharacter(quote);
    }
    if (this.#position >= this.#text.length) {
      this.#fail(start, this.#position, l10n.t('this quote is never closed'));
    }
    this.#position++;
    return text;
  }

  #takeOption(word: Word): void {
    const [, name = '', value] = /^--([^=]*)(?:=([\s\S]*))?$/.exec(word.text) ?? [];
    const option = sproutOptions.find((one) => one.name === name);
    this.#line.words.push(option ? { ...word, role: 'option', option } : { ...word, role: 'option' });
    if (!option) {
      const near = nearest(name, OPTION_NAMES);
      const replacement = near === undefined ? undefined : `--${near}${value === undefined ? '' : `=${value}`}`;
      this.#fail(word.start, word.end, l10n.t('there is no option --{0}; --help lists them', name), replacement);
    }
    const valueWord = value === undefined && option.value === 'needed' ? this.#takeWord() : undefined;
    if (valueWord) {
      this.#line.words.push({ ...valueWord, role: 'value', option });
    }
    const given = value ?? valueWord?.text;
    if (option.value === 'needed' && given === undefined) {
      this.#fail(word.start, word.end, l10n.t('a value is missing after --{0}', name));
    }
    if (option.value === 'none' && given !== undefined) {
      this.#fail(word.start, word.end, l10n.t('no value can be given to --{0}', name));
    }
    const end = valueWord?.end ?? word.end;
    if (given !== undefined && !this.#accepts(option, given, valueWord ?? word)) {
      this.#fail(word.start, end, l10n.t('the value of --{0} must be {1}', name, option.expected));
    }
  }

  #accepts(option: SproutOption, value: string, word: Word): boolean {
    if (option.name === 'env') {
      return this.#setVariable(value, word);
    }
    if (option.isList) {
      return value.split(',').every((kind) => Object.hasOwn(TRACE_KINDS, kind));
    }
    if (option.least !== undefined && option.most !== undefined) {
      return isInRange(value, option.least, option.most);
    }
    return option.choices?.some((one) => one.value === value) ?? true;
  }

  #setVariable(assignment: string, word: Word): boolean {
    const match = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(assignment);
    const [, name = '', value = ''] = match ?? [];
    const size = (text: string) => Buffer.byteLength(text) + 2;
    const before = this.#environment.get(name);
    if (!match) {
      return false;
    }
    const used = this.#environmentUsed - (before === undefined ? 0 : size(name + before)) + size(name + value);
    if (used > ENVIRONMENT_CAPACITY) {
      this.#fail(word.start, word.end, l10n.t('the variables are too long: 4096 characters at most'));
    }
    this.#environmentUsed = used;
    this.#environment.set(name, value);
    return true;
  }

  #parseProgram(): void {
    const program: Program = { words: [], isBackground: false };
    const words: Word[] = [];
    let mayBeOption = true;
    for (let word = this.#takeWord(); word; word = this.#takeWord()) {
      if (mayBeOption && word.text.startsWith('--')) {
        if (word.text === '--') {
          mayBeOption = false;
        } else {
          this.#takeOption(word);
        }
        continue;
      }
      mayBeOption = false;
      this.#countWord();
      words.push(word);
      program.words.push(word.text);
      const role = program.words.length === 1 ? 'program' : 'argument';
      this.#line.words.push({ ...word, role, program: program.words[0] ?? '' });
    }
    const end = this.#position;
    if (end < this.#text.length) {
      program.isBackground = this.#next === '&';
      this.#position++;
    }
    if (words.length === 0) {
      if (program.isBackground) {
        this.#fail(end, end + 1, "there is no program before '&'");
      }
      return;
    }
    if (this.#line.programs.length === MAX_PROGRAMS) {
      this.#fail(end, end + 1, l10n.t('the command line has too many programs: 64 at most'));
    }
    this.#line.programs.push(program);
    this.#countWord();
    this.#checkProgram(words);
  }

  /** What the program itself would find wrong, once it runs. */
  #checkProgram([name, ...rest]: Word[]): void {
    if (name?.text === 'workload') {
      const problem = workloadProblem(rest);
      if (problem) {
        this.#line.problems.push(problem);
      }
    }
    const near = name && !PROGRAM_NAMES.includes(name.text) ? nearest(name.text, PROGRAM_NAMES) : undefined;
    if (name && near !== undefined) {
      const message = l10n.t('Sprout itself has no program {0}: was {1} meant?', name.text, near);
      this.#line.problems.push({ ...name, severity: 'warning', message, replacement: near });
    }
  }
}

/** The first word that kernel/workload/options.cc refuses. */
export function workloadProblem(words: readonly Word[]): Problem | undefined {
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (!word) {
      break;
    }
    const hasDashes = word.text.startsWith('--');
    const [, name = '', value] = /^(?:--)?([^=]*)(?:=([\s\S]*))?$/.exec(word.text) ?? [];
    const known = workloadWords.find((one) => one.name === name);
    if (!known || (known.value === 'none' && value !== undefined)) {
      const near = known ? name : nearest(name, WORKLOAD_NAMES);
      const message = l10n.t('The workload has no word {0}; it takes {1}.', word.text, WORKLOAD_NAMES.join(', '));
      const problem: Problem = { start: word.start, end: word.end, severity: 'error', message };
      return near === undefined
        ? problem
        : {
            ...problem,
            replacement: `${hasDashes ? '--' : ''}${near}${value !== undefined && !known ? `=${value}` : ''}`,
          };
    }
    if (known.value === 'none' || (known.value === 'optional' && value === undefined)) {
      continue;
    }
    const next = value === undefined && hasDashes ? words[at + 1] : undefined;
    at += next ? 1 : 0;
    const given = value ?? next?.text ?? '';
    if (!(known.hasForever && given === 'forever') && !isInRange(given, known.least, known.most)) {
      const facts = [name, known.least, known.most] as const;
      const message = known.hasForever
        ? l10n.t('The value of {0} must be a number from {1} to {2}, or forever.', ...facts)
        : l10n.t('The value of {0} must be a number from {1} to {2}.', ...facts);
      return { start: word.start, end: next?.end ?? word.end, severity: 'error', message };
    }
  }
  return undefined;
}

export const sprout: Dialect = {
  kernel: 'sprout',
  title: 'Sprout',
  options: sproutOptions,
  programs: sproutPrograms,
  hasSeparateValues: true,
  parse: (text) => new Parser(text).parse(),
};
