/** A newcomer is shown around: the walkthrough opens from the empty view, and each step has its picture. */
import { expect, test } from 'vitest';
import { useStage } from './harness/stage.ts';

const stage = useStage();

test('the walkthrough opens from the empty view, with a picture for each step', async () => {
  await stage().journey('walkthrough', async (workbench) => {
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
});
