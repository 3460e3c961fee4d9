/** A person saves a guest, looks at its panic later with no QEMU, and sees what changed between the two moments. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pictures, sprout } from './harness/places.ts';
import { lineOf, writeLaunchConfiguration } from './harness/sprout.ts';
import { useStage } from './harness/stage.ts';
import { EDITORS, type Workbench } from './harness/workbench.ts';

const stage = useStage();

test('save a guest that runs; its panic saves itself; open that, and compare the two', async () => {
  const { folder } = stage();
  const panics = join(folder, 'panics');
  await writeLaunchConfiguration(folder, {
    kernel: process.env.SPROUT_ELF ?? 'sprout',
    cwd: sprout,
    memory: '64M',
    commandLine: '--track-allocations workload leak panic=8',
    snapshotOnPanic: panics,
  });
  await stage().journey('snapshots', async (workbench) => {
    const { page } = workbench;
    await workbench.openFile('.vscode/launch.json', 1);
    await page.keyboard.press('F5');
    await workbench.guestSays(/workload: \d+ workers/);
    await workbench.command('Unikernel: Save Snapshot…');
    await enterPath(workbench, join(folder, 'early.core'));
    const saved = page
      .locator('.notification-list-item')
      .filter({ hasText: /Saved a snapshot: early\.core \(6\d\.\d MiB\)/ });
    await saved.waitFor();
    await workbench.screenshot('snapshot-saved');
    await workbench.command('Notifications: Clear All Notifications');

    // The guest ran on, and panics.
    await workbench.waitForStop();
    await page.locator('.exception-widget').getByText('the workload was told to panic').waitFor();
    await workbench.endSession();
    const [core = ''] = await readdir(panics);
    expect(core).toMatch(/^sprout.*\.core$/);

    await workbench.command('Unikernel: Open Snapshot…');
    await enterPath(workbench, join(panics, core));
    await workbench.waitForStop();
    await page.locator('.exception-widget').getByText('the workload was told to panic').waitFor();
    await workbench.openContainer('Run and Debug');
    expect(await workbench.stoppedLine()).toBe(await lineOf('workload/faults.cc', 'panic("the workload'));
    await workbench.screenshot('snapshot-opened');

    await workbench.command('Unikernel: Compare Snapshots…');
    await choose(workbench, 'early.core');
    await choose(workbench, 'The Guest Now');
    const report = page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
    await report.getByRole('heading', { name: /What changed from early\.core to the guest now/ }).waitFor();
    await report.getByRole('heading', { name: 'Malloc pools' }).waitFor();
    const leaked = report.getByRole('cell', { name: /leak_objects/ }).first();
    await leaked.scrollIntoViewIfNeeded();
    await workbench.screenshot('snapshots-compared', pictures, EDITORS);
    await workbench.endSession();
  });
});

/** In VS Code's own file dialog, which takes a whole path once it shows the workspace's. */
async function enterPath({ page }: Workbench, path: string): Promise<void> {
  const input = page.locator('.quick-input-widget input.input');
  await expect.poll(() => input.inputValue()).toContain(stage().folder);
  await input.fill(path);
  await page
    .locator('.quick-input-widget')
    .getByText(/^(OK|Open)$/)
    .click();
}

async function choose({ page }: Workbench, label: string): Promise<void> {
  await page.locator('.quick-input-list .monaco-list-row').filter({ hasText: label }).first().click();
}
