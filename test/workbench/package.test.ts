/** The .vsix holds what the extension needs, and nothing else. */
import { readFileSync, statSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { beforeAll, expect, inject, test } from 'vitest';

const LARGEST = 2_000_000;

let file: string;
let files: Map<string, Buffer>;
beforeAll(() => {
  file = inject('vsix');
  files = unzip(readFileSync(file));
});

test('it is smaller than 2 MB', () => {
  expect(statSync(file).size).toBeLessThan(LARGEST);
});

test('it holds bundles, texts and pictures; no source, no source map, no test, no package of others', () => {
  const names = [...files.keys()];
  expect(names).toContain('extension/dist/extension.cjs');
  const wanted =
    /^(\[Content_Types\]\.xml|extension\.vsixmanifest|extension\/(package(\.nls)?\.json|readme\.md|changelog\.md|LICENSE\.txt|l10n\/bundle\.l10n\.json|dist\/[\w-]+\.cjs|dist\/demangle\.wasm|dist\/webviews\/[\w-]+\.js|dist\/python\/\w+\.py|docs\/images\/[\w-]+\.png|extension\/(media|schemas)\/[\w.-]+|syntaxes\/[\w.-]+\.json))$/;
  expect(names.filter((name) => !wanted.test(name))).toEqual([]);
});

test('every file that the manifest and the bundles name is there', () => {
  const manifest = text('extension/package.json');
  const named = manifest.match(/"(\.\/)?(dist|extension|syntaxes|docs|l10n)\/[^"*]+\.\w+"/g) ?? [];
  expect(named.length).toBeGreaterThan(10);
  const started = text('extension/dist/extension.cjs').match(/dist\/[\w-]+\.(cjs|js|wasm)/g) ?? [];
  expect(started.length).toBeGreaterThan(2);
  const paths = [...named.map((one) => JSON.parse(one).replace('./', '')), ...started];
  expect(paths.filter((path) => !files.has(`extension/${path}`))).toEqual([]);
});

test('it needs no package and runs no script', () => {
  const manifest = JSON.parse(text('extension/package.json'));
  expect([manifest.dependencies, manifest.devDependencies, manifest.scripts]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

function text(name: string): string {
  return files.get(name)?.toString('utf8') ?? '';
}

/** Every file of a zip archive, from its central directory (APPNOTE 4.3.12). */
function unzip(archive: Buffer): Map<string, Buffer> {
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06'));
  const found = new Map<string, Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let count = archive.readUInt16LE(end + 10); count > 0; count--) {
    const [method, size] = [archive.readUInt16LE(at + 10), archive.readUInt32LE(at + 20)];
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset));
    const local = archive.readUInt32LE(at + 42);
    const name = archive.toString('utf8', at + 46, at + 46 + (nameLength ?? 0));
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const data = archive.subarray(start, start + size);
    if (!name.endsWith('/')) {
      found.set(name, method === 0 ? data : inflateRawSync(data));
    }
    at += 46 + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0);
  }
  return found;
}
