/** The manifests of a real OSv tree, whose path UNIKERNEL_OSV gives: what its own tools build with raises no diagnostic. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import type { Diagnostic } from 'vscode-languageserver/node';
import { Client } from './client.ts';

const tree = process.env.UNIKERNEL_OSV;
const MANIFEST = /\.manifest(\.skel)?$/;

function manifestsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return entry.name === '.git' ? [] : manifestsIn(path);
    }
    return entry.isFile() && MANIFEST.test(entry.name) ? [path] : [];
  });
}

/** What an app takes from the host's own folders, such as /usr/share/scala, may well not be installed. */
function isTrue({ code, range }: Diagnostic, text: string): boolean {
  const host =
    text
      .split('\n')
      [range.start.line]?.replace(/^.*?:\s+/, '')
      .replace(/\*.*$/, '')
      .trim() ?? '';
  return code === 'missing-host' && isAbsolute(host) && !existsSync(host);
}

test.skipIf(tree === undefined)(
  'manifests of a real OSv tree raise no false diagnostic, and mistakes do',
  async () => {
    await using client = await Client.start();
    const paths = manifestsIn(resolve(tree ?? ''));
    expect(paths.length).toBeGreaterThan(10);
    const wrong: string[] = [];
    for (const path of paths) {
      const text = readFileSync(path, 'utf8');
      const uri = await client.open(relative(client.folder, path), text);
      // It is answered when the host's files were looked at, behind what that tells.
      await client.ask('documentLink', uri);
      const found = await client.diagnostics(uri, () => true);
      wrong.push(
        ...found
          .filter((one) => !isTrue(one, text))
          .map((one) => `${path}:${one.range.start.line + 1}: ${one.message}`),
      );

      const lines = text.split('\n').length;
      const end = { line: lines, character: 0 };
      await client.edit(uri, [{ range: { start: end, end }, newText: '\n/mistake: /no/such/file\n/no-divider\n' }]);
      await client.diagnostics(uri, (codes) => codes.length === found.length + 2 && codes.includes('no-divider'));
      await client.connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
    }
  },
  120_000,
);
