/** What the parsers of kernel command lines tell. Offsets are UTF-16 units of the command line. */
import type { Span } from '../../../../kernel/image/manifest.ts';

/** An option of a kernel, or a word that a program takes. */
export interface Option {
  /** Without dashes. */
  name: string;
  value: 'none' | 'optional' | 'needed';
  /** Values that can be told one by one. */
  choices?: readonly { value: string; documentation: string }[];
  /** Several choices divided by commas. */
  isList?: boolean;
  /** What a value looks like, for people: `1..8`, `NAME=VALUE`. */
  form?: string;
  /** Markdown. */
  documentation: string;
}

export interface Word extends Span {
  /** As the kernel sees it: without quotes, variables replaced. */
  text: string;
  role: 'option' | 'value' | 'program' | 'argument';
  /** The option that the word is, or of which it is the value. */
  option?: Option;
  /** The program to whose words it belongs. */
  program?: string;
}

export interface Problem extends Span {
  severity: 'error' | 'warning' | 'information';
  message: string;
  /** What it could be changed to. */
  replacement?: string;
}

export interface Program {
  words: string[];
  isBackground: boolean;
}

export interface CommandLine {
  words: Word[];
  programs: Program[];
  problems: Problem[];
}

/** A kernel's command line. */
export interface Dialect {
  kernel: 'sprout' | 'osv';
  title: string;
  options: readonly Option[];
  programs: readonly { name: string; documentation: string; words: readonly Option[] }[];
  /** Whether an option's value may be the next word. */
  hasSeparateValues: boolean;
  parse(text: string): CommandLine;
}
