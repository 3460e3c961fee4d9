import { describe, expect, test } from 'vitest';
import { type EntryLine, foreignFormat, MAX_LINE_LENGTH, parseLine, parseManifest } from './manifest.ts';

function entry(line: string): EntryLine {
  const parsed = parseLine(line);
  if (parsed.kind !== 'entry') {
    throw new Error(`${line} is ${parsed.kind}`);
  }
  return parsed;
}

function codes(line: string): string[] {
  const parsed = parseLine(line);
  return parsed.kind === 'entry' || parsed.kind === 'broken' ? parsed.problems.map(({ code }) => code) : [];
}

describe('a line', () => {
  test.each([
    ['', 'blank'],
    [' \t', 'blank'],
    ['# comment: yes', 'comment'],
    ['\t#', 'comment'],
    ['[manifest]', 'header'],
    ['  [manifest]  ', 'header'],
    ['[other]', 'broken'],
    ['/a: b', 'entry'],
    ['/a:b', 'broken'],
    ['/a:', 'broken'],
    ['/a:\tb', 'broken'],
  ])('%j is %s', (line, kind) => {
    expect(parseLine(line).kind).toBe(kind);
  });

  test('pieces and their columns', () => {
    const line = entry('  /a :   dir/b  ');
    expect(line.guest).toEqual({ text: '/a', start: 2, end: 4 });
    expect(line.colon).toBe(5);
    expect(line.host).toEqual({ text: 'dir/b', start: 9, end: 14 });
  });

  test('the first colon with a blank behind it divides', () => {
    expect(entry('/a:b: c:d').guest.text).toBe('/a:b');
    expect(entry('/a:b: c:d').host.text).toBe('c:d');
    expect(entry('/a: b: c').host.text).toBe('b');
  });

  test('links and paths that are taken as they are', () => {
    expect(entry('/a: ->/b')).toMatchObject({ isLink: true, path: { text: '/b', start: 6, end: 8 } });
    expect(entry('/a: !b')).toMatchObject({ isVerbatim: true, isLink: false, path: { text: 'b' } });
  });

  test.each([
    ['/a/**: b/**', 'tree'],
    ['/**: **', 'none'],
    ['/&/etc/hosts: static/&', 'base'],
    ['/a: b', 'none'],
    ['/a/**: ->b/**', 'none'],
  ])('%s is %s', (line, wildcard) => {
    expect(entry(line).wildcard).toBe(wildcard);
  });

  test('variables of both styles', () => {
    const { variables } = entry(`/$\{A}: %(b)s/$\{C}`);
    expect(variables.map(({ style, name, start, end }) => [style, name.text, start, end])).toEqual([
      ['module', 'A', 1, 5],
      ['define', 'b', 7, 12],
      ['module', 'C', 13, 17],
    ]);
  });

  test.each([
    ['/a b', ['no-divider']],
    ['/a:b', ['no-divider']],
    ['/a:', ['no-host']],
    [': b', ['no-guest']],
    ['/a: b: c', ['ignored-text']],
    ['/a/**: b', ['lone-tree']],
    ['/a: b/**', ['lone-tree']],
    ['/&/a: b', ['lone-base']],
    ['/a: b/&', ['lone-base']],
    ['/a: -> /b', ['link-blank']],
    ['/a: ->', ['link-empty']],
    ['/a/**: ->/b', ['link-wildcard']],
    [`/a: $\{A}/$\{B}`, ['greedy-variables']],
    ['/a: 100%', ['stray-percent']],
    ['/a: 100%%', []],
    ['/100%: a', []],
    [`/a: $\{A`, ['open-variable']],
    ['/a: %(b)d', ['open-variable']],
    ['/a: b#c', []],
  ])('%s: %j', (line, expected) => {
    expect(codes(line)).toEqual(expected);
  });

  test('an endless line is broken, not slow', () => {
    const start = performance.now();
    expect(parseLine(`/a: ${'x'.repeat(MAX_LINE_LENGTH)}`).kind).toBe('broken');
    expect(parseLine(`/a: ${'%'.repeat(MAX_LINE_LENGTH - 10)}`).kind).toBe('entry');
    expect(performance.now() - start).toBeLessThan(200);
  });
});

describe('a manifest', () => {
  test('lines end with \\n, \\r\\n or \\r', () => {
    expect(parseManifest('/a: b\r\n/c: d\n\r/e: f').texts).toEqual(['/a: b', '/c: d', '', '/e: f']);
  });

  test('an edit leaves the other lines the same objects', () => {
    const before = parseManifest('/a: b\n/c: d\n/e: f\n/g: h');
    const after = parseManifest('/a: b\n/x: y\n/z: z\n/e: f\n/g: h', before);
    expect(after.lines.map((line) => before.lines.indexOf(line))).toEqual([0, -1, -1, 2, 3]);
    expect(after).toEqual(parseManifest('/a: b\n/x: y\n/z: z\n/e: f\n/g: h'));
  });

  test('any edit gives what parsing anew gives', () => {
    const pieces = ['/a: b', '', '#c', '/a: ->b', '[manifest]', 'x'];
    let state = 7;
    const random = (limit: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * limit);
    };
    let lines: string[] = [];
    let manifest = parseManifest('');
    for (let round = 0; round < 500; round++) {
      const inserted = Array.from({ length: random(4) }, () => pieces[random(pieces.length)] ?? '');
      lines = lines.toSpliced(random(lines.length + 1), random(4), ...inserted);
      manifest = parseManifest(lines.join('\n'), manifest);
      expect(manifest).toEqual(parseManifest(lines.join('\n')));
    }
  });

  test.each([
    ['<?xml version="1.0"?>\n<assembly>', 'XML'],
    ['\n{\n  "name": 1', 'JSON'],
    ['Manifest-Version: 1.0\nMain-Class: A', 'Java'],
    ['CACHE MANIFEST\n/a', 'application cache'],
    ['[manifest]\n/a: b', undefined],
    ['', undefined],
  ])('%j is of %s', (text, format) => {
    expect(foreignFormat(parseManifest(text))).toBe(format);
  });
});
