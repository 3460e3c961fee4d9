/** Every panel in the four kinds of themes: each text can be read, and who cannot look is told the same. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { expect, test } from 'vitest';
import { faintTexts } from './harness/contrast.mjs';
import { type FocusedControl, focusedControl } from './harness/focus.mjs';
import { sprout } from './harness/places.ts';
import { sproutJourney, useStage } from './harness/stage.ts';
import type { Workbench } from './harness/workbench.ts';

/** For what VS Code shows on a busy machine. */
const patient = { timeout: 30_000 };

const THEMES = {
  dark: { name: 'Default Dark Modern', look: 'vscode-dark' },
  light: { name: 'Default Light Modern', look: 'vscode-light' },
  'high-contrast': { name: 'Default High Contrast', look: 'vscode-high-contrast' },
  'high-contrast-light': { name: 'Default High Contrast Light', look: 'vscode-high-contrast-light' },
};

const stage = useStage({ 'unikernel.sizes.file': join(sprout, 'build/debug/sprout.elf') });

/** The panel in front. Those that another one hides keep their page. */
function pageOf(workbench: Workbench): FrameLocator {
  return workbench.page.frameLocator('iframe.webview.ready:visible').frameLocator('iframe#active-frame');
}

async function chooseTheme(name: string): Promise<void> {
  await mkdir(join(stage().folder, '.vscode'), { recursive: true });
  await writeFile(join(stage().folder, '.vscode/settings.json'), JSON.stringify({ 'workbench.colorTheme': name }));
}

/** A part of a panel's page, and how it comes in sight. */
interface Part {
  name: string;
  show(): Promise<unknown>;
}

/** Looks at every part of the panel in front in each theme: another theme takes a second, another part does not. */
async function inEachTheme(workbench: Workbench, parts: readonly Part[]): Promise<void> {
  const body = pageOf(workbench).locator('body');
  for (const [kind, { name, look }] of Object.entries(THEMES)) {
    await chooseTheme(name);
    await expect
      .poll(async () => ((await body.getAttribute('class')) ?? '').split(' ').includes(look), patient)
      .toBe(true);
    for (const part of parts) {
      await part.show();
      await workbench.screenshot(`theme-${part.name}-${kind}`);
      expect.soft([part.name, kind, await body.evaluate(faintTexts)]).toEqual([part.name, kind, []]);
    }
  }
}

/** The whole page: it is in sight. */
function whole(name: string): Part[] {
  return [{ name, show: () => Promise.resolve() }];
}

/** So many controls of a page are walked through: a table may have hundreds. */
const MOST_STOPS = 60;

/** Walks by the Tab key from `first`, a selector, to the page's end; each control has a name, and is marked while it has the focus. */
async function walk(workbench: Workbench, panel: string, first: string): Promise<string[]> {
  const page = pageOf(workbench);
  await page.locator(first).focus();
  await workbench.page.keyboard.press('Shift');
  const stops: FocusedControl[] = [];
  while (stops.length < MOST_STOPS) {
    const focused = await page.locator('body').evaluate(focusedControl);
    if (!focused) {
      break;
    }
    stops.push(focused);
    await workbench.page.keyboard.press('Tab');
  }
  expect.soft([panel, stops.filter(({ name, isSeen }) => name === '' || !isSeen)]).toEqual([panel, []]);
  return stops.map(({ id }) => id);
}

test('each panel, with a deadlock in it', async () => {
  const commandLine =
    '--track-allocations=64K --trace-records=16K --profile=499 workload deadlock threads=8 load=50 objects=500';
  await sproutJourney(stage(), 'panel-themes', { commandLine, memory: '256M' }, async (workbench) => {
    const { page: window } = workbench;
    const close = (): Promise<void> => workbench.command('View: Close Editor');
    await workbench.openFile('.vscode/launch.json', 1);
    await workbench.command('Unikernel: Show History');
    await pageOf(workbench).locator('#timeline-missing').filter({ hasText: 'Debug a kernel' }).waitFor();
    await window.keyboard.press('F5');
    await workbench.waitForStop();
    await workbench.command('View: Close All Editors');
    await workbench.command('View: Hide Panel');

    await workbench.command('Unikernel: Show Waits-For Graph');
    await pageOf(workbench).locator('#list li.cycle').waitFor(patient);
    await inEachTheme(workbench, whole('waits-for'));
    expect(await walk(workbench, 'waits-for', '#scope')).toEqual(
      expect.arrayContaining(['scope', 'filter', 'graph', 'smaller', 'larger', 'all', 'arrange']),
    );
    await close();

    await workbench.command('Unikernel: Show Memory Pools');
    const pools = pageOf(workbench);
    await pools.locator('#classes tbody tr').nth(5).waitFor(patient);
    expect(await walk(workbench, 'memory-pools', '#mark')).toEqual(
      expect.arrayContaining(['mark', 'smaller', 'larger', 'all', 'map', 'timeline', 'tab-classes']),
    );
    await pools.locator('#tab-leaks').click();
    await pools.locator('#refresh-leaks').click();
    await pools.locator('#leaks tbody tr').first().waitFor(patient);
    const poolsTab = (tab: string): Part => ({
      name: `memory-pools-${tab}`,
      show: () => pools.locator(`#tab-${tab}`).click(),
    });
    await inEachTheme(workbench, ['classes', 'pages', 'leaks'].map(poolsTab));
    await close();

    await workbench.command('Unikernel: Show History');
    const history = pageOf(workbench);
    await history.locator('#lanes').waitFor(patient);
    const parts = ['timeline', 'latencies', 'profile', 'boot'].map((tab) => ({
      name: `history-${tab}`,
      show: async () => {
        await history.locator(`#tab-${tab}`).click();
        await history.locator(`#${tab}`).waitFor();
      },
    }));
    for (const { name, show } of parts) {
      await show();
      expect((await walk(workbench, name, `#${name.replace('history', 'tab')}`)).length).toBeGreaterThan(3);
    }
    await inEachTheme(workbench, parts);
    await close();

    await workbench.command('Unikernel: Show Size Map');
    await expect.poll(() => pageOf(workbench).locator('#status').textContent(), patient).toMatch(/KiB/);
    await inEachTheme(workbench, whole('sizes-map'));
    expect(await walk(workbench, 'sizes-map', 'vscode-dropdown >> nth=0')).toContain('map');
  });
}, 300_000);
