/** Snapshots, by the commands that a person runs. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, suiteSetup, suiteTeardown, test } from 'mocha';
import * as vscode from 'vscode';
import type { SnapshotComparison } from '../../../debug-adapter/protocol.ts';
import { Session } from './session.ts';

export function snapshotSuite(): void {
  suite('snapshots', () => {
    let folder: string;
    suiteSetup(async () => {
      folder = await mkdtemp(join(tmpdir(), 'snapshots-'));
    });
    suiteTeardown(() => rm(folder, { recursive: true, force: true }));

    test('a guest is saved; the file opens as a session with the same threads; the two are compared', async () => {
      const core = vscode.Uri.file(join(folder, 'guest.core'));
      const threads = async (session: Session) =>
        (await session.session.customRequest('threads')).threads.map(({ id }: { id: number }) => id);
      let saved: number[];
      {
        await using session = await Session.start({ name: 'Saved', memory: '64M', build: [] });
        await stopInWorker(session);
        const where = await vscode.commands.executeCommand<vscode.Uri>('unikernel.snapshot.save', core);
        equal(where.fsPath, core.fsPath);
        ok((await stat(core.fsPath)).size > 60 << 20);
        saved = await threads(session);
        const now = await vscode.commands.executeCommand<SnapshotComparison>('unikernel.snapshot.compare', core, [
          core,
          core,
        ]);
        deepEqual([now.threads, now.pools, now.vnodes], [[], [], []]);
      }
      await using snapshot = await Session.begun('Snapshot guest.core', () =>
        vscode.commands.executeCommand<boolean>('unikernel.snapshot.open', core),
      );
      await snapshot.next('stopped');
      deepEqual(await threads(snapshot), saved);
      equal((await snapshot.request('unikernel/status', {})).running, false);
    });

    test('a file that is there is replaced by a whole one', async () => {
      const core = vscode.Uri.file(join(folder, 'replaced.core'));
      await vscode.workspace.fs.writeFile(core, Buffer.from('old'));
      await using session = await Session.start({ name: 'Replaces', memory: '64M', build: [] });
      await stopInWorker(session);
      await vscode.commands.executeCommand('unikernel.snapshot.save', core);
      ok((await stat(core.fsPath)).size > 60 << 20);
      const names = (await vscode.workspace.fs.readDirectory(vscode.Uri.file(folder))).map(([name]) => name);
      deepEqual(
        names.filter((name) => name.startsWith('replaced')),
        ['replaced.core'],
      );
    });
  });
}

async function stopInWorker(session: Session): Promise<void> {
  await session.session.customRequest('setFunctionBreakpoints', {
    breakpoints: [{ name: 'sprout::workload::Worker::write_shared_file' }],
  });
  await session.next('stopped');
}
