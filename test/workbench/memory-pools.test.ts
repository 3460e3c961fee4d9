/** A person sees all memory in one picture: goes close to a page, back in time, compares, and reads who allocated. */
import type { FrameLocator } from 'playwright-core';
import { expect, test } from 'vitest';
import { pictures } from './harness/places.ts';
import { sproutJourney, useStage } from './harness/stage.ts';
import { EDITORS, type Workbench } from './harness/workbench.ts';

/** For what VS Code shows on a busy machine. */
const patient = { timeout: 30_000 };

const stage = useStage();

interface Drawn {
  frames: number;
  milliseconds: number;
  events: number;
  slabs: number;
}

/** What the page has drawn and been told so far. */
function drawn(page: FrameLocator): Promise<Drawn> {
  return page
    .locator('body')
    .evaluate(() => ({ ...(globalThis as unknown as { unikernelDrawn: Drawn }).unikernelDrawn }));
}

function memoryPage(workbench: Workbench): FrameLocator {
  return workbench.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
}

test('every page of a GiB, live, by the keyboard', async () => {
  const commandLine = '--track-allocations=64K workload threads=8 load=30 leak';
  await sproutJourney(stage(), 'memory-pools', { commandLine, memory: '1G' }, async (workbench) => {
    const { page: window } = workbench;
    await workbench.openFile('.vscode/launch.json', 1);
    await workbench.command('Unikernel: Show Memory Pools');
    const page = memoryPage(workbench);
    const state = page.locator('#state');
    await expect
      .poll(() => page.locator('#message').textContent(), patient)
      .toMatch(/^Debug a kernel to see every page/);
    await window.keyboard.press('F5');

    await expect
      .poll(() => state.textContent(), { timeout: 90_000 })
      .toMatch(/^live · [\d,]+ of 26\d,\d{3} pages used$/);
    await expect.poll(() => page.locator('#classes tbody tr').count(), patient).toBeGreaterThan(5);
    await expect.poll(() => page.locator('#legend').textContent(), patient).toMatch(/free.*pool.*stack/);

    // It is alive: pages change, and pictures are drawn.
    const before = await drawn(page);
    await expect.poll(async () => (await drawn(page)).events - before.events, patient).toBeGreaterThan(20);
    const after = await drawn(page);
    console.log(
      `${after.events - before.events} readings of a GiB drawn in ${after.frames - before.frames} pictures,`,
      `${((after.milliseconds - before.milliseconds) / (after.frames - before.frames)).toFixed(2)} ms each`,
    );

    // By keys: to the first page of a pool, close.
    const map = page.locator('#map');
    await map.focus();
    const pointed = page.locator('#pointed');
    await expect.poll(() => pointed.textContent(), patient).toMatch(/^page \d+ at physical 0x[0-9a-f]+: /);
    await window.keyboard.press('Home');
    await expect.poll(() => pointed.textContent(), patient).toMatch(/^page 0 at physical 0x0: reserved/);

    for (let step = 0; !/: pool of /.test((await pointed.textContent()) ?? ''); step++) {
      expect(step).toBeLessThan(500);
      await window.keyboard.press('n');
    }
    await window.keyboard.press('Enter');
    await expect
      .poll(() => pointed.textContent(), patient)
      .toMatch(/: pool of .* objects, slab .* – object \d+ of the \d+-byte class, (live|free)/);
    await expect.poll(async () => (await drawn(page)).slabs, patient).toBeGreaterThan(0);
    await workbench.screenshot('memory-pools-close');
    await window.keyboard.press('Escape');

    // What changed since a moment.
    await page.locator('#mark').click();
    await expect
      .poll(() => page.locator('#changes-summary').textContent(), patient)
      .toMatch(/^[\d,]+ pages are in another use than /);
    await expect.poll(() => page.locator('#changes .bar').count(), patient).toBeGreaterThan(0);
    await page.locator('#mark').click();

    // Back in time and to now.
    await map.focus();
    await window.keyboard.press('[');
    await expect.poll(() => state.textContent(), patient).toMatch(/(now|ago) · /);
    await page.locator('#live').click();
    await expect.poll(() => state.textContent(), patient).toMatch(/^live · /);

    // Who allocated what lives.
    await page.locator('#tab-leaks').click();
    await page.locator('#refresh-leaks').click();
    await page.locator('#leaks tbody tr').first().waitFor(patient);
    expect(await page.locator('#leaks').textContent()).toMatch(/sprout::/);

    await page.locator('#tab-classes').click();
  });
});

// For the documents: memory that is used.
if (pictures) {
  test('a small guest that is full', async () => {
    const commandLine = 'workload threads=12 load=40 vnodes=300 objects=30000';
    await sproutJourney(stage(), 'memory-pools-small', { commandLine, memory: '16M' }, async (workbench) => {
      await workbench.openFile('.vscode/launch.json', 1);
      await workbench.command('Unikernel: Show Memory Pools');
      const page = memoryPage(workbench);
      await workbench.page.keyboard.press('F5');
      await workbench.guestSays(/workload: \d+ workers/);
      await page.locator('#classes tbody tr').nth(5).waitFor();
      const before = await drawn(page);
      await expect.poll(async () => (await drawn(page)).events - before.events, patient).toBeGreaterThan(100);
      await workbench.screenshot('memory-pools', pictures, EDITORS);
    });
  });
}
