/** The tests are another extension than ours: what that may use is here. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import type { ViewChangedEvent } from '../../../debug-adapter/protocol.ts';
import type { KernelSession, WorkbenchApi } from '../../../extension/api.ts';
import { EXTENSION } from './manifest.ts';
import { Session } from './session.ts';

export function apiSuite(): void {
  suite('the API for other extensions', () => {
    test('tells the session, its views as they are and as they change, and its end', async () => {
      const api: WorkbenchApi = await vscode.extensions.getExtension(EXTENSION)?.activate();
      equal(api.version, 1);
      equal(api.session, undefined);
      const sessions: (KernelSession | undefined)[] = [];
      const listening = api.onDidChangeSession((session) => sessions.push(session));
      let kernel: KernelSession;
      {
        await using debugged = await Session.start({ name: 'Used by another extension', build: [] });
        ok(api.session);
        kernel = api.session;
        equal(kernel.debugSession.id, debugged.session.id);
        equal((await kernel.status()).kernel, 'sprout');
        // The guest runs, and is not stopped to look.
        equal((await appearance(kernel, 'idle-0')).running, true);
        const { view, rows } = await kernel.view('threads');
        equal(view, 'threads');
        ok(rows.some(({ name }) => name === 'idle-0'));
        deepEqual((await kernel.request('unikernel/cycles', {})).cycles, []);
        await rejects(kernel.request('unikernel/identify', { address: 'nowhere' }), /nowhere/);
      }
      listening.dispose();
      equal(api.session, undefined);
      deepEqual(
        sessions.map((session) => session?.debugSession.id),
        [kernel.debugSession.id, undefined],
      );
      await rejects(kernel.view('threads'));
    });
  });
}

/** The change that brings a thread of that name; then it is watched no more. */
async function appearance(kernel: KernelSession, name: string): Promise<ViewChangedEvent<'threads'>> {
  let watching: vscode.Disposable | undefined;
  try {
    return await new Promise<ViewChangedEvent<'threads'>>((resolve, reject) => {
      const look = (change: ViewChangedEvent<'threads'>) => {
        if (change.changed.some((thread) => thread.name === name)) {
          resolve(change);
        }
      };
      kernel.watch('threads', 10, look).then((made) => {
        watching = made;
      }, reject);
    });
  } finally {
    watching?.dispose();
  }
}
