/** *Copy … as JSON* and *as CSV*: a view as text, as it is now. */
import * as vscode from 'vscode';
import type { ViewName, ViewSnapshot } from '../../debug-adapter/protocol.ts';
import { request, type Sessions, sentence } from '../sessions.ts';
import { csvOf, jsonOf } from './table.ts';

const FORMATS = { copyJson: jsonOf, copyCsv: csvOf };

/** The commands `unikernel.VIEW.copyJson` and `.copyCsv` of each view. */
export function copyCommands(sessions: Sessions, views: readonly ViewName[]): vscode.Disposable[] {
  return views.flatMap((view) =>
    Object.entries(FORMATS).map(([name, format]) =>
      vscode.commands.registerCommand(`unikernel.${view}.${name}`, () => copy(sessions, view, format)),
    ),
  );
}

/** A view that nobody looks at has no rows: so the adapter is asked. */
async function copy({ current }: Sessions, view: ViewName, format: (snapshot: ViewSnapshot) => string): Promise<void> {
  try {
    if (!current) {
      throw new Error(vscode.l10n.t('No kernel is being debugged.'));
    }
    await vscode.env.clipboard.writeText(format(await request(current, 'unikernel/view', { view })));
  } catch (error) {
    void vscode.window.showErrorMessage(sentence(error));
  }
}
