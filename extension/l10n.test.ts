/** What users read can be translated. What was added since is collected by `npm run l10n`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { manifestTexts, rawManifest, readManifest, root } from './test/read-manifest.ts';

const COLLECT = 'run `npm run l10n`';

test('the manifest’s texts stand in package.nls.json, each used', () => {
  const used = [...JSON.stringify(rawManifest()).matchAll(/"%([\w.-]+)%"/g)].map(([, key]) => key);
  expect(Object.keys(manifestTexts()).sort(), COLLECT).toEqual([...new Set(used)].sort());
  expect(used.length).toBeGreaterThan(100);
});

test('no text was left in the manifest', () => {
  const { contributes } = rawManifest();
  const texts: string[] = [
    ...contributes.commands.map(({ title }: { title: string }) => title),
    ...contributes.viewsWelcome.map(({ contents }: { contents: string }) => contents),
    ...Object.values<{ name: string }[]>(contributes.views).flatMap((views) => views.map(({ name }) => name)),
    ...[contributes.configuration]
      .flat()
      .flatMap(({ properties }) => Object.values<Record<string, string>>(properties))
      .map(({ description, markdownDescription }) => markdownDescription ?? description ?? ''),
  ];
  expect(
    texts.filter((text) => !/^%.+%$/.test(text)),
    COLLECT,
  ).toEqual([]);
  readManifest();
});

test('the texts of the code stand in l10n/bundle.l10n.json', () => {
  const bundle: Record<string, string> = JSON.parse(readFileSync(join(root, 'l10n/bundle.l10n.json'), 'utf8'));
  const code = ['extension', 'webviews', 'kernel/image']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    )
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(root, name), 'utf8'))
    .join('\n');
  const texts = [...code.matchAll(/l10n\.t\(\s*('(?:[^'\\\n]|\\.)+'|"(?:[^"\\\n]|\\.)+")/g)].map(([, literal]) =>
    String(literal).slice(1, -1).replace(/\\(.)/g, '$1'),
  );
  expect(texts.length).toBeGreaterThan(50);
  expect([...new Set(texts)].sort(), COLLECT).toEqual(Object.keys(bundle).sort());
});
