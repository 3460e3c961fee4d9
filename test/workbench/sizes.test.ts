/** A person asks what Sprout's bytes are, with no session: tree, groupings, filter, code lens, comparison, budgets and map. */
import { execFileSync } from 'node:child_process';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FrameLocator, Locator } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { pictures, sprout } from './harness/places.ts';
import { lineOf } from './harness/sprout.ts';
import { useStage } from './harness/stage.ts';
import { EDITORS, type Workbench } from './harness/workbench.ts';

const stage = useStage({
  'unikernel.sizes.file': 'build/debug/sprout.elf',
  'files.simpleDialog.enable': true,
});
beforeAll(async () => {
  for (const preset of ['release', 'debug']) {
    execFileSync('cmake', ['--preset', preset], { cwd: sprout, stdio: 'pipe' });
    execFileSync('cmake', ['--build', '--preset', preset, '--target', 'sprout.elf'], { cwd: sprout, stdio: 'pipe' });
  }
}, 600_000);

function pane(workbench: Workbench): Locator {
  return workbench.view('Symbol Sizes');
}

function rows(workbench: Workbench): Locator {
  return pane(workbench).locator('.monaco-list-row');
}

/** Runs a command of the palette that asks something: the same box stays open. */
async function ask(workbench: Workbench, title: string): Promise<void> {
  const { page } = workbench;
  await page.keyboard.press('F1');
  const input = page.locator('.quick-input-widget input.input');
  await input.waitFor();
  await input.fill(`>${title}`);
  await page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first().click();
  await page.locator('.quick-input-widget .quick-input-title').filter({ hasText: /\S/ }).waitFor();
}

/** Chooses an entry of a row's menu. A menu that has just opened takes no click, so that the click that opened it chooses nothing: then it is clicked again. */
async function menu(workbench: Workbench, row: Locator, entry: string): Promise<void> {
  await row.click({ button: 'right' });
  const item = workbench.page.locator('.monaco-menu .action-item').filter({ hasText: entry }).first();
  await item.waitFor();
  const isClosed = async (): Promise<boolean> => {
    await item.click({ timeout: 1000 }).catch(() => undefined);
    return !(await item.isVisible());
  };
  await expect.poll(isClosed, { timeout: 20_000 }).toBe(true);
}

async function pick(workbench: Workbench, title: string, label: string): Promise<void> {
  await ask(workbench, title);
  await workbench.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: label }).first().click();
}

/** Types into the box that a command opens. */
async function answer(workbench: Workbench, title: string, text: string): Promise<void> {
  await ask(workbench, title);
  const input = workbench.page.locator('.quick-input-widget input.input');
  await input.fill(text);
  await workbench.page.keyboard.press('Enter');
  await input.waitFor({ state: 'hidden' });
}

test('the sizes of Sprout, with no session', async () => {
  // Who refers to whom is asked of a file that cannot tell it.
  stage().server.complaints.expect(/link with -Wl,--emit-relocs/);
  const steps = async (workbench: Workbench): Promise<void> => {
    await workbench.openContainer('Unikernel');
    await workbench.showOnly('Symbol Sizes');
    const folder = rows(workbench)
      .filter({ hasText: /kernel/ })
      .first();
    await folder.waitFor();
    await rows(workbench).filter({ hasText: '[debug data]' }).waitFor();
    // The header's hover would cover the first row.
    await workbench.page.mouse.move(800, 500);
    await folder.click();
    const sched = rows(workbench).filter({ hasText: /^sched/ });
    await sched.waitFor();
    await sched.click();
    await rows(workbench)
      .filter({ hasText: /^timer\.cc.*KiB/ })
      .waitFor();
    await workbench.screenshot('sizes-tree');

    // A symbol opens its source; its menu shows its instructions and who keeps it.
    await rows(workbench)
      .filter({ hasText: /^timer\.cc/ })
      .click();
    const symbol = rows(workbench)
      .filter({ hasText: /^sprout::disarm/ })
      .first();
    await symbol.click();
    await workbench.page.locator('.tab.active').filter({ hasText: 'timer.cc' }).waitFor();
    const definition = await lineOf('sched/timer.cc', 'static void disarm(');
    await workbench.page
      .locator('.statusbar-item')
      .filter({ hasText: `Ln ${definition},` })
      .waitFor();
    // Above each function stands its size.
    const lens = workbench.page.locator('.codelens-decoration a').filter({ hasText: /^\d[\d.,]* (B|KiB)/ });
    await lens.first().waitFor();
    await workbench.screenshot('sizes-lens', pictures);
    await menu(workbench, symbol, 'Show Disassembly');
    await workbench.page.locator('.tab.active').filter({ hasText: 'disarm' }).waitFor();
    await workbench.page
      .locator('.view-line')
      .filter({ hasText: /push\s/ })
      .first()
      .waitFor();
    await workbench.screenshot('sizes-disassembly');
    await menu(workbench, symbol, 'Who Keeps It Alive');
    await workbench.page.locator('.notification-list-item-message').filter({ hasText: '--emit-relocs' }).waitFor();

    await pick(workbench, 'Unikernel: Group Sizes', 'By namespace');
    const namespace = rows(workbench)
      .filter({ hasText: /^sprout/ })
      .first();
    await namespace.waitFor();
    await answer(workbench, 'Unikernel: Filter Sizes', 'timer_wait|g_timer_sets');
    await pane(workbench).getByText('Only what matches').waitFor();
    await workbench.screenshot('sizes-filter');
    await answer(workbench, 'Unikernel: Filter Sizes', '');
    await pick(workbench, 'Unikernel: Group Sizes', 'By folder');

    await workbench.command('Unikernel: Check Size Budgets');
    await workbench.page
      .locator('.notification-list-item-message')
      .filter({ hasText: /budget/ })
      .first()
      .waitFor();
    await workbench.page.locator('.tab.active').filter({ hasText: 'size budgets' }).waitFor();

    await workbench.command('Notifications: Clear All Notifications');
    await workbench.command('Unikernel: Show Size Map');
    const page: FrameLocator = workbench.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
    const canvas = page.locator('#map');
    await canvas.waitFor();
    const status = page.locator('#status');
    await expect.poll(() => status.textContent()).toMatch(/KiB/);
    await workbench.screenshot('sizes-map', pictures, EDITORS);
    await canvas.focus();
    await workbench.page.keyboard.press('Home');
    const first = await status.textContent();
    await workbench.page.keyboard.press('ArrowRight');
    await expect.poll(() => status.textContent()).not.toBe(first);
    expect(await status.textContent()).toMatch(/, 2 of \d+/);
    await workbench.page.keyboard.press('Home');
    await workbench.page.keyboard.press('Enter');
    await expect.poll(() => page.locator('#trail vscode-button').count()).toBeGreaterThan(1);
    await workbench.screenshot('sizes-map-zoomed');
    await workbench.page.keyboard.press('Escape');
    await expect.poll(() => page.locator('#trail vscode-button').count()).toBe(1);

    await workbench.openContainer('Unikernel');
    await pick(workbench, 'Unikernel: Compare Sizes with Another Build', 'build/release/sprout.elf');
    await pane(workbench)
      .getByText(/since release\/sprout\.elf/)
      .waitFor();
    await rows(workbench)
      .filter({ hasText: /[+−]\d/ })
      .first()
      .waitFor();
    // The map shows the comparison too.
    await canvas.focus();
    await expect
      .poll(async () => {
        await workbench.page.keyboard.press('Home');
        return status.textContent();
      })
      .toMatch(/, [+−]\d/);
    await workbench.screenshot('sizes-compared');
    await workbench.command('Unikernel: End the Comparison of Sizes');
  };
  await stage().journey('sizes', steps, sprout);
}, 300_000);

test('a program of one’s own: sorted, without the small, what a build changed, who keeps what, how deep stacks go', async () => {
  const { folder } = stage();
  const build = async (loops: number): Promise<void> => {
    const body = '  total += total * 3;\n'.repeat(loops);
    const helper = `static int helper(int total) {\n${body}  return total;\n}\n`;
    const table = 'static const char zebra[5000] = {1};\n';
    const main =
      'int keeper(int x) {\n  return helper(x) + zebra[x & 7];\n}\nint main(int count, char **) {\n  return keeper(count);\n}\n';
    await writeFile(join(folder, 'program.cc'), `${table}${helper}${main}`);
    const flags = ['-g', '-O0', '-Wl,--emit-relocs', '-no-pie', '-fstack-usage'];
    execFileSync('g++', [...flags, '-c', 'program.cc', '-o', 'program.o'], { cwd: folder, stdio: 'pipe' });
    execFileSync('g++', [...flags, 'program.o', '-o', 'program.new'], { cwd: folder, stdio: 'pipe' });
    await rename(join(folder, 'program.new'), join(folder, 'program'));
  };
  await build(1);
  await mkdir(join(folder, '.vscode'), { recursive: true });
  await writeFile(join(folder, '.vscode/settings.json'), JSON.stringify({ 'unikernel.sizes.file': 'program' }));
  await stage().journey('sizes-own', async (workbench) => {
    const { page } = workbench;
    await workbench.openFile('program.cc', 2);
    const lens = page.locator('.codelens-decoration a');
    await lens
      .filter({ hasText: /^\d+ B$/ })
      .first()
      .waitFor();
    await build(20);
    await lens.filter({ hasText: /^\d+ B · \+\d+ B since the last build$/ }).waitFor();
    await workbench.screenshot('sizes-lens-change');

    await workbench.openContainer('Unikernel');
    await workbench.showOnly('Symbol Sizes');
    await pick(workbench, 'Unikernel: Group Sizes', 'By section');
    await pick(workbench, 'Unikernel: Sort Sizes', 'By name');
    const names = async (): Promise<string[]> =>
      (await rows(workbench).locator('.label-name').allTextContents()).filter((name) => name.startsWith('.'));
    const isSorted = async (): Promise<boolean> => {
      const shown = await names();
      return shown.length > 5 && shown.join() === shown.toSorted((a, b) => a.localeCompare(b)).join();
    };
    await expect.poll(isSorted).toBe(true);
    await answer(workbench, 'Unikernel: Set the Smallest Size', '1 KiB');
    await pane(workbench).getByText('Rows below 1.0 KiB are told as one.').waitFor();
    await rows(workbench)
      .filter({ hasText: /\[\d+ smaller\]/ })
      .first()
      .waitFor();
    await answer(workbench, 'Unikernel: Set the Smallest Size', '0');
    await pick(workbench, 'Unikernel: Sort Sizes', 'Largest in memory first');

    await answer(workbench, 'Unikernel: Filter Sizes', 'keeper');
    await pick(workbench, 'Unikernel: Group Sizes', 'By namespace');
    await rows(workbench).filter({ hasText: '[global]' }).click();
    const keeper = rows(workbench)
      .filter({ hasText: /^keeper/ })
      .first();
    await keeper.waitFor();
    await menu(workbench, keeper, 'Who Keeps It Alive');
    await page.locator('.tab.active').filter({ hasText: 'who keeps keeper' }).waitFor();
    const text = page.locator('.editor-instance .view-lines');
    await text.filter({ hasText: /keeper\(int\):.\d\d.bytes,.and.5,\d{3}.with.all.that.only.it.keeps/ }).waitFor();
    await text
      .filter({ hasText: /What.only.it.keeps:/ })
      .filter({ hasText: 'zebra' })
      .waitFor();
    await workbench.screenshot('sizes-retained');
    await workbench.command('Unikernel: Show Worst-Case Stacks');
    await page.locator('.tab.active').filter({ hasText: 'worst-case stacks' }).waitFor();
    await text.filter({ hasText: /keeper.*helper/ }).waitFor();
  });
}, 120_000);
