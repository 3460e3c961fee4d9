/** Sessions on Sprout, as VS Code's own interface shows them. */
import { equal, notEqual, ok } from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setup, suite, test } from 'mocha';
import * as vscode from 'vscode';
import { Session } from './session.ts';

const FILE = 'workload/worker_files.cc';

export function debuggingSuite(): void {
  suite('debugging Sprout', () => {
    setup(() => vscode.debug.removeBreakpoints(vscode.debug.breakpoints));

    test('a configuration that says nothing boots Sprout and stops at a breakpoint in a worker', async () => {
      const line = await breakInWorker();
      await using session = await Session.start();
      equal(session.session.configuration.kernel, 'sprout');
      const stopped = await session.next('stopped');
      equal(stopped.reason, 'breakpoint');
      const { stackFrames } = await session.session.customRequest('stackTrace', {
        threadId: stopped.threadId,
        levels: 3,
      });
      equal(stackFrames[0].line, line);
      ok(stackFrames[0].source.path.endsWith(FILE), stackFrames[0].source.path);
      const { threads } = await session.session.customRequest('threads');
      const names: string[] = threads.map((thread: { name: string }) => thread.name);
      for (const wanted of ['main', 'idle-0', 'writer-0']) {
        ok(
          names.some((name) => name.startsWith(wanted)),
          `no ${wanted} in ${names.join(', ')}`,
        );
      }
    });

    test('each view answers with rows of the guest', async () => {
      await breakInWorker();
      await using session = await Session.start();
      await session.next('stopped');
      const threads = await session.request('unikernel/view', { view: 'threads' });
      ok(threads.rows.some((row) => 'name' in row && row.name === 'writer-0'));
      const locks = await session.request('unikernel/view', { view: 'vnodeLocks' });
      ok(locks.rows.some((row) => 'path' in row && row.path === '/data/shared-0'));
      const pools = await session.request('unikernel/view', { view: 'mallocPools' });
      ok(pools.rows.some((row) => 'kind' in row && row.kind === 'class' && row.liveObjects > 0));
      const timers = await session.request('unikernel/view', { view: 'timerSets' });
      ok(timers.rows.some((row) => 'timers' in row && row.timers.length > 0));
    });

    test("the guest's console is a terminal of the session's name", async () => {
      const opened = new Promise<string>((resolve) => {
        const listener = vscode.window.onDidOpenTerminal((terminal) => {
          listener.dispose();
          resolve(terminal.name);
        });
      });
      await using _ = await Session.start({ name: 'Speaks' });
      equal(await opened, 'Guest: Speaks');
    });

    test('two guests at once: each session has its own threads', async () => {
      await using one = await Session.start({ name: 'One', commandLine: 'workload threads=2' });
      await using two = await Session.start({ name: 'Two', commandLine: 'workload threads=6' });
      notEqual(one.session.id, two.session.id);
      const workers = async (session: Session) => {
        const { rows } = await session.request('unikernel/view', { view: 'threads' });
        return rows.filter((row) => 'name' in row && /^(writer|reader|allocator|timer|renamer)-\d+$/.test(row.name))
          .length;
      };
      await until(async () => (await workers(one)) === 2 && (await workers(two)) === 6);
    });
  });
}

/** Sets a breakpoint where a writer has the lock of a shared file, and returns its line. */
async function breakInWorker(): Promise<number> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
  const lines = (await readFile(join(folder, FILE), 'utf8')).split('\n');
  const start = lines.findIndex((line) => line.includes('Worker::write_shared_file'));
  const line = lines.findIndex((text, index) => index > start && text.includes('vfs_write_locked'));
  ok(start >= 0 && line >= 0, `${FILE} has changed`);
  const place = new vscode.Location(vscode.Uri.file(join(folder, FILE)), new vscode.Position(line, 0));
  vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(place)]);
  return line + 1;
}

/** Asks until it is so; a guest that boots takes its time, and a view may not be there yet. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  let last: unknown = 'it is not so';
  while (Date.now() < end) {
    const done = await isSo().catch((error) => {
      last = error;
      return false;
    });
    if (done) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw last;
}
