/** A person arranges the views: groups, sorts and filters threads, goes to frames and sources, copies, and looks at two kernels. */
import { expect, test } from 'vitest';
import { sprout } from './harness/places.ts';
import { lineOf, writeLaunchConfiguration } from './harness/sprout.ts';
import { sproutJourney, useStage } from './harness/stage.ts';
import type { ViewTitle, Workbench } from './harness/workbench.ts';

/** For what VS Code shows on a busy machine. */
const patient = { timeout: 30_000 };

const stage = useStage();

/** Runs a command that asks, and answers it; whatever takes the focus closes what asks, and then it is asked again. */
async function ask(workbench: Workbench, title: string, answer: () => Promise<void>): Promise<void> {
  const attempt = async (): Promise<boolean> => {
    try {
      await workbench.command(title);
      await answer();
      return true;
    } catch {
      await workbench.page.keyboard.press('Escape');
      return false;
    }
  };
  await expect.poll(attempt, { timeout: 60_000 }).toBe(true);
}

/** Runs a command that asks, and takes the answer of that label. */
function choose(workbench: Workbench, title: string, label: string): Promise<void> {
  const row = workbench.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: label }).first();
  return ask(workbench, title, async () => {
    await row.click({ timeout: 5_000 });
    await row.waitFor({ state: 'hidden', timeout: 5_000 });
  });
}

/** Clicks a mark at the end of a row, which shows while the pointer is on it. */
async function clickAction(workbench: Workbench, view: ViewTitle, row: RegExp, action: string): Promise<void> {
  const found = workbench.rows(view).filter({ hasText: row }).first();
  const click = async (): Promise<boolean> => {
    try {
      // A refresh may have moved it away from under the pointer.
      await found.hover({ timeout: 5_000 });
      await found.getByRole('button', { name: action }).first().click({ timeout: 5_000 });
      return true;
    } catch {
      return false;
    }
  };
  await expect.poll(click, patient).toBe(true);
}

test('views are arranged, followed to the code, and copied', async () => {
  const steps = async (workbench: Workbench): Promise<void> => {
    const { page } = workbench;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const clipboard = (): Promise<string> =>
      page.evaluate(() =>
        (
          globalThis as unknown as { navigator: { clipboard: { readText(): Promise<string> } } }
        ).navigator.clipboard.readText(),
      );
    await workbench.openFile('.vscode/launch.json', 1);
    await page.keyboard.press('F5');
    await workbench.waitForStop();
    await workbench.openContainer('Unikernel');

    // From a lock to the frame of the thread that has it, or waits for it.
    await workbench.showOnly('Vnode Locks');
    const locks = workbench.rows('Vnode Locks');
    await locks
      .filter({ hasText: /deadlock/ })
      .first()
      .locator('.monaco-tl-twistie')
      .click();
    await clickAction(workbench, 'Vnode Locks', /waits .* next/, 'Go to Frame');
    const line = await lineOf('workload/faults.cc', 'TruthfulLock theirs', 'Never comes back');
    await expect.poll(() => workbench.stoppedLine(), patient).toBe(line);
    await workbench.screenshot('views-frame');

    // The deadlock was told; the others go on.
    await page.keyboard.press('F5');
    await workbench.showOnly('Threads');
    const threads = workbench.rows('Threads');
    const description = workbench.view('Threads').locator('.pane-header .description');
    await expect.poll(() => description.textContent(), patient).toBe('live');

    // Live: some thread has a share of a CPU, and a stack that was in use.
    await threads.filter({ hasText: /idle-0\d+ % · / }).waitFor();
    await threads.filter({ hasText: /^main/ }).locator('.monaco-tl-twistie').click();
    await threads.filter({ hasText: /stackat most [\d.]+ KiB of \d+ KiB/ }).waitFor();
    await threads.filter({ hasText: /^main/ }).locator('.monaco-tl-twistie').click();
    await threads.filter({ hasText: /^stack/ }).waitFor({ state: 'hidden' });

    // Grouped, sorted and filtered, and so it stays while the guest runs.
    await choose(workbench, 'Unikernel: Group Threads…', 'By state');
    await threads.filter({ hasText: /^waiting\d+ threads/ }).waitFor();
    await choose(workbench, 'Unikernel: Sort Threads…', 'By CPU share now');
    await ask(workbench, 'Unikernel: Filter Threads…', async () => {
      await page.locator('.quick-input-widget input.input').fill('idle running', { timeout: 5_000 });
      await page.keyboard.press('Enter');
    });
    const message = workbench.view('Threads').locator('.tree-explorer-viewlet-tree-view .message');
    await expect.poll(() => message.textContent(), patient).toMatch(/^Filter: idle running \(\d+ hidden\)$/);
    await expect.poll(() => threads.filter({ hasText: /writer|reader|main/ }).count(), patient).toBe(0);
    await threads
      .filter({ hasText: /idle-\d/ })
      .first()
      .waitFor();
    await workbench.screenshot('threads-arranged');
    await workbench.command('Unikernel: Show All Threads');
    await choose(workbench, 'Unikernel: Group Threads…', 'Not at all');
    await choose(workbench, 'Unikernel: Sort Threads…', 'As the kernel lists them');
    await threads.filter({ hasText: /^main/ }).first().waitFor();

    // What was selected and opened stays so over refreshes.
    const main = threads.filter({ hasText: /^main/ }).first();
    await main.click();
    const stack = threads.filter({ hasText: /^stack/ });
    await stack.waitFor();
    for (let refresh = 0; refresh < 3; refresh++) {
      const before = await main.textContent();
      await expect.poll(() => main.textContent(), patient).not.toBe(before);
    }
    expect(await stack.count()).toBe(1);
    expect(await main.getAttribute('aria-selected')).toBe('true');

    // A timer's callback.
    await workbench.showOnly('Timer Sets');
    await workbench
      .rows('Timer Sets')
      .filter({ hasText: /in \d+/ })
      .first()
      .waitFor();
    await clickAction(workbench, 'Timer Sets', /^sleep/, 'Go to Source');
    await page
      .locator('.tabs-container .tab.active')
      .filter({ hasText: /\.(cc|hh)/ })
      .waitFor();

    // Copied as they are.
    await workbench.command('Unikernel: Copy Vnode Locks as CSV');
    await expect.poll(clipboard, patient).toMatch(/^path,vnode,lock,mode,holders,waiters,.*\r\n/);
    await workbench.command('Unikernel: Copy Threads as JSON');
    await expect.poll(async () => JSON.parse(await clipboard()).view, patient).toBe('threads');
  };
  await sproutJourney(stage(), 'views', { commandLine: 'workload deadlock threads=8 load=30' }, steps);
});

test('of two kernels the views show the one that was chosen', async () => {
  const steps = async (workbench: Workbench): Promise<void> => {
    const { page } = workbench;
    await workbench.openContainer('Unikernel');
    await workbench.showOnly('Threads');
    const description = workbench.view('Threads').locator('.pane-header .description');
    for (const name of ['One', 'Two']) {
      await choose(workbench, 'Debug: Select and Start Debugging', name);
      await expect
        .poll(() => description.textContent(), patient)
        .toMatch(name === 'One' ? /^live$/ : /^(One|Two) · live$/);
    }
    const shown = await description.textContent();
    const other = shown?.startsWith('One') ? 'Two' : 'One';
    await choose(workbench, 'Unikernel: Choose Session…', other);
    await expect.poll(() => description.textContent(), patient).toBe(`${other} · live`);
    await workbench.screenshot('two-kernels');
    // The one in front stops: what was chosen stays, and lives.
    await workbench.command('Debug: Pause');
    await workbench.waitForStop();
    await expect.poll(() => description.textContent(), patient).toBe(`${other} · live`);
    await choose(workbench, 'Unikernel: Choose Session…', 'The One That Is Debugged');
    await expect.poll(() => description.textContent(), patient).toMatch(/^(One|Two) · stopped$/);
    // With one left its name says nothing.
    await page.keyboard.press('Shift+F5');
    await expect.poll(() => description.textContent(), patient).toMatch(/^(live|stopped)$/);
  };
  const { folder } = stage();
  const configuration = { kernel: 'sprout', cwd: sprout, commandLine: 'workload threads=4' };
  await writeLaunchConfiguration(folder, { ...configuration, name: 'One' }, { ...configuration, name: 'Two' });
  await stage().journey('two-kernels', steps);
});
