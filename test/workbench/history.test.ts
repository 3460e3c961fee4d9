/** A person looks at what the kernel did: timeline, latencies, flame graph and boot, of a guest that runs and of one that was stopped. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { expect, test } from 'vitest';
import { pictures } from './harness/places.ts';
import { sproutJourney, useStage } from './harness/stage.ts';
import { EDITORS, type Workbench } from './harness/workbench.ts';

/** For what VS Code shows on a busy machine. */
const patient = { timeout: 30_000 };

const stage = useStage({ 'files.simpleDialog.enable': true });

function historyPage(workbench: Workbench): FrameLocator {
  return workbench.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
}

/** Goes a journey in a folder that launches Sprout with `commandLine`. */
function journey(name: string, commandLine: string, steps: (workbench: Workbench) => Promise<void>): Promise<void> {
  return sproutJourney(stage(), name, { commandLine }, steps);
}

test('timeline, latencies, profile and boot of a guest that runs', async () => {
  const commandLine = '--trace-records=16K --profile=499 workload load=50 threads=10 vnodes=24 objects=500';
  await journey('history', commandLine, async (workbench) => {
    const { page: window } = workbench;
    await workbench.openFile('.vscode/launch.json', 1);
    await workbench.command('Unikernel: Show History');
    const page = historyPage(workbench);
    const lanes = page.locator('#lanes');
    const chosen = page.locator('#chosen');
    const table = page.locator('#in-sight-table tbody tr');
    await page.locator('#timeline-missing').filter({ hasText: 'Debug a kernel' }).waitFor();
    await window.keyboard.press('F5');

    // Live: what is in sight moves on.
    await lanes.waitFor({ timeout: 90_000 });
    await page.locator('#state').filter({ hasText: 'live' }).waitFor();
    await page.locator('#in-sight summary').click();
    await table.nth(20).waitFor();
    const first = await table.first().textContent();
    await expect.poll(() => table.first().textContent(), patient).not.toBe(first);
    const places = (): Promise<string[]> => page.locator('#in-sight-table tbody td:first-child').allTextContents();
    // The table is bounded: closer, both CPUs are among its rows.
    for (let step = 0; step < 4; step++) {
      await page.locator('#zoom-in').click();
    }
    await page.locator('#zoom-latest').click();
    await expect.poll(places, patient).toEqual(expect.arrayContaining(['CPU 0', 'CPU 1']));
    await page.locator('#zoom-all').click();
    await page.locator('#zoom-latest').click();
    await page.locator('#in-sight summary').click();

    // Stopped, a lock that somebody waited for is found, and told in a sentence.
    await page.locator('#live').click();
    await page.locator('#search input').fill('vnode /data/');
    await expect.poll(() => page.locator('#search-count').textContent(), patient).toMatch(/found/);
    await page.locator('#search-next').click();
    await expect.poll(() => chosen.textContent(), patient).toMatch(/waited for vnode \/data\/.* for [\d.]+ (µs|ms|s)/);
    await lanes.focus();
    const wait = await chosen.textContent();
    await window.keyboard.press('ArrowRight');
    await expect.poll(() => chosen.textContent()).not.toBe(wait);
    await workbench.screenshot('history-timeline', pictures, EDITORS);

    await page.locator('#tab-latencies').click();
    const locks = page.locator('#latency-tables table').first().locator('tbody tr');
    await locks
      .filter({ hasText: /vnode \/data\/shared/ })
      .first()
      .waitFor();
    const wakeUps = page.locator('#latency-tables table').nth(1);
    await wakeUps.getByText('writer-0', { exact: true }).waitFor();
    await workbench.screenshot('history-latencies');

    await page.locator('#tab-profile').click();
    const flame = page.locator('#flame-chosen');
    await expect.poll(() => flame.textContent(), patient).toMatch(/^\d+ of \d+ samples.* 499 times a second/);
    await page.locator('#profile-search input').fill('Worker::run$');
    await expect.poll(() => page.locator('#profile-matched').textContent()).toMatch(/^(9\d|100)(\.\d)? %$/);
    await page.locator('#profile-search input').fill('');
    await workbench.screenshot('history-profile', pictures, EDITORS);

    // Stacks are saved as other tools read them.
    await page.locator('#save-collapsed').click();
    await window.locator('.quick-input-widget input.input').waitFor();
    await window.keyboard.press('Enter');
    const stacks = () => readFile(join(stage().folder, 'kernel-stacks.txt'), 'utf8').catch(() => '');
    await expect.poll(stacks, patient).toMatch(/^writer-0;.*;sprout::workload::Worker::run;.* \d+$/m);
    await page.locator('#functions summary').click();
    await page
      .locator('#function-table')
      .getByRole('button', { name: 'sprout::workload::Worker::run', exact: true })
      .click();
    await window.locator('.tabs-container .tab.active').filter({ hasText: 'worker.cc' }).waitFor();

    await window.locator('.tabs-container .tab').filter({ hasText: 'History' }).click();
    await page.locator('#tab-boot').click();
    await expect
      .poll(() => page.locator('#boot-summary').textContent(), patient)
      .toMatch(/^From power-on to the first program: [\d.]+ (ms|s), of which the kernel took/);
    await page.locator('#boot-table tbody tr').filter({ hasText: 'firmware and boot loader' }).waitFor();

    // A second boot is compared with the first.
    await window.keyboard.press('Control+Shift+F5');
    await page.locator('#boot-table th').filter({ hasText: 'Change' }).waitFor({ timeout: 60_000 });
    await page
      .locator('#boot-table tbody tr')
      .filter({ hasText: /memory.*[+−]/ })
      .waitFor();
    await workbench.screenshot('history-boot');
  });
});

test('a kernel that records nothing is told how it would', async () => {
  await journey('history-off', '--trace-records=0 workload load=20', async (workbench) => {
    await workbench.openFile('.vscode/launch.json', 1);
    await workbench.page.keyboard.press('F5');
    await workbench.guestSays(/workload: \d+ workers/);
    await workbench.command('Unikernel: Show History');
    const page = historyPage(workbench);
    await page.locator('#timeline-missing').filter({ hasText: '--trace-records=0' }).waitFor();
    await page.locator('#tab-profile').click();
    await page.locator('#profile-missing').filter({ hasText: 'Add --profile' }).waitFor();
    await workbench.screenshot('history-off');
  });
});
