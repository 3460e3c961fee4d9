/**
 * A person debugs Sprout in VS Code: the packaged extension, real QEMU, real gdb. What each test leaves on the screen is in .run/.
 * With UNIKERNEL_PICTURES=1 the README's pictures are made anew.
 */
import { describe, expect, test } from 'vitest';
import { pictures, sprout } from './harness/places.ts';
import { lineOf } from './harness/sprout.ts';
import { sproutJourney, useStage } from './harness/stage.ts';
import type { Workbench } from './harness/workbench.ts';

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

    // A step stays in the thread.
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
    await workbench.screenshot('vnode-locks', pictures);

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
    await workbench.screenshot('malloc-pools', pictures);

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

    // Live: without the breakpoint the guest runs, and rows go on changing.
    await workbench.showOnly('Threads');
    await workbench.removeBreakpoint('worker_files.cc');
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
