/** The view container *Unikernel*: the four views and what can be done in them. */
import * as vscode from 'vscode';
import { type Address, formatAddress } from '../../debug-adapter/protocol.ts';
import { request, type Sessions, sentence } from '../sessions.ts';
import { openPlace, showThread } from '../show-thread.ts';
import { chooseSession } from './choose-session.ts';
import { copyCommands } from './copy.ts';
import { registerErrorRows } from './error-rows.ts';
import { mallocPoolNodes } from './malloc-pools.ts';
import { revealLock } from './reveal-lock.ts';
import { ThreadOptions } from './thread-options.ts';
import { timerSetNodes } from './timer-sets.ts';
import { nodeOf, ViewTree } from './tree.ts';
import { vnodeLockNodes } from './vnode-locks.ts';

export function registerViews(context: vscode.ExtensionContext, sessions: Sessions): void {
  const threads = new ThreadOptions(context.workspaceState);
  const trees = {
    threads: new ViewTree('threads', sessions, threads),
    vnodeLocks: new ViewTree('vnodeLocks', sessions, { nodes: vnodeLockNodes }),
    mallocPools: new ViewTree('mallocPools', sessions, { nodes: mallocPoolNodes }),
    timerSets: new ViewTree('timerSets', sessions, { nodes: timerSetNodes }),
  };
  registerErrorRows(context);
  const { registerCommand } = vscode.commands;
  context.subscriptions.push(
    ...Object.values(trees),
    ...threads.commands(() => trees.threads.redraw()),
    ...copyCommands(sessions, ['threads', 'vnodeLocks', 'mallocPools', 'timerSets']),
    registerCommand('unikernel.chooseSession', () => chooseSession(sessions)),
    registerCommand('unikernel.showMoreRows', (view: keyof typeof trees, parent: string) =>
      trees[view].showMore(parent),
    ),
    registerCommand('unikernel.copyAddress', async (row: unknown) => {
      const address = nodeOf(row)?.address;
      if (address !== undefined) {
        await vscode.env.clipboard.writeText(formatAddress(address));
      }
    }),
    registerCommand('unikernel.goToFrame', async (row: unknown) => {
      const thread = nodeOf(row)?.thread;
      if (thread !== undefined && sessions.current) {
        await showThread(sessions.current, thread);
      }
    }),
    registerCommand('unikernel.goToSource', (row: unknown) => goToSource(sessions, nodeOf(row)?.code)),
    registerCommand('unikernel.findDeadlocks', () => findDeadlocks(sessions)),
    registerCommand('unikernel.revealPool', (key: string) => trees.mallocPools.reveal(`class/${key}`)),
    registerCommand('unikernel.revealLock', (lock: number) => revealLock(sessions, trees, lock)),
  );
}

/** Opens the source of the function at `address`. */
async function goToSource({ current }: Sessions, address: Address | undefined): Promise<void> {
  if (!current || address === undefined) {
    return;
  }
  const text = formatAddress(address);
  try {
    const [place] = (await request(current, 'unikernel/symbolise', { addresses: [text] })).places;
    if (!place) {
      throw new Error(vscode.l10n.t('Nothing is known of the function at {0}.', text));
    }
    await openPlace(place);
  } catch (error) {
    void vscode.window.showErrorMessage(sentence(error));
  }
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
