/** The extension is there, as the manifest says. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';

export const EXTENSION = 'unikernel-workbench.unikernel-workbench';

export function manifestSuite(): void {
  suite('manifest', () => {
    test('the packaged extension is installed and activates', async () => {
      const extension = vscode.extensions.getExtension(EXTENSION);
      ok(extension, 'not installed');
      await extension.activate();
      equal(extension.isActive, true);
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
