/** In a workspace that is not trusted nothing is built or run. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { useStage } from './harness/stage.ts';

const stage = useStage({ 'security.workspace.trust.enabled': true });
beforeAll(async () => {
  const { folder } = stage();
  // A tree that looks like Sprout's, whose configuration step leaves a trace.
  const trace = 'file(WRITE it-ran "")';
  await writeFile(join(folder, 'CMakeLists.txt'), `cmake_minimum_required(VERSION 3.25)\nproject(sprout)\n${trace}\n`);
  const preset = { name: 'debug', generator: 'Ninja', binaryDir: 'build/debug' };
  const build = { name: 'debug', configurePreset: 'debug' };
  const presets = { version: 6, configurePresets: [preset], buildPresets: [build] };
  await writeFile(join(folder, 'CMakePresets.json'), JSON.stringify(presets));
  await writeFile(join(folder, 'main.cc'), 'int main() {}\n');
});

test('F5 and the build ask for trust; without it nothing runs', async () => {
  const { folder } = stage();
  await stage().journey('trust', async (workbench) => {
    const dialog = workbench.page.locator('.monaco-dialog-box');
    await workbench.page.locator('.statusbar-item').filter({ hasText: 'Restricted Mode' }).waitFor();
    await workbench.openFile('main.cc', 1);
    for (const start of [
      () => workbench.page.keyboard.press('F5'),
      () => workbench.command('Unikernel: Build Kernel'),
    ]) {
      await start();
      await dialog.filter({ hasText: 'Do you trust the authors' }).waitFor();
      await workbench.screenshot('trust');
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await dialog.waitFor({ state: 'hidden' });
    }
    expect(await workbench.page.locator('.debug-toolbar').isVisible()).toBe(false);
    expect(existsSync(join(folder, 'it-ran'))).toBe(false);

    // The same build runs once the folder is trusted: what was missing was the trust.
    await workbench.command('Unikernel: Build Kernel');
    await dialog.getByRole('button', { name: /^Trust/ }).click();
    await expect.poll(() => existsSync(join(folder, 'it-ran')), { timeout: 30_000 }).toBe(true);
  });
});
