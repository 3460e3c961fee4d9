/** A newcomer is shown around: the walkthrough opens from the empty view, and each step has its picture. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startBrowser } from './harness/browser.ts';
import { CodeServer } from './harness/code-server.ts';
import { packageExtension } from './harness/places.ts';
import { Workbench } from './harness/workbench.ts';

test('the walkthrough opens from the empty view, with a picture for each step', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unikernel-walkthrough-'));
  await using server = await CodeServer.start({ extensions: [await packageExtension('walkthrough')] });
  const browser = await startBrowser();
  try {
    const workbench = await Workbench.open(browser, server, folder);
    await workbench.journey('walkthrough', async () => {
      const { page } = workbench;
      await workbench.openContainer('Unikernel');
      await workbench.showOnly('Threads');
      await workbench.view('Threads').getByText('Get started').click();
      const steps = page.locator('.gettingStartedDetailsContent .getting-started-step');
      await steps.first().waitFor();
      const titles = await steps.locator('.step-title').allTextContents();
      expect(titles).toContain('Press F5');
      for (const title of titles) {
        await steps.filter({ hasText: title }).first().click();
        const image = page.locator('.getting-started-media img').first();
        await expect
          .poll(() => image.evaluate((element) => (element as unknown as { naturalWidth: number }).naturalWidth))
          .toBeGreaterThan(100);
        await workbench.screenshot(`walkthrough-${titles.indexOf(title)}`);
      }
      // A step is done when what it is about was seen.
      const locks = steps.filter({ hasText: 'See Who Holds What' });
      await locks.click();
      await locks.getByRole('button', { name: 'Show Vnode Locks' }).click();
      await locks.locator('[role="checkbox"][aria-checked="true"]').waitFor();
    });
  } finally {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
});
