/** The documents are whole: what they link to is there, and what the manifest contributes is told. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readManifest, root } from './test/read-manifest.ts';

const documents = ['', 'docs', 'kernel', 'kernel/tests/host'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);
const text = new Map(documents.map((path) => [path, readFileSync(join(root, path), 'utf8')]));

/** What users read: the README and what it leads to. */
const told = [...text].flatMap(([path, content]) =>
  path === 'README.md' || path.startsWith('docs/') ? [content] : [],
);

/** Targets of links and pictures. */
function linksIn(content: string): string[] {
  const prose = content.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '`');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
}

/** The anchors of a document's headings, as GitHub and VS Code make them. */
function anchorsOf(content: string): string[] {
  const headings = content.replace(/^```.*?^```/gms, '').match(/^#{1,6} .*$/gm) ?? [];
  return headings.map((heading) =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test.each(documents)('%s links to files and headings that are there', (path) => {
  for (const link of linksIn(text.get(path) ?? '')) {
    if (/^https?:/.test(link)) {
      continue;
    }
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? path : join(dirname(path), file);
    expect(existsSync(join(root, target)), `${link} is missing`).toBe(true);
    if (anchor !== undefined) {
      expect(anchorsOf(text.get(target) ?? ''), link).toContain(anchor);
    }
  }
});

test('every picture is shown, with a text for who cannot see it', () => {
  const shown = [...text.values()].join('\n');
  for (const picture of readdirSync(join(root, 'docs/images'))) {
    expect(shown, picture).toMatch(new RegExp(`!\\[[^\\]]{20,}\\]\\([\\w/]*images/${picture}\\)`));
  }
});

test('every setting, command, view and attribute is told', () => {
  const { configuration, commands, debuggers, views } = readManifest().contributes;
  const { launch, attach } = debuggers[0].configurationAttributes;
  const names = [
    ...Object.keys(configuration.properties),
    ...commands.map(({ command }: { command: string }) => command),
    ...[launch, attach].flatMap(({ properties }) => Object.keys(properties)),
  ].map((name) => `\`${name}\``);
  const titles = views.unikernel.map(({ name }: { name: string }) => `*${name}*`);
  expect([...names, ...titles].filter((name) => !told.some((content) => content.includes(name)))).toEqual([]);
});

test('what is told of settings and commands is there', () => {
  const { configuration, commands } = readManifest().contributes;
  const known = [
    ...Object.keys(configuration.properties),
    ...commands.map(({ command }: { command: string }) => command),
  ];
  const named = told.flatMap((content) => content.match(/(?<=`)unikernel\.[\w.]+(?=`)/g) ?? []);
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
});

test('every request and event of the adapter is told, and no other', () => {
  const protocol = readFileSync(join(root, 'debug-adapter/protocol.ts'), 'utf8');
  const [, declared = ''] = protocol.split('export interface CustomRequests');
  const names = (content: string, pattern: RegExp): string[] => [...new Set(content.match(pattern) ?? [])].sort();
  const expected = names(declared, /(?<=^ {2}')unikernel\/\w+(?=':)/gm);
  expect(expected.length).toBeGreaterThan(20);
  expect(names(text.get('docs/api.md') ?? '', /(?<=`)unikernel\/\w+(?=`)/g)).toEqual(expected);
});

test('the map of the house has every room, and no other', () => {
  const [, map = ''] = /^```\n(.*?)^```/ms.exec(text.get('CONTRIBUTING.md') ?? '') ?? [];
  const rooms: string[] = [];
  let house = '';
  for (const line of map.split('\n')) {
    const [, indentation = '', names = ''] = /^( *)((?:[\w.-]+(?:\/|\.\w+) +)*)/.exec(line) ?? [];
    for (const name of names.trim().split(/ +/).filter(Boolean)) {
      rooms.push(indentation === '' ? name : join(house, name));
    }
    house = indentation === '' ? names.trim() : house;
  }
  expect(rooms.filter((room) => !existsSync(join(root, room)))).toEqual([]);
  for (const home of ['extension', 'debug-adapter']) {
    const folders = readdirSync(join(root, home), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const expected = folders.map(({ name }) => `${home}/${name}/`).filter((name) => name !== 'extension/test/');
    expect(expected.filter((room) => !rooms.includes(room))).toEqual([]);
  }
});

test('sentences that the troubleshooting page explains are said somewhere', () => {
  const page = text.get('docs/troubleshooting.md') ?? '';
  const sentences = [...page.matchAll(/^\| \*([^*|]+)\* \|/gm)].map(([, sentence = '']) => sentence);
  expect(sentences.length).toBeGreaterThan(3);
  const code = readdirSync(join(root, 'debug-adapter'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(root, 'debug-adapter', name), 'utf8'))
    .join('\n');
  expect(sentences.filter((sentence) => !code.includes(sentence))).toEqual([]);
});

test('defaults of settings are told as they are', () => {
  const { configuration } = readManifest().contributes;
  const page = text.get('docs/configuration.md') ?? '';
  for (const [name, { default: value }] of Object.entries<{ default: unknown }>(configuration.properties)) {
    if (typeof value === 'number' || typeof value === 'boolean') {
      expect(page).toContain(`| \`${name}\` | \`${value}\` |`);
    }
  }
});
