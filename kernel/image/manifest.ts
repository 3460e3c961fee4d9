/**
 * Image manifests: what files of the host go where in the guest. Pure; the image builder and the language server share it.
 *
 *     [manifest]
 *     /usr/lib/libgcc_s.so.1: %(libgcc_s_dir)s/libgcc_s.so.1      a file, or an empty folder when the host has a folder there
 *     /&/etc/hosts: ../../static/&                                & stands for what follows it in the guest's path
 *     /etc/mnttab: ->/proc/mounts                                 a symbolic link
 *     /app/**: ${MODULE_DIR}/app/**                               every file below a folder
 *     /a: !b                                                      b itself, where b is a link that would be followed
 *
 * As OSv's scripts/manifest_common.py reads it: a comment takes a whole line, the first colon with a blank behind it divides, a
 * later line wins. Every line stands for itself, so a changed text is parsed by its changed lines alone.
 */

/** Columns of a line, in UTF-16 units from 0; `end` is exclusive. */
export interface Span {
  start: number;
  end: number;
}

/** A piece of a line without the blanks around it. */
export interface Piece extends Span {
  text: string;
}

/** `${NAME}`, which scripts/module.py replaces, or `%(NAME)s`, which the image tools replace. */
export interface Variable extends Span {
  style: 'module' | 'define';
  name: Piece;
}

export type ProblemCode =
  | 'no-divider'
  | 'no-guest'
  | 'no-host'
  | 'ignored-text'
  | 'lone-tree'
  | 'lone-base'
  | 'link-blank'
  | 'link-empty'
  | 'link-wildcard'
  | 'greedy-variables'
  | 'stray-percent'
  | 'open-variable';

/** What is wrong with a line by itself. */
export interface LineProblem extends Span {
  code: ProblemCode;
}

export interface BlankLine {
  kind: 'blank';
}
export interface CommentLine {
  kind: 'comment';
  span: Span;
}
export interface HeaderLine {
  kind: 'header';
  span: Span;
}
/** A line that no tool can read. */
export interface BrokenLine {
  kind: 'broken';
  text: Piece;
  /** The colon that lacks its blank, -1 when there is none. */
  colon: number;
  problems: LineProblem[];
}
export interface EntryLine {
  kind: 'entry';
  guest: Piece;
  /** The column of the colon that divides. */
  colon: number;
  /** The right side, with its `->` or `!`. */
  host: Piece;
  /** The right side without its `->` or `!`. */
  path: Piece;
  isLink: boolean;
  /** `!`: the host's path is taken as it is, its symbolic links are not followed. */
  isVerbatim: boolean;
  /** `tree`: everything below a folder, by `**` on both sides. `base`: by `&` on both sides. */
  wildcard: 'none' | 'tree' | 'base';
  variables: Variable[];
  problems: LineProblem[];
}
export type ManifestLine = BlankLine | CommentLine | HeaderLine | BrokenLine | EntryLine;

export interface Manifest {
  /** The lines without their ends. */
  texts: readonly string[];
  lines: readonly ManifestLine[];
}

const BLANK: BlankLine = { kind: 'blank' };
const TREE = '/**';
/** Longer lines are broken lines: no path is as long. */
export const MAX_LINE_LENGTH = 16_384;

function piece(line: string, start: number, end: number): Piece {
  let from = start;
  let to = end;
  while (from < to && isBlank(line.charCodeAt(from))) {
    from++;
  }
  while (to > from && isBlank(line.charCodeAt(to - 1))) {
    to--;
  }
  return { start: from, end: to, text: line.slice(from, to) };
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

/** Parses one line, without its end. Never throws. */
export function parseLine(line: string): ManifestLine {
  const whole = piece(line, 0, line.length);
  if (whole.text === '') {
    return BLANK;
  }
  if (whole.text.startsWith('#')) {
    return { kind: 'comment', span: { start: whole.start, end: whole.end } };
  }
  if (whole.text === '[manifest]') {
    return { kind: 'header', span: { start: whole.start, end: whole.end } };
  }
  const readable = line.slice(0, whole.end);
  const divider = readable.indexOf(': ');
  if (divider < 0 || line.length > MAX_LINE_LENGTH) {
    return broken(whole);
  }
  return parseEntry(readable, divider);
}

function broken(whole: Piece): BrokenLine {
  const colon = whole.text.indexOf(':');
  const isLast = colon === whole.text.length - 1;
  return {
    kind: 'broken',
    text: whole,
    colon: colon < 0 ? -1 : whole.start + colon,
    problems: [{ code: colon > 0 && isLast ? 'no-host' : 'no-divider', start: whole.start, end: whole.end }],
  };
}

function parseEntry(line: string, divider: number): EntryLine {
  const second = line.indexOf(': ', divider + 2);
  const guest = piece(line, 0, divider);
  const host = piece(line, divider + 2, second < 0 ? line.length : second);
  const isLink = host.text.startsWith('->');
  const isVerbatim = host.text.startsWith('!');
  const path = piece(line, host.start + (isLink ? 2 : isVerbatim ? 1 : 0), host.end);
  const entry: EntryLine = {
    kind: 'entry',
    guest,
    colon: divider,
    host,
    path,
    isLink,
    isVerbatim,
    wildcard: 'none',
    variables: [],
    problems: [],
  };
  if (second >= 0) {
    entry.problems.push({ code: 'ignored-text', start: second, end: line.length });
  }
  if (guest.text === '') {
    entry.problems.push({ code: 'no-guest', start: divider, end: divider + 1 });
  }
  if (host.text === '') {
    entry.problems.push({ code: 'no-host', start: divider, end: divider + 1 });
  }
  if (line.includes('$') || line.includes('%')) {
    findVariables(line, entry);
  }
  if (isLink) {
    checkLink(entry);
  } else {
    findWildcard(entry);
  }
  return entry;
}

function checkLink(entry: EntryLine): void {
  const { guest, host, path } = entry;
  if (path.text === '') {
    entry.problems.push({ code: 'link-empty', start: host.start, end: host.end });
  } else if (path.start > host.start + 2) {
    entry.problems.push({ code: 'link-blank', start: host.start + 2, end: path.start });
  }
  if (guest.text.endsWith(TREE) || guest.text.includes('/&/')) {
    entry.problems.push({ code: 'link-wildcard', start: guest.start, end: guest.end });
  }
}

function findWildcard(entry: EntryLine): void {
  const { guest, path, host } = entry;
  const trees = [guest.text.endsWith(TREE), host.text.endsWith(TREE)];
  const bases = [guest.text.includes('/&/'), host.text.endsWith('/&')];
  if (trees[0] && trees[1]) {
    entry.wildcard = 'tree';
  } else if (trees[0] || trees[1]) {
    const lone = trees[0] ? guest : path;
    entry.problems.push({ code: 'lone-tree', start: lone.end - 2, end: lone.end });
  } else if (bases[0] && bases[1]) {
    entry.wildcard = 'base';
  } else if (bases[0] || bases[1]) {
    const start = bases[0] ? guest.start + guest.text.indexOf('/&/') + 1 : path.end - 1;
    entry.problems.push({ code: 'lone-base', start, end: start + 1 });
  }
}

function findVariables(line: string, entry: EntryLine): void {
  let modules = 0;
  for (const match of line.matchAll(/\$\{([^}]*)(\}?)|%\(([^)]*)(\)?)(s?)|%%|%/g)) {
    const { index, 0: all } = match;
    const span = { start: index, end: index + all.length };
    if (match[1] !== undefined) {
      if (match[2] === '') {
        entry.problems.push({ code: 'open-variable', ...span });
        continue;
      }
      entry.variables.push(variable('module', match[1], span));
      if (++modules === 2) {
        entry.problems.push({ code: 'greedy-variables', start: entry.variables[0]?.start ?? index, end: span.end });
      }
    } else if (index < entry.host.start || all === '%%') {
      // Only the right side is formatted.
    } else if (match[3] === undefined) {
      entry.problems.push({ code: 'stray-percent', ...span });
    } else if (match[4] === '' || match[5] === '') {
      entry.problems.push({ code: 'open-variable', ...span });
    } else {
      entry.variables.push(variable('define', match[3], span));
    }
  }
}

function variable(style: Variable['style'], name: string, span: Span): Variable {
  const start = span.start + 2;
  return { style, ...span, name: { text: name, start, end: start + name.length } };
}

/** The lines of a text, without their ends (`\n`, `\r\n`, `\r`). */
export function splitLines(text: string): string[] {
  return text.split(/\r\n|\n|\r/);
}

/**
 * Parses a whole manifest. With `previous` (the same text before a change) the lines that are equal at both ends are taken over as
 * the same objects.
 */
export function parseManifest(text: string, previous?: Manifest): Manifest {
  const texts = splitLines(text);
  if (!previous) {
    return { texts, lines: texts.map(parseLine) };
  }
  const old = previous.texts;
  const shorter = Math.min(old.length, texts.length);
  let head = 0;
  while (head < shorter && old[head] === texts[head]) {
    head++;
  }
  let tail = 0;
  while (tail < shorter - head && old[old.length - 1 - tail] === texts[texts.length - 1 - tail]) {
    tail++;
  }
  const lines = [
    ...previous.lines.slice(0, head),
    ...texts.slice(head, texts.length - tail).map(parseLine),
    ...previous.lines.slice(old.length - tail),
  ];
  return { texts, lines };
}

/**
 * The name of the other format when the text is another kind of manifest that uses the same file name (Windows' XML, Java's,
 * HTML's application cache, JSON), judged by its first line that says something.
 */
export function foreignFormat(manifest: Manifest): string | undefined {
  const first = manifest.texts.find((text) => text.trim() !== '')?.trim() ?? '';
  if (first.startsWith('<') || first.startsWith('\uFEFF<')) {
    return 'XML';
  }
  if (/^[{[]\s*("|$)/.test(first)) {
    return 'JSON';
  }
  if (/^Manifest-Version:/i.test(first)) {
    return 'Java';
  }
  return /^CACHE MANIFEST\b/.test(first) ? 'application cache' : undefined;
}
