import { describe, expect, test } from 'vitest';
import { parseManifest } from './manifest.ts';
import { type CheckContext, checkManifest, type FileKind } from './manifest-check.ts';
import { layOut } from './manifest-layout.ts';

/** `host` by the path as written; of a tree's files, by folder and path. */
function check(
  lines: string[],
  host: Record<string, FileKind | 'made'> = {},
  more: Partial<CheckContext> = {},
): string[] {
  const manifest = parseManifest(lines.join('\n'));
  const context: CheckContext = {
    isKnown: ({ name }) => name.text === 'MODULE_DIR',
    host: (placed, below) => host[below === undefined ? placed.host : `${placed.host}/${below}`],
    isComplete: true,
    ...more,
  };
  return checkManifest(manifest, layOut(manifest), context).map(
    ({ line, code, severity }) => `${line} ${severity} ${code}`,
  );
}

test('nothing is said of what is not known', () => {
  expect(check(['[manifest]', '/a: b', '/c/**: d/**', '/e: ->/a', `/f: $\{MODULE_DIR}/f`])).toEqual([]);
});

describe('the host', () => {
  test('missing files and folders; those that a build makes are not missing', () => {
    const lines = ['/a: gone', '/b: /gone', '/c: made', '/d/**: gone/**', '/e/**: file/**', '/f: folder'];
    const host = { gone: 'missing', '/gone': 'missing', made: 'made', file: 'file', folder: 'folder' } as const;
    expect(check(lines, host)).toEqual([
      '0 error missing-host',
      '1 warning missing-host',
      '3 warning empty-tree',
      '4 warning empty-tree',
    ]);
  });

  test('a variable that nothing defines', () => {
    expect(check([`/a: $\{MODULE_DUR}/a`, '/b: %(x)s'])).toEqual([
      '0 error undefined-variable',
      '1 error undefined-variable',
    ]);
  });
});

describe('the guest', () => {
  test('told twice: with the same host path it is only unnecessary', () => {
    expect(check(['/a: b', '/a: c', '/x: y', '//x/: y'])).toEqual(['0 warning duplicate', '2 unnecessary duplicate']);
  });

  test('a later tree replaces a file; a file after a tree is on purpose', () => {
    const host = { tree: 'folder', 'tree/b': 'file' } as const;
    expect(check(['/a/b: mine', '/a/c: mine', '/a/**: tree/**'], host)).toEqual(['0 warning shadowed']);
    expect(check(['/a/**: tree/**', '/a/b: mine'], host)).toEqual([]);
  });

  test('nothing lies below a file or a link', () => {
    const lines = ['/a: file', '/a/b: x', '/l: ->/a', '/l/c/d: x', '/d: folder', '/d/e: x', '/**: tree/**'];
    expect(check(lines, { file: 'file', folder: 'folder', tree: 'folder' })).toEqual([
      '1 error under-file',
      '3 error under-file',
    ]);
  });
});

describe('links', () => {
  test('to themselves and in a circle', () => {
    expect(check(['/a: ->a', '/b: ->/c', '/c: ->d', '/d: ->/b', '/e: ->/b'])).toEqual([
      '0 error link-to-itself',
      '1 error link-cycle',
      '2 error link-cycle',
      '3 error link-cycle',
    ]);
  });

  test('to what nothing makes, where nothing else adds to the image', () => {
    const lines = ['/a: ->/nowhere', '/b: ->/proc/mounts', '/c: ->/d', '/d/e: f', '/g: ->/d/e'];
    expect(check(lines)).toEqual(['0 warning link-dangling']);
    expect(check(lines, {}, { isComplete: false })).toEqual([]);
  });

  test('a tree whose files are not known may hold the target', () => {
    const lines = ['/a: ->/t/x', '/t/**: tree/**'];
    expect(check(lines)).toEqual([]);
    expect(check(lines, { 'tree/x': 'file' })).toEqual([]);
    expect(check(lines, { 'tree/x': 'missing' })).toEqual(['0 warning link-dangling']);
  });
});

test('10,000 lines are checked in well under the time of a key press', () => {
  const lines = Array.from({ length: 10_000 }, (_, index) =>
    index % 10 === 0 ? `/l${index}: ->/d/${index + 1}` : `/d/${index}: host/${index}`,
  );
  const manifest = parseManifest(lines.join('\n'));
  const context: CheckContext = { isKnown: () => true, host: () => 'file', isComplete: true };
  checkManifest(manifest, layOut(manifest), context);
  const start = performance.now();
  expect(checkManifest(manifest, layOut(manifest), context)).toEqual([]);
  expect(performance.now() - start).toBeLessThan(250);
});
