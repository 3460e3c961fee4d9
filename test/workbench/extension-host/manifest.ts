/** The extension is there, as the manifest says. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import { ACTIVATION } from '../../../extension/activation.ts';

export const EXTENSION = 'unikernel-workbench.unikernel-workbench';
const ACTIVATION_MS = 50;

/** Milliseconds that the call of our `activate` took: VS Code's own marks cover its waiting for the window too. */
function activationTime(): number {
  return performance.getEntriesByName(ACTIVATION).at(-1)?.duration ?? Number.NaN;
}

/** Milliseconds to read, compile and run the extension's bundle: the median, because a host that starts has much else to do. */
function loadingTime(bundle: string): number {
  const require = createRequire(bundle);
  const times = Array.from({ length: 7 }, () => {
    delete require.cache[bundle];
    const start = performance.now();
    require(bundle);
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[3] ?? Number.NaN;
}

export function manifestSuite(): void {
  suite('manifest', () => {
    test('the packaged extension is installed and activates', async () => {
      const extension = vscode.extensions.getExtension(EXTENSION);
      ok(extension, 'not installed');
      await extension.activate();
      equal(extension.isActive, true);
    });

    test(`its code is loaded and activated within ${ACTIVATION_MS} ms`, () => {
      const extension = vscode.extensions.getExtension(EXTENSION);
      const loading = loadingTime(join(extension?.extensionPath ?? '', 'dist/extension.cjs'));
      const activating = activationTime();
      ok(loading + activating < ACTIVATION_MS, `loading took ${loading} ms, activating ${activating} ms`);
    });

    test('every command of the manifest is registered', async () => {
      const extension = vscode.extensions.getExtension(EXTENSION);
      const declared: { command: string }[] = extension?.packageJSON.contributes.commands ?? [];
      ok(declared.length >= 4);
      const known = new Set(await vscode.commands.getCommands(true));
      deepEqual(
        declared.map(({ command }) => command).filter((command) => !known.has(command)),
        [],
      );
    });
  });
}
