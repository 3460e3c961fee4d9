/** Rows that tell of an error or a deadlock are red, their text too: VS Code colours a row's text by what decorates its resource. */
import * as vscode from 'vscode';

const SCHEME = 'unikernel-row';

/** The resource of every such row. */
export const ERROR_ROW = vscode.Uri.from({ scheme: SCHEME, path: '/error' });

export function registerErrorRows(context: vscode.ExtensionContext): void {
  const red = new vscode.FileDecoration(undefined, undefined, new vscode.ThemeColor('errorForeground'));
  context.subscriptions.push(
    vscode.window.registerFileDecorationProvider({
      provideFileDecoration: ({ scheme }) => (scheme === SCHEME ? red : undefined),
    }),
  );
}
