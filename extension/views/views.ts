/** The view container *Unikernel*: the four views and what can be done in them. */
import * as vscode from 'vscode';
import { request, type Sessions, sentence } from '../sessions.ts';
import { mallocPoolNodes } from './malloc-pools.ts';
import { revealLock } from './reveal-lock.ts';
import { threadNodes } from './threads.ts';
import { timerSetNodes } from './timer-sets.ts';
import { addressOf, ViewTree } from './tree.ts';
import { vnodeLockNodes } from './vnode-locks.ts';

export function registerViews(context: vscode.ExtensionContext, sessions: Sessions): void {
  const trees = {
    threads: new ViewTree('threads', sessions, threadNodes),
    vnodeLocks: new ViewTree('vnodeLocks', sessions, vnodeLockNodes),
    mallocPools: new ViewTree('mallocPools', sessions, mallocPoolNodes),
    timerSets: new ViewTree('timerSets', sessions, timerSetNodes),
  };
  const { registerCommand } = vscode.commands;
  context.subscriptions.push(
    ...Object.values(trees),
    registerCommand('unikernel.showMoreRows', (view: keyof typeof trees, parent: string) =>
      trees[view].showMore(parent),
    ),
    registerCommand('unikernel.copyAddress', async (row: unknown) => {
      const address = addressOf(row);
      if (address !== undefined) {
        await vscode.env.clipboard.writeText(address);
      }
    }),
    registerCommand('unikernel.findDeadlocks', () => findDeadlocks(sessions)),
    registerCommand('unikernel.revealPool', (key: string) => trees.mallocPools.reveal(`class/${key}`)),
    registerCommand('unikernel.revealLock', (lock: number) => revealLock(sessions, trees, lock)),
  );
}

/** Says every cycle of waiting, or that there is none. Returns the sentences, for whoever ran the command by name. */
async function findDeadlocks(sessions: Sessions): Promise<string[]> {
  const session = sessions.current;
  if (!session) {
    void vscode.window.showErrorMessage(vscode.l10n.t('No kernel is being debugged.'));
    return [];
  }
  try {
    const { cycles } = await request(session, 'unikernel/cycles', {});
    const found = cycles.map((cycle) => cycle.description);
    if (found.length === 0) {
      void vscode.window.showInformationMessage(vscode.l10n.t('No threads wait for each other in a cycle.'));
    } else {
      void vscode.window.showWarningMessage(vscode.l10n.t('Deadlock: {0}', found.join(' ')));
    }
    return found;
  } catch (error) {
    void vscode.window.showErrorMessage(sentence(error));
    return [];
  }
}
