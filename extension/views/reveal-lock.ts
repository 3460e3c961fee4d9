/** From a lock, by its address, to its row in a view. */
import * as vscode from 'vscode';
import type { ThreadRow, VnodeLockRow } from '../../debug-adapter/protocol.ts';
import { request, type Sessions, sentence } from '../sessions.ts';

interface Revealing {
  reveal(id: string): Promise<void>;
}

/** `lock` is WaitsForRow.key: a vnode's lock, a thread that is joined, or a lock that has no row of its own. */
export async function revealLock(
  { current }: Sessions,
  views: { vnodeLocks: Revealing; threads: Revealing },
  lock: number,
): Promise<void> {
  try {
    const vnodes = current ? (await request(current, 'unikernel/view', { view: 'vnodeLocks' })).rows : [];
    const vnode = (vnodes as VnodeLockRow[]).find((row) => row.lock === lock);
    if (vnode) {
      await views.vnodeLocks.reveal(`vnode/${vnode.key}`);
      return;
    }
    const threads = current ? (await request(current, 'unikernel/view', { view: 'threads' })).rows : [];
    const concerned = (threads as ThreadRow[]).find(
      (row) => row.key === lock || row.holds.some((held) => held.lock === lock) || row.waitsFor?.object === lock,
    );
    if (concerned) {
      // A lock without a row of its own stands below the thread that has it.
      await views.threads.reveal(`thread/${concerned.key}`);
    }
  } catch (error) {
    void vscode.window.showErrorMessage(sentence(error));
  }
}
