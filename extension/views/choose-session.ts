/** *Choose Session…*: which of several kernels the views show. */
import * as vscode from 'vscode';
import type { Sessions } from '../sessions.ts';

interface Choice extends vscode.QuickPickItem {
  session: vscode.DebugSession | undefined;
}

export async function chooseSession(sessions: Sessions): Promise<void> {
  const { current, chosen } = sessions;
  const choices: Choice[] = sessions.all.map((session) => ({
    label: session.name,
    session,
    ...(session === current && { description: vscode.l10n.t('shown now') }),
  }));
  const follow: Choice = {
    label: vscode.l10n.t('The One That Is Debugged'),
    detail: vscode.l10n.t('The views follow the session that is active in the call stack.'),
    session: undefined,
    ...(chosen === undefined && { description: vscode.l10n.t('now') }),
  };
  const title = vscode.l10n.t('Which Kernel the Views Show');
  const picked = await vscode.window.showQuickPick([follow, ...choices], { title });
  if (picked) {
    sessions.choose(picked.session);
  }
}
