/**
 * A person debugs Sprout in VS Code: the packaged extension, real QEMU, real gdb. What each test leaves on the screen is in .run/.
 * With UNIKERNEL_PICTURES=1 the README's pictures are made anew. UNIKERNEL_OSV is the path of a built OSv tree, where there is one.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pictures, sprout } from './harness/places.ts';
import { lineOf } from './harness/sprout.ts';
import { sproutJourney, useStage } from './harness/stage.ts';
import { SIDEBAR, type Workbench } from './harness/workbench.ts';

const stage = useStage();

test('F5 in Sprout’s tree: stop in a worker, step, and see the four views, stopped and live', async () => {
  const file = 'workload/worker_files.cc';
  const line = await lineOf(file, 'vfs_write_locked', 'Worker::write_shared_file');
  const steps = async (workbench: Workbench): Promise<void> => {
    await workbench.openFile(file, line);
    await workbench.page.keyboard.press('F5');
    await workbench.guestSays(/workload: \d+ workers/);
    // All workers are there: the breakpoint is set in a guest that runs.
    await workbench.toggleBreakpoint();
    await workbench.waitForStop();
    expect(await workbench.stoppedLine()).toBe(line);

    // The call stack shows the kernel's threads, and the worker that stopped with its frames.
    await workbench.openContainer('Run and Debug');
    const stack = workbench.callStack();
    for (const thread of [/^main: /, /^idle-0: /, /^writer-\d+: running on CPU 0/, /^reader-\d+: /]) {
      await stack.filter({ hasText: thread }).first().waitFor();
    }
    await workbench.expandStoppedThread();
    await stack.filter({ hasText: 'Worker::write_shared_file' }).first().waitFor();
    await workbench.screenshot('stopped', pictures);
    const stopped = await workbench.focusedThread();
    expect(stopped).toMatch(/^writer-\d+/);

    // A step stays in the thread; without the breakpoint no other worker can end it.
    await workbench.removeBreakpoint('worker_files.cc');
    await workbench.page.keyboard.press('F10');
    await workbench.waitForStoppedLine((now) => now !== line);
    expect(await workbench.focusedThread()).toBe(stopped);

    await workbench.openContainer('Unikernel');
    await workbench.showOnly('Threads');
    await workbench.view('Threads').getByText('stopped', { exact: true }).waitFor();
    for (const name of ['writer-0', 'reader-1', 'allocator-2', 'timer-3']) {
      await workbench.rows('Threads').filter({ hasText: name }).first().waitFor();
    }
    await workbench.screenshot('threads');

    await workbench.showOnly('Vnode Locks');
    const held = workbench.rows('Vnode Locks').filter({ hasText: /written by writer-\d+/ });
    await held.filter({ hasText: '/data/' }).first().waitFor();
    await held.first().click();
    await workbench.rows('Vnode Locks').filter({ hasText: 'acquired' }).first().waitFor();
    await workbench.screenshot('vnode-locks');

    await workbench.showOnly('Malloc Pools');
    await workbench
      .rows('Malloc Pools')
      .filter({ hasText: /^RAM/ })
      .filter({ hasText: /free of 25\d/ })
      .waitFor();
    await workbench
      .rows('Malloc Pools')
      .filter({ hasText: /^64 B[1-9][\d,]* of/ })
      .click();
    const cpu = workbench.rows('Malloc Pools').filter({ hasText: /^CPU 0/ });
    await cpu.click();
    await workbench
      .rows('Malloc Pools')
      .filter({ hasText: /^0xffff.* of \d+ live$/ })
      .first()
      .waitFor();
    await workbench.screenshot('malloc-pools');

    await workbench.showOnly('Timer Sets');
    await workbench
      .rows('Timer Sets')
      .filter({ hasText: /^CPU 0\d+ armed/ })
      .waitFor();
    await workbench
      .rows('Timer Sets')
      .filter({ hasText: /in [\d.]+ (µs|ms|s)/ })
      .nth(1)
      .waitFor();
    await workbench.screenshot('timer-sets');

    // Live: the guest runs, and rows go on changing.
    await workbench.showOnly('Threads');
    await workbench.page.keyboard.press('F5');
    await workbench.view('Threads').getByText(/^live/).waitFor();
    const texts = () => workbench.rows('Threads').allTextContents();
    const first = await texts();
    await expect.poll(texts).not.toEqual(first);
    await workbench.screenshot('live');
    await workbench.command('Unikernel: Show Guest Console');
    await workbench.guestSays(/workload: \d+ workers/);
  };
  await stage().journey('debug-sprout', steps, sprout);
});

// For the documents: views that have much to tell.
if (pictures) {
  test('the views of a busy guest', async () => {
    const commandLine = 'workload load=90 threads=24 vnodes=20';
    await sproutJourney(stage(), 'busy', { commandLine }, async (workbench) => {
      const { page } = workbench;
      await workbench.openFile('.vscode/launch.json', 1);
      await page.keyboard.press('F5');
      await workbench.guestSays(/workload: \d+ workers/);
      await workbench.openContainer('Unikernel');
      await workbench.widenSidebar(440);
      await workbench.showOnly('Vnode Locks');
      const fought = workbench.rows('Vnode Locks').filter({ hasText: /[2-9] waiting · written by/ });
      const stopWhereTheyFight = async (): Promise<number> => {
        await page.keyboard.press('F6');
        await workbench.view('Vnode Locks').getByText('stopped', { exact: true }).waitFor();
        const count = await fought.count();
        if (count === 0) {
          await page.keyboard.press('F5');
          await workbench.view('Vnode Locks').getByText(/^live/).waitFor();
        }
        return count;
      };
      await expect.poll(stopWhereTheyFight, { timeout: 60_000 }).toBeGreaterThan(0);
      await fought.first().click();
      await workbench.rows('Vnode Locks').filter({ hasText: 'acquired' }).first().waitFor();
      await workbench.screenshot('vnode-locks', pictures, SIDEBAR);

      await workbench.showOnly('Threads');
      await workbench
        .rows('Threads')
        .filter({ hasText: /waits for vnode/ })
        .first()
        .click();
      await workbench.rows('Threads').filter({ hasText: 'CPU time' }).first().waitFor();
      await workbench.screenshot('threads', pictures, SIDEBAR);

      await workbench.showOnly('Malloc Pools');
      await workbench.rows('Malloc Pools').filter({ hasText: /^64 B/ }).click();
      await workbench
        .rows('Malloc Pools')
        .filter({ hasText: /^CPU 0/ })
        .click();
      await workbench
        .rows('Malloc Pools')
        .filter({ hasText: /^0xffff/ })
        .first()
        .waitFor();
      await workbench.screenshot('malloc-pools', pictures, SIDEBAR);

      await workbench.showOnly('Timer Sets');
      await workbench
        .rows('Timer Sets')
        .filter({ hasText: /^CPU 1/ })
        .waitFor();
      await workbench.screenshot('timer-sets', pictures, SIDEBAR);
    });
  });
}

const osv = process.env.UNIKERNEL_OSV;
if (osv) {
  test('F5 in an OSv tree: stop where its application begins, among the kernel’s threads', async () => {
    const lines = (await readFile(join(osv, 'core/app.cc'), 'utf8')).split('\n');
    const line = lines.findIndex((text) => text.includes('int old_optind = optind')) + 1;
    const steps = async (workbench: Workbench): Promise<void> => {
      await workbench.openFile('core/app.cc', line);
      await workbench.toggleBreakpoint();
      await workbench.page.keyboard.press('F5');
      await workbench.waitForStop();
      expect(await workbench.stoppedLine()).toBe(line);
      await workbench.openContainer('Unikernel');
      await workbench.showOnly('Threads');
      for (const thread of [/^\/hello.*running on CPU 0/, /^reclaimer.*waits for condition/, /^idle0/]) {
        await workbench.rows('Threads').filter({ hasText: thread }).first().waitFor();
      }
      await workbench.screenshot('osv', pictures);
    };
    await stage().journey('osv', steps, osv);
  });
}

describe('configurations', () => {
  test('a deadlock is marked, and told as a cycle with both paths', async () => {
    await sproutJourney(stage(), 'deadlock', { commandLine: 'workload deadlock' }, async (workbench) => {
      await workbench.openFile('.vscode/launch.json', 1);
      await workbench.page.keyboard.press('F5');
      await workbench.openContainer('Unikernel');
      await workbench.showOnly('Vnode Locks');
      const rows = workbench.rows('Vnode Locks').filter({ hasText: 'deadlock' });
      await rows.nth(1).waitFor({ timeout: 60_000 });
      expect((await workbench.rows('Vnode Locks').allTextContents()).slice(0, 2).join()).toMatch(
        /\/data\/[ab].*\/data\/[ab]/,
      );
      await rows.first().click();
      await workbench
        .rows('Vnode Locks')
        .filter({ hasText: /^deadlock/ })
        .first()
        .waitFor();
      await workbench.screenshot('deadlock');
      await workbench.command('Unikernel: Find Deadlocks');
      const told = workbench.page.locator('.notification-list-item-message').filter({ hasText: 'Deadlock' });
      await told.waitFor();
      const text = await told.textContent();
      expect(text).toContain('/data/a');
      expect(text).toContain('/data/b');
    });
  });

  test('a missing QEMU is told in one sentence', async () => {
    stage().server.complaints.expect(/\/nowhere\/qemu/);
    await sproutJourney(stage(), 'missing-qemu', { qemu: '/nowhere/qemu' }, async (workbench) => {
      await workbench.openFile('.vscode/launch.json', 1);
      await workbench.page.keyboard.press('F5');
      const dialog = workbench.page.locator('.monaco-dialog-box');
      await dialog.waitFor();
      await workbench.screenshot('missing-qemu');
      const message = (await dialog.locator('.dialog-message-row').textContent()) ?? '';
      expect(message).toContain('/nowhere/qemu');
      expect(
        message
          .trim()
          .split(/[.!?](?:\s|$)/)
          .filter(Boolean),
      ).toHaveLength(1);
      await dialog.getByRole('button', { name: 'Cancel' }).click();
    });
  });
});
