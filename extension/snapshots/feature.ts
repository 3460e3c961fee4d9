/** Wires the commands of snapshots. Each tells a failure as one sentence. */
import * as vscode from 'vscode';
import { type Sessions, sentence } from '../sessions.ts';
import { compareSnapshots } from './compare.ts';
import { ComparisonDocuments } from './comparison-document.ts';
import { openSnapshot } from './open.ts';
import { saveSnapshot } from './save.ts';

export function registerSnapshots(context: vscode.ExtensionContext, sessions: Sessions): void {
  const documents = new ComparisonDocuments();
  const program = context.asAbsolutePath('dist/compare.cjs');
  const commands: Record<string, (first?: vscode.Uri, selected?: vscode.Uri[]) => Promise<unknown>> = {
    save: (uri) => saveSnapshot(sessions.current, uri instanceof vscode.Uri ? uri : undefined),
    open: (uri) => openSnapshot(sessions.current, uri instanceof vscode.Uri ? uri : undefined),
    // The explorer passes the file that was clicked on, and all that are selected.
    compare: async (uri, selected = uri instanceof vscode.Uri ? [uri] : []) => {
      const comparison = await compareSnapshots(sessions.current, selected, program);
      if (comparison) {
        await documents.show(comparison);
      }
      return comparison;
    },
  };
  context.subscriptions.push(
    documents,
    ...Object.entries(commands).map(([name, command]) =>
      vscode.commands.registerCommand(`unikernel.snapshot.${name}`, async (...given: Parameters<typeof command>) => {
        try {
          return await command(...given);
        } catch (error) {
          void vscode.window.showErrorMessage(sentence(error));
          return undefined;
        }
      }),
    ),
  );
}
