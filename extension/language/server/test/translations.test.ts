/** Everything that the language server says can be said in the user's language. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type {
  CodeAction,
  CodeLens,
  CompletionItem,
  CompletionList,
  Diagnostic,
  Hover,
} from 'vscode-languageserver/node';
import { markedTexts, wordsOutside } from '../../../test/marked-language.ts';
import { Client } from './client.ts';

let client: Client;
beforeAll(async () => {
  client = await Client.start({ translations: markedTexts(), settings: { variables: { MINE: 'files' } } });
  client.write('files/hello', 'x'.repeat(2_000));
  client.write('files/tree/one', 'xx');
  client.write('files/tree/two', 'xx');
  client.write('sprout/CMakeLists.txt', 'project(sprout CXX)\n');
});
afterAll(() => client?.stop());

/** Texts of which a part is in no language but the server's own; code and names apart. */
function untold(texts: readonly string[]): string[] {
  expect(texts.length).toBeGreaterThan(0);
  const isOwn = (text: string): boolean =>
    wordsOutside(text.replace(/`[^`]*`|\*\*\w+\*\*/g, ' ')).some((word) => !['OSv', 'Sprout'].includes(word));
  return texts.filter(isOwn);
}

function documentation({ documentation: told }: CompletionItem): string {
  return typeof told === 'string' ? told : (told?.value ?? '');
}

async function fixTitles(uri: string, list: readonly Diagnostic[]): Promise<string[]> {
  const range = { start: { line: 0, character: 0 }, end: { line: 1000, character: 0 } };
  const actions = await client.ask<CodeAction[]>('codeAction', uri, { range, context: { diagnostics: list } });
  return actions.map(({ title }) => title);
}

async function hovers(uri: string, places: readonly string[]): Promise<string[]> {
  const told: string[] = [];
  for (const place of places) {
    const hover = await client.at<Hover | null>('hover', uri, place);
    told.push(hover && typeof hover.contents === 'object' && 'value' in hover.contents ? hover.contents.value : 'none');
  }
  return told;
}

const MISTAKES = [
  '[manifest]',
  '/no-divider:x',
  ': files/hello',
  '/no-host: ',
  '/ignored: files/hello: more',
  '/tree/**: files/hello',
  '/&/x: files/hello',
  '/blank: -> /x',
  '/empty: ->',
  '/all/**: ->/x',
  `/two: \${A}/\${B}`,
  '/percent: files/100% real',
  `/open: \${A`,
  `/unknown: \${MINNE}/hello`,
  '/helo: files/helo',
  '/trees/**: files/hello/**',
  '/hello: files/hello',
  '/hello: files/hello',
  '/hello: files/tree/one',
  '/t/one: files/hello',
  '/t/**: files/tree/**',
  '/below: files/hello',
  '/below/it: files/hello',
  '/link: ->/somewhere',
  '/link/it: files/hello',
  '/self: ->/self',
  '/round: ->/about',
  '/about: ->/round',
];

test('diagnostics of manifests and their quick fixes', async () => {
  const uri = await client.open('mistakes.manifest', MISTAKES.join('\n'));
  const list = await client.diagnostics(
    uri,
    (codes) => codes.includes('missing-host') && codes.includes('empty-tree') && codes.includes('shadowed'),
  );
  expect(new Set(list.map(({ code }) => code)).size).toBeGreaterThan(18);
  expect(untold(list.map(({ message }) => `${message}`))).toEqual([]);
  const related = list.flatMap(({ relatedInformation = [] }) => relatedInformation.map(({ message }) => message));
  expect(untold(related)).toEqual([]);
  expect(untold(await fixTitles(uri, list))).toEqual([]);
});

test('hovers, completion, code lenses and refusals of manifests', async () => {
  const lines = ['[manifest]', '/hello: files/hello', '/t/**: files/tree/**', '/it: ->/hello', '/none: files/none'];
  const uri = await client.open('good.manifest', [...lines, `/mine: \${MINE}/hello`, '/f: files/tree', ''].join('\n'));
  await client.diagnostics(uri, (codes) => codes.includes('missing-host'));
  const places = [
    '/hel|lo: files',
    'files/he|llo',
    'files/tr|ee/**',
    '->/he|llo',
    'files/no|ne',
    `\${MI|NE}`,
    '/f: files/tr|ee',
  ];
  expect(untold(await hovers(uri, places))).toEqual([]);
  for (const place of ['\n/|hello', 'hello: |files', '/it: ->|/hello']) {
    const { items } = await client.at<CompletionList>('completion', uri, place);
    expect(items.length).toBeGreaterThan(0);
    expect(items.flatMap((item) => wordsOutside(documentation(item).replace(/`[^`]*`/g, ' ')))).toEqual([]);
  }
  const lenses = await client.ask<CodeLens[]>('codeLens', uri);
  const resolved = await Promise.all(
    lenses.map((lens) => client.connection.sendRequest<CodeLens>('codeLens/resolve', lens)),
  );
  expect(untold(resolved.map(({ command }) => command?.title ?? ''))).toEqual([]);
  await expect(client.at('prepareRename', uri, 'files/he|llo')).rejects.toThrow(/^«/);
});

test('command lines: diagnostics, quick fixes, hovers and completion', async () => {
  const wrong: [kernel: string, commandLine: string][] = [
    ['sprout', '--panik=halt hello'],
    ['sprout', 'workload threads=0'],
    ['sprout', 'workload sekonds=0'],
    ['sprout', 'echo "a'],
    ['sprout', '--help=1'],
    ['sprout', '--smp=100 hello'],
    ['osv', '--rotfs=rofs /hello'],
    ['osv', '-verbose /hello'],
    ['osv', '--verbose=1 /hello'],
    ['osv', '--rootfs=xfs /hello'],
    ['osv', '--cwd=/a --cwd=/b /hello'],
    ['osv', '/hello --rootfs=zfs'],
    ['osv', '--verbose'],
  ];
  for (const [index, [kernel, commandLine]] of wrong.entries()) {
    const configuration = { type: 'unikernel', request: 'launch', name: 'x', kernel, commandLine };
    const text = JSON.stringify({ version: '0.2.0', configurations: [configuration] });
    const uri = await client.open(`w${index}/.vscode/launch.json`, text, 'jsonc');
    const list = await client.diagnostics(uri, (codes) => codes.length > 0);
    expect(untold(list.map(({ message }) => `${message}`))).toEqual([]);
    const titles = await fixTitles(uri, list);
    expect(titles.filter((title) => wordsOutside(title).length > 0)).toEqual([]);
  }
  const right = { sprout: '--panic=halt workload load=50', osv: '--rootfs=rofs --env=A=1 /hello' };
  for (const [kernel, commandLine] of Object.entries(right)) {
    const configuration = { type: 'unikernel', request: 'launch', name: 'x', kernel, commandLine };
    const text = JSON.stringify({ version: '0.2.0', configurations: [configuration] });
    const uri = await client.open(`${kernel}-right/.vscode/launch.json`, text, 'jsonc');
    const places = kernel === 'osv' ? ['--roo|tfs'] : ['--pan|ic', 'work|load', 'lo|ad='];
    expect(untold(await hovers(uri, places))).toEqual([]);
    const { items } = await client.at<CompletionList>('completion', uri, '"commandLine":"|');
    expect(items.length).toBeGreaterThan(5);
    expect(untold(items.map(documentation))).toEqual([]);
  }
});
