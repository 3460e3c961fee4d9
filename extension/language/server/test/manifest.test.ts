/** The language server on image manifests, over a real connection to its process. */
import { chmodSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  CodeAction,
  CodeLens,
  CompletionItem,
  CompletionList,
  Diagnostic,
  DocumentLink,
  FoldingRange,
  Hover,
  Location,
  LocationLink,
  SemanticTokens,
  SemanticTokensDelta,
  TextEdit,
  WorkspaceEdit,
} from 'vscode-languageserver/node';
import { Client } from './client.ts';

let client: Client;
beforeAll(async () => {
  client = await Client.start({ settings: { variables: { MINE: 'files' } } });
  client.write('files/hello', 'x'.repeat(2_000));
  client.write('files/100% real', 'x');
  client.write('files/tree/one', 'xx');
  client.write('files/tree/deep/two', 'x'.repeat(40));
});
afterAll(() => client?.stop());

let count = 0;
async function open(lines: string[]): Promise<string> {
  return await client.open(`${count++}.manifest`, lines.join('\n'));
}

/** The diagnostics that come in the end: the host is looked at behind the first ones. */
async function codesOf(uri: string, expected: string[]): Promise<Diagnostic[]> {
  return await client.diagnostics(uri, (codes) => codes.join() === expected.join());
}

async function hoverText(uri: string, marked: string): Promise<string> {
  const hover = await client.at<Hover | null>('hover', uri, marked);
  return typeof hover?.contents === 'object' && 'value' in hover.contents ? hover.contents.value : '';
}

async function labels(uri: string, marked: string): Promise<string[]> {
  const { items } = await client.at<CompletionList>('completion', uri, marked);
  return items.map(({ label }) => label);
}

test('only manifests are formatted, coloured and so on; command lines have their part', async () => {
  await client.until(
    () => client.registrations.length >= 13,
    () => `${client.registrations.length} are registered`,
  );
  const of = (method: string) =>
    client.registrations.find((one) => one.method === `textDocument/${method}`)?.registerOptions as {
      documentSelector: object[];
    };
  expect(of('formatting').documentSelector).toEqual([{ language: 'unikernel-manifest' }]);
  expect(of('semanticTokens').documentSelector).toEqual([{ language: 'unikernel-manifest' }]);
  expect(of('hover').documentSelector).toHaveLength(3);
});

describe('diagnostics', () => {
  test('of the host: missing files, empty trees, variables', async () => {
    const uri = await open([
      '/a: files/hello',
      '/b: files/helo',
      '/c/**: files/nothing/**',
      `/d: $\{MINE}/hello`,
      `/e: $\{YOURS}/hello`,
      '/f: files/100%% real',
    ]);
    const found = await codesOf(uri, ['missing-host', 'empty-tree', 'undefined-variable']);
    expect(found.map(({ range }) => client.slice(uri, range))).toEqual(['files/helo', 'files/nothing/**', `$\{YOURS}`]);
  });

  test('follow an edit, and forget a closed document', async () => {
    const uri = await open(['/a: files/hello', '/a: files/hello']);
    await codesOf(uri, ['duplicate']);
    await client.edit(uri, [
      { range: { start: { line: 1, character: 1 }, end: { line: 1, character: 2 } }, newText: 'b' },
    ]);
    await codesOf(uri, []);
  });

  test('a file that comes into being is seen after a build', async () => {
    const uri = await open(['/late: files/late']);
    await codesOf(uri, ['missing-host']);
    client.write('files/late', 'x');
    await client.connection.sendNotification('unikernel/hostChanged');
    await codesOf(uri, []);
  });

  test('other settings are taken over', async () => {
    const uri = await open([`/a: $\{LATER}/hello`]);
    await codesOf(uri, ['undefined-variable']);
    client.settings = { variables: { MINE: 'files', LATER: 'files' } };
    await client.connection.sendNotification('workspace/didChangeConfiguration', { settings: null });
    await codesOf(uri, []);
  });

  test('nothing is said of another kind of manifest', async () => {
    const uri = await open(['<?xml version="1.0"?>', '<a: b>', '</a>']);
    await codesOf(uri, []);
    expect(await client.ask<TextEdit[]>('formatting', uri, { options: {} })).toEqual([]);
    expect(await client.ask<CodeLens[]>('codeLens', uri)).toEqual([]);
  });

  test('an OSv module knows its variables, and what its Makefile makes is not missing', async () => {
    for (const file of ['loader.cc', 'core/mempool.cc', 'scripts/build', 'apps/one/source.txt']) {
      client.write(`osv/${file}`, '');
    }
    client.write('osv/apps/one/Makefile', 'module: hello\nhello: hello.c\n');
    const text = [
      `/hello: $\{MODULE_DIR}/hello`,
      `/source: $\{OSV_BASE}/apps/one/source.txt`,
      '/libfoo.so: libfoo.so',
      '/lib: %(libgcc_s_dir)s/libgcc_s.so.1',
      '/bad: %(nothing)s/x',
    ];
    const uri = await client.open('osv/apps/one/usr.manifest', text.join('\n'));
    await codesOf(uri, ['undefined-variable']);
    client.write('osv/apps/one/hello', 'built');
    await client.edit(uri, [
      {
        range: { start: { line: 4, character: 0 }, end: { line: 4, character: 40 } },
        newText: `/b: $\{MODULE_DIR}/sauce.txt`,
      },
    ]);
    await client.connection.sendNotification('unikernel/hostChanged');
    await codesOf(uri, ['missing-host']);
  });
});

describe('completion', () => {
  test('host paths from the disk, with sizes when one is looked at', async () => {
    const uri = await open(['/a: files/', '/b: ', '/t/**: files/tr', '/d: files/100']);
    const { items } = await client.at<CompletionList>('completion', uri, '/a: files/|');
    expect(items.map(({ label }) => label).sort()).toEqual(expect.arrayContaining(['100%% real', 'hello', 'tree/']));
    const hello = items.find(({ label }) => label === 'hello');
    const resolved = await client.connection.sendRequest<CompletionItem>('completionItem/resolve', hello);
    expect(resolved.detail).toBe('2.0 KiB');
    expect(await labels(uri, '/b: |')).toEqual(
      expect.arrayContaining(['->', `$\{MINE}`, '%(libgcc_s_dir)s', 'files/']),
    );
    expect(await labels(uri, '/t/**: files/tr|')).toEqual(expect.arrayContaining(['**', 'tree/']));
  });

  test('an accepted item leaves a path that exists', async () => {
    const uri = await open(['/d: files/100']);
    await codesOf(uri, ['missing-host']);
    const { items } = await client.at<CompletionList>('completion', uri, '/d: files/100|');
    const item = items.find(({ label }) => label.startsWith('100'));
    await client.edit(uri, [item?.textEdit as TextEdit]);
    expect(client.text(uri)).toBe('/d: files/100%% real');
    await codesOf(uri, []);
  });

  test('guest folders, link targets, and nothing in a comment', async () => {
    const uri = await open(['/usr/lib/a: files/hello', '/l: ->/us', '/u', '# /x: ']);
    expect(await labels(uri, '/l: ->/us|')).toEqual(['/usr/lib/a']);
    expect(await labels(uri, '\n/u|')).toEqual(expect.arrayContaining(['/usr/', '/usr/lib/', '[manifest]', 'link']));
    expect(await labels(uri, '# /x: |')).toEqual([]);
  });
});

describe('hover', () => {
  test('files, folders, trees, links, variables', async () => {
    const uri = await open([
      '/a: files/hello',
      '/b: files/tree',
      '/t/**: files/tree/**',
      '/l: ->a',
      `/v: $\{MINE}/hello`,
      '/no: files/no',
    ]);
    await codesOf(uri, ['missing-host']);
    expect(await hoverText(uri, 'files/hel|lo')).toContain('**2.0 KiB** (2,000 bytes)');
    expect(await hoverText(uri, '/b|: ')).toContain('empty folder');
    expect(await hoverText(uri, 'files/tree/*|*')).toContain('**42 B** in 2 files');
    expect(await hoverText(uri, '->|a')).toContain(
      `symbolic link to \`/a\`, which comes from \`${client.path('files/hello')}`,
    );
    expect(await hoverText(uri, `$\{MI|NE}`)).toContain('`files`');
    expect(await hoverText(uri, 'files/no|')).toContain('Not on this host');
  });
});

test('document links open the host’s files, those that are there, also when they are asked for at once', async () => {
  client.write('files/only-linked', 'x');
  const uri = await open(['/a: files/only-linked', '/b: files/no', '/t/**: files/tree/**', '/l: ->/a']);
  const links = await client.ask<DocumentLink[]>('documentLink', uri);
  expect(links.map(({ range, target }) => [client.slice(uri, range), target])).toEqual([
    ['files/only-linked', client.uri('files/only-linked')],
  ]);
});

describe('definition and references', () => {
  const lines = [
    '/usr/lib/a: files/hello',
    '/l: ->/usr/lib/a',
    '/usr/m: ->lib/a',
    '/t/**: files/tree/**',
    '/n: ->/t/deep/two',
  ];

  test('a link’s target leads to its entry, also into a tree; a host path to its file', async () => {
    const uri = await open(lines);
    const [toEntry] = await client.at<LocationLink[]>('definition', uri, '->/usr/|lib/a');
    expect(toEntry?.targetSelectionRange.start).toEqual({ line: 0, character: 0 });
    const [toTree] = await client.at<LocationLink[]>('definition', uri, '->/t/deep/|two');
    expect(toTree?.targetSelectionRange.start.line).toBe(3);
    const [toFile] = await client.at<LocationLink[]>('definition', uri, 'files/|hello');
    expect(toFile?.targetUri).toBe(client.uri('files/hello'));
    expect(await client.at<LocationLink[]>('definition', uri, '/t/**|')).toEqual([]);
  });

  test('references of a file, of a folder, of a variable', async () => {
    const uri = await open([...lines, `/v: $\{MINE}/hello`, `/w: $\{MINE}/tree/one`]);
    const places = async (marked: string) => {
      const found = await client.at<Location[]>('references', uri, marked, { context: { includeDeclaration: true } });
      return found.map(({ range }) => `${range.start.line}:${range.start.character} ${client.slice(uri, range)}`);
    };
    expect(await places('/usr/lib/a|: ')).toEqual(['0:9 a', '1:15 a', '2:14 a']);
    expect(await places('/usr/li|b/a: ')).toEqual(['0:5 lib', '1:11 lib', '2:10 lib']);
    expect(await places(`/v: $\{MI|NE}`)).toEqual(['5:6 MINE', '6:6 MINE']);
  });
});

describe('rename', () => {
  test('of a guest folder, with the links to it', async () => {
    const uri = await open([
      '/usr/lib/a: files/hello',
      '/l: ->/usr/lib/a',
      '/usr/m: ->lib/a',
      '/usr/library: files/hello',
    ]);
    const edit = await client.at<WorkspaceEdit>('rename', uri, '/usr/l|ib/a: ', { newName: 'lib64' });
    await client.edit(uri, edit.changes?.[uri] ?? []);
    expect(client.text(uri).split('\n')).toEqual([
      '/usr/lib64/a: files/hello',
      '/l: ->/usr/lib64/a',
      '/usr/m: ->lib64/a',
      '/usr/library: files/hello',
    ]);
  });

  test('what cannot be renamed is told in a sentence', async () => {
    const uri = await open(['/a: files/hello', '/b: %(libgcc_s_dir)s/x']);
    await expect(client.at('prepareRename', uri, 'files/|hello')).rejects.toThrow('the host’s files cannot');
    await expect(client.at('prepareRename', uri, '%(lib|gcc')).rejects.toThrow(
      'OSv’s build itself defines libgcc_s_dir',
    );
    await expect(client.at('rename', uri, '/a|: ', { newName: 'b: c' })).rejects.toThrow('A guest path has no blank');
    expect(await client.at('prepareRename', uri, '/a|: ')).toMatchObject({ placeholder: 'a' });
  });
});

test('formatting keeps what the tools read', async () => {
  const uri = await open(['  [manifest] ', '/a :    files/hello  ', '', '', ' # c', '/x: a: b', '/l: ->/a']);
  await client.edit(
    uri,
    await client.ask<TextEdit[]>('formatting', uri, { options: { tabSize: 2, insertSpaces: true } }),
  );
  expect(client.text(uri)).toBe('[manifest]\n/a: files/hello\n\n# c\n/x: a: b\n/l: ->/a\n');
  expect(await client.ask('formatting', uri, { options: { tabSize: 2, insertSpaces: true } })).toEqual([]);
});

test('semantic tokens: all, a range, and only the difference after an edit', async () => {
  const uri = await open(['# c', '/a: ->/b', `/t/**: $\{MINE}/**`]);
  const full = await client.ask<SemanticTokens>('semanticTokens/full', uri);
  expect(full.data).toEqual([
    ...[0, 0, 3, 0, 0],
    ...[1, 0, 2, 2, 1, 0, 2, 1, 5, 0, 0, 2, 2, 6, 0, 0, 2, 2, 2, 0],
    ...[1, 0, 3, 2, 1, 0, 3, 2, 6, 0, 0, 2, 1, 5, 0, 0, 2, 7, 4, 0, 0, 7, 1, 3, 0, 0, 1, 2, 6, 0],
  ]);
  const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 3 } };
  expect((await client.ask<SemanticTokens>('semanticTokens/range', uri, { range })).data).toEqual([0, 0, 3, 0, 0]);
  await client.edit(uri, [
    { range: { start: { line: 1, character: 2 }, end: { line: 1, character: 2 } }, newText: 'aa' },
  ]);
  const previousResultId = full.resultId;
  const { edits } = await client.ask<SemanticTokensDelta>('semanticTokens/full/delta', uri, { previousResultId });
  expect(edits).toHaveLength(1);
  const patched = edits.reduce(
    (data, edit) => data.toSpliced(edit.start, edit.deleteCount, ...(edit.data ?? [])),
    full.data,
  );
  expect(patched).toEqual((await client.ask<SemanticTokens>('semanticTokens/full', uri)).data);
});

test('folding of comments and of what they head', async () => {
  const uri = await open(['# one', '# two', '/a: b', '/c: d', '', '# head', '/e: f', '/g: h', '', '/i: j']);
  const ranges = await client.ask<FoldingRange[]>('foldingRange', uri);
  expect(ranges.map(({ startLine, endLine, kind }) => [startLine, endLine, kind])).toEqual([
    [0, 1, 'comment'],
    [2, 3, 'region'],
    [5, 7, 'region'],
  ]);
});

test('the code lens tells the size of the image: each guest path once', async () => {
  const uri = await open([
    '# c',
    '[manifest]',
    '/a: files/hello',
    '/a: files/tree/one',
    '/t/**: files/tree/**',
    '/t/one: files/hello',
    '/l: ->/a',
    '/e: files/tree',
  ]);
  await codesOf(uri, ['duplicate']);
  const title = async () => {
    const [lens] = await client.ask<CodeLens[]>('codeLens', uri);
    expect(lens?.range.start.line).toBe(1);
    const resolved = await client.connection.sendRequest<CodeLens>('codeLens/resolve', lens);
    return resolved.command?.title;
  };
  // /a 2, /t/one 2,000 (replaces the tree's), /t/deep/two 40
  await expect.poll(title).toBe('Image: 2.0 KiB in 3 files, 1 link, 1 empty folder');
});

describe('quick fixes', () => {
  async function fix(lines: string[], expected: string[], title: string | RegExp): Promise<string> {
    const uri = await open(lines);
    const diagnostics = await codesOf(uri, expected);
    const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
    const actions = await client.ask<CodeAction[]>('codeAction', uri, { range, context: { diagnostics } });
    const action = actions.find((one) => (typeof title === 'string' ? one.title === title : title.test(one.title)));
    expect(actions.map((one) => one.title)).toContain(action?.title);
    await client.edit(uri, action?.edit?.changes?.[uri] ?? []);
    return client.text(uri);
  }

  test.each<[string, string[], string[], string, string[]]>([
    [
      'a colon without its blank',
      ['/a:files/hello'],
      ['no-divider'],
      'Put a blank behind the colon',
      ['/a: files/hello'],
    ],
    ['a blank in a link', ['/a: -> /proc/x'], ['link-blank'], 'Remove the blank behind "->"', ['/a: ->/proc/x']],
    ['a mistyped file', ['/a: files/helo'], ['missing-host'], 'Change it to "hello"', ['/a: files/hello']],
    [
      'a mistyped variable',
      [`/a: $\{MINEE}/hello`],
      ['undefined-variable'],
      'Change it to "MINE"',
      [`/a: $\{MINE}/hello`],
    ],
    ['a lone **', ['/t/**: files/tree'], ['lone-tree'], 'End both sides with "/**"', ['/t/**: files/tree/**']],
    ['a lone &', ['/&/hello: files'], ['lone-base'], 'End the host’s path with "/&"', ['/&/hello: files/&']],
    ['a lone %', ['/a: files/100% real'], ['stray-percent'], 'Write "%%"', ['/a: files/100%% real']],
    [
      'a duplicate',
      ['/a: files/hello', '/a: files/late2'],
      ['duplicate', 'missing-host'],
      'Remove the later line instead',
      ['/a: files/hello'],
    ],
    [
      'a file that a tree replaces',
      ['/t/one: files/hello', '/t/**: files/tree/**'],
      ['shadowed'],
      'Move it below line 2, so that it wins',
      ['/t/**: files/tree/**', '/t/one: files/hello'],
    ],
    ['a link to itself', ['/a: ->/a', '/b: files/hello'], ['link-to-itself'], 'Remove the line', ['/b: files/hello']],
  ])('%s', async (_, lines, codes, title, mended) => {
    expect(await fix(lines, codes, title)).toBe(mended.join('\n'));
  });

  test('all at once, what has one clear mend', async () => {
    const lines = ['/a:files/hello', '/l: -> /proc/x', '/b: files/hello', '/b: files/hello', '/c: files/gone'];
    const codes = ['no-divider', 'link-blank', 'duplicate', 'missing-host'];
    expect(await fix(lines, codes, /^Fix all/)).toBe(
      ['/a: files/hello', '/l: ->/proc/x', '/b: files/hello', '/c: files/gone'].join('\n'),
    );
  });
});

test('a folder that cannot be read is no failure', async () => {
  client.write('closed/file', 'x');
  chmodSync(client.path('closed'), 0o000);
  try {
    const uri = await open(['/c/**: closed/**', '/d: closed/']);
    await codesOf(uri, []);
    expect(await labels(uri, '/d: closed/|')).toEqual(process.getuid?.() === 0 ? ['file'] : []);
  } finally {
    chmodSync(client.path('closed'), 0o700);
  }
});

test('a client that registers nothing by itself is told everything at the start', async () => {
  await using other = await Client.start({ capabilities: {} });
  expect(other.initialized).toMatchObject({
    capabilities: { hoverProvider: true, renameProvider: { prepareProvider: true } },
  });
  expect(other.registrations).toEqual([]);
});

test('the server ends when it is told to, and when its client is gone', async () => {
  const other = await Client.start();
  await other.stop();
  expect(other.exitCode).toBe(0);
});
