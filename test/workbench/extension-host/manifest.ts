/** The extension is there, as the manifest says. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';

export const EXTENSION = 'unikernel-workbench.unikernel-workbench';
const ACTIVATION_MS = 50;

/** Where an extension host keeps the marks of its start. */
declare const MonacoPerformanceMarks: { getMarks(): { name: string; startTime: number }[] };

/** Milliseconds that our `activate` took, by VS Code's own clock. */
function activationTime(): number {
  const [start = Number.NaN, end = Number.NaN] = ['willActivateExtension', 'didActivateExtension'].map((mark) => {
    const name = `code/extHost/${mark}/${EXTENSION}`;
    return MonacoPerformanceMarks.getMarks().find((one) => one.name === name)?.startTime;
  });
  return end - start;
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
