/** A person sees all memory in one picture: goes close to a page, back in time, compares, and reads who allocated. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FrameLocator, Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import { pictures } from './harness/places.ts';
import { sproutJourney, useStage } from './harness/stage.ts';
import { EDITORS, type Workbench } from './harness/workbench.ts';

/** For what VS Code shows on a busy machine. */
const patient = { timeout: 30_000 };

/** Of a picture, in milliseconds: thirty a second. */
const FRAME = 1000 / 30;
/** How long pictures are counted. */
const COUNTED = 3000;

const stage = useStage({ 'workbench.reduceMotion': 'off' });

interface Drawn {
  frames: number;
  /** How long the last pictures took, in milliseconds. */
  times: number[];
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

/** Pictures that the browser makes in `milliseconds`, a second. */
async function picturesASecond(page: FrameLocator, milliseconds: number): Promise<number> {
  return await page.locator('body').evaluate((_, limit) => {
    type Next = (see: (time: number) => void) => void;
    const next = (globalThis as unknown as { requestAnimationFrame: Next }).requestAnimationFrame;
    return new Promise<number>((resolve) => {
      let first: number | undefined;
      let count = 0;
      const see = (time: number): void => {
        first ??= time;
        if (time - first >= limit) {
          resolve((count * 1000) / (time - first));
        } else {
          count++;
          next(see);
        }
      };
      next(see);
    });
  }, milliseconds);
}

/** Zooms and drags over the map until `whole` is done. */
async function moveOver(workbench: Workbench, map: Locator, whole: Promise<unknown>): Promise<void> {
  const { mouse } = workbench.page;
  const box = await map.boundingBox();
  if (!box) {
    throw new Error('The map is not in sight');
  }
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 4 };
  let isOver = false;
  void whole.finally(() => {
    isOver = true;
  });
  await mouse.move(at.x, at.y);
  for (let turn = 0; !isOver; turn++) {
    await mouse.wheel(0, turn % 2 === 0 ? -400 : 300);
    await mouse.down();
    await mouse.move(at.x + 120, at.y + 60, { steps: 12 });
    await mouse.up();
    await mouse.move(at.x, at.y, { steps: 4 });
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
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

    // It is alive: pages change, and pictures are drawn, while somebody moves over it too.
    const map = page.locator('#map');
    const before = await drawn(page);
    const counting = picturesASecond(page, COUNTED);
    await moveOver(workbench, map, counting);
    const rate = await counting;
    const after = await drawn(page);
    const times = after.times.slice(before.frames - after.frames);
    console.log(
      `1 GiB: ${rate.toFixed(0)} pictures a second with ${(((after.events - before.events) / COUNTED) * 1000).toFixed(1)} readings a second;`,
      `drawing one takes ${median(times).toFixed(2)} ms in the median, ${Math.max(...times).toFixed(1)} ms at most`,
    );
    expect(after.frames - before.frames).toBeGreaterThan(10);
    expect(median(times)).toBeLessThan(FRAME);
    await page.locator('#all').click();

    // What has just changed fades, unless motion is unwanted: then there is one picture a reading at most.
    const picturesAReading = async (readings: number): Promise<number> => {
      const from = await drawn(page);
      await expect.poll(async () => (await drawn(page)).events - from.events, patient).toBeGreaterThan(readings);
      const to = await drawn(page);
      return (to.frames - from.frames) / (to.events - from.events);
    };
    expect(await picturesAReading(10)).toBeGreaterThan(1.2);
    await writeFile(join(stage().folder, '.vscode/settings.json'), JSON.stringify({ 'workbench.reduceMotion': 'on' }));
    await expect.poll(() => page.locator('body').getAttribute('class'), patient).toContain('vscode-reduce-motion');
    await expect.poll(() => picturesAReading(10), patient).toBeLessThanOrEqual(1);

    // By keys: to the first page of a pool, close.
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
    // From object to object.
    const object = async (): Promise<number> =>
      Number(/– object (\d+) of the/.exec((await pointed.textContent()) ?? '')?.[1] ?? -1);
    await expect.poll(object, patient).toBe(0);
    await window.keyboard.press('o');
    await expect.poll(object, patient).toBe(1);
    await window.keyboard.press('O');
    await expect.poll(object, patient).toBe(0);
    await window.keyboard.press('Escape');

    // A kind stands out, and says how many pages it has.
    const pools = page.locator('#legend button').filter({ hasText: /^P?pool [\d,]+$/ });
    await pools.press('Enter');
    expect(await pools.getAttribute('aria-pressed')).toBe('true');
    await pools.press('Enter');
    expect(await pools.getAttribute('aria-pressed')).toBe('false');

    // What changed since a moment.
    await page.locator('#mark').click();
    await expect
      .poll(() => page.locator('#changes-summary').textContent(), patient)
      .toMatch(/^[\d,]+ pages are in another use than /);
    await expect.poll(() => page.locator('#changes .bar').count(), patient).toBeGreaterThan(0);
    await expect
      .poll(() => page.locator('#growth').textContent(), patient)
      .toMatch(/\d [KM]?i?B objects[+−][\d,]+ \([\d.]+ (B|KiB|MiB)\)/);
    await expect.poll(() => page.locator('#new-summary').textContent(), patient).toMatch(/^[\d,]+ new objects?/);
    const newest = page.locator('#new-objects button').last();
    await expect.poll(() => newest.textContent(), patient).toMatch(/^object \d+ of .*, page [\d,]+$/);
    await workbench.screenshot('memory-pools-compared');
    await newest.press('Enter');
    await expect.poll(() => pointed.textContent(), patient).toMatch(/– object \d+ of the \d+-byte class/);
    await workbench.screenshot('memory-pools-close');
    await page.locator('#mark').click();
    await map.press('Escape');

    // Back in time and to now.
    await map.focus();
    await window.keyboard.press('[');
    await expect.poll(() => state.textContent(), patient).toMatch(/(now|ago) · /);
    expect(await page.locator('#notes').textContent()).toMatch(/^The tables are of /);
    const timeline = page.locator('#timeline');
    await timeline.press('Home');
    await expect.poll(() => timeline.getAttribute('aria-valuetext'), patient).toMatch(/\d+ s ago$/);
    const oldest = await state.textContent();
    await timeline.press('PageDown');
    await expect.poll(() => state.textContent(), patient).not.toBe(oldest);
    await workbench.screenshot('memory-pools-past');
    await page.locator('#live').click();
    await expect.poll(() => state.textContent(), patient).toMatch(/^live · /);

    // Who allocated what lives.
    await page.locator('#tab-leaks').click();
    await page.locator('#refresh-leaks').click();
    await page.locator('#leaks tbody tr').first().waitFor(patient);
    expect(await page.locator('#leaks-message').textContent()).toMatch(
      /^[\d.]+ (KiB|MiB) requested by \d+ chains of callers, [\d.]+ (KiB|MiB) allocated/,
    );
    // What leaks is what grows.
    const leak = page.locator('#leaks tbody tr').filter({ hasText: 'leak_objects' });
    await expect
      .poll(async () => {
        await page.locator('#refresh-leaks').click();
        return leak.first().textContent();
      }, patient)
      .toMatch(/\+[\d.]+ (B|KiB)/);
    await leak.first().locator('button').click();
    await expect.poll(() => page.locator('#callers li').count(), patient).toBeGreaterThan(1);
    await workbench.screenshot('memory-pools-leaks');

    // To the code, and back to the minutes that were gathered.
    const gathered = Number(await timeline.getAttribute('aria-valuemin'));
    expect(gathered).toBeLessThan(-3);
    const open = async (): Promise<boolean> => {
      try {
        // An answer that was on its way folds the chain again.
        await leak.first().locator('button').click({ timeout: 5_000 });
        await page.locator('#callers button').filter({ hasText: 'leak_objects' }).click({ timeout: 5_000 });
        return true;
      } catch {
        return false;
      }
    };
    await expect.poll(open, patient).toBe(true);
    const active = window.locator('.tabs-container .tab.active');
    await active.filter({ hasText: 'faults.cc' }).waitFor();
    await window.locator('.tabs-container .tab').filter({ hasText: 'Memory Pools' }).click();
    await expect.poll(async () => Number(await timeline.getAttribute('aria-valuemin')), patient).toBeLessThan(gathered);

    // From an object on the map to who allocated it.
    await page.locator('#tab-changes').click();
    await page.locator('#mark').click();
    await expect.poll(() => page.locator('#new-summary').textContent(), patient).toMatch(/^[1-9][\d,]* new objects?/);
    await page.locator('#new-objects button').last().press('Enter');
    await map.focus();
    await expect.poll(() => pointed.textContent(), patient).toMatch(/live; allocated by .*\.cc:\d+.* ago$/);
    await map.press('Enter');
    await active.filter({ hasText: /\.cc/ }).waitFor();
    await window.locator('.tabs-container .tab').filter({ hasText: 'Memory Pools' }).click();
    await page.locator('#mark').click();

    await page.locator('#tab-classes').click();
  });
}, 300_000);

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

      // The objects of one page, in the middle of a slab whose objects are small enough to be many.
      await workbench.command('View: Hide Panel');
      const pointed = page.locator('#pointed');
      await page.locator('#map').focus();
      await workbench.page.keyboard.press('Home');
      for (
        let step = 0;
        !/: pool of (80|96|112) B objects, slab [2-6]/.test((await pointed.textContent()) ?? '');
        step++
      ) {
        expect(step).toBeLessThan(2000);
        await workbench.page.keyboard.press('n');
      }
      const known = (await drawn(page)).slabs;
      await workbench.page.keyboard.press('Enter');
      await expect.poll(async () => (await drawn(page)).slabs - known, patient).toBeGreaterThan(12);
      await workbench.screenshot('memory-pools-close', pictures, EDITORS);
    });
  });
}
