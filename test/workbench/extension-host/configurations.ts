/** What F5 starts, before anything is started. */
import { equal, ok } from 'node:assert/strict';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';

export function configurationSuite(): void {
  suite('launch configurations', () => {
    test('a missing QEMU ends the launch with one sentence that names it', async () => {
      const message = await failedLaunch({ qemu: '/nowhere/qemu-system-x86_64', build: [] });
      ok(message.includes('/nowhere/qemu-system-x86_64'), message);
    });

    test('an ELF that is no kernel ends the launch with one sentence that names it', async () => {
      const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
      const message = await failedLaunch({ kernel: `${folder}/CMakeLists.txt`, build: [] });
      ok(message.includes('CMakeLists.txt'), message);
    });
  });
}

/** Starts a session that must fail, and returns what the adapter answered to `launch`. */
async function failedLaunch(parts: Record<string, unknown>): Promise<string> {
  const folder = vscode.workspace.workspaceFolders?.[0];
  const answer = new Promise<string>((resolve) => {
    const tracker = vscode.debug.registerDebugAdapterTrackerFactory('unikernel', {
      createDebugAdapterTracker: () => ({
        onDidSendMessage: (message) => {
          if (message.type === 'response' && message.command === 'launch') {
            tracker.dispose();
            resolve(message.success ? '' : (message.message ?? ''));
          }
        },
      }),
    });
  });
  // The failed launch shows a dialog, which holds startDebugging until it is closed.
  const started = vscode.debug.startDebugging(folder, {
    type: 'unikernel',
    request: 'launch',
    name: 'fails',
    ...parts,
  });
  const message = await answer;
  ok(message !== '', 'the launch did not fail');
  equal(message.split('\n').length, 1, message);
  await vscode.commands.executeCommand('workbench.action.closeMessages').then(undefined, () => {});
  void started.then(undefined, () => {});
  return message;
}
