/** In a window of another language every panel speaks it, and so does the language server. */
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { markedTexts, wordsOutside } from '../../extension/test/marked-language.ts';
import { sprout } from './harness/places.ts';
import { Stage } from './harness/stage.ts';
import { textsOf } from './harness/texts.mjs';
import type { Workbench } from './harness/workbench.ts';

const LANGUAGE = 'de';

let extensions: string;
let stage: Stage;
beforeAll(async () => {
  // The extension as it will be with a translation of its own.
  extensions = await mkdtemp(join(tmpdir(), 'unikernel-translated-'));
  await cp(inject('extensions'), extensions, { recursive: true });
  const [installed] = (await readdir(extensions)).filter((name) => name.includes('unikernel-workbench'));
  const bundle = join(extensions, `${installed}/l10n/bundle.l10n.${LANGUAGE}.json`);
  await writeFile(bundle, JSON.stringify(markedTexts()));
  stage = await Stage.open({
    extensions,
    language: LANGUAGE,
    settings: { 'unikernel.sizes.file': join(sprout, 'build/debug/sprout.elf') },
  });
  // The language pack has no texts of VS Code's own extensions.
  stage.server.complaints.expect(/No bundle location found for extension vscode\./);
});
afterAll(async () => {
  await stage?.close();
  await rm(extensions, { recursive: true, force: true });
});

function pageOf({ page }: Workbench): FrameLocator {
  return page.frameLocator('iframe.webview.ready:visible').frameLocator('iframe#active-frame');
}

test('the panels', async () => {
  await stage.journey('translated-panels', async (workbench) => {
    const panels: [command: string, first: string][] = [
      ['Unikernel: Show Waits-For Graph', '#message'],
      ['Unikernel: Show Memory Pools', '#message'],
      ['Unikernel: Show History', '#timeline-missing'],
      ['Unikernel: Show Size Map', '#status'],
    ];
    for (const [command, first] of panels) {
      await workbench.command(command);
      const page = pageOf(workbench);
      await page.locator(first).filter({ hasText: /«|KiB/ }).waitFor();
      const texts = await page.locator('body').evaluate(textsOf);
      // Of a kernel are its own names: what the size map tells of Sprout.
      const own = first === '#status' ? texts.filter((text) => /[KM]iB/.test(text) || /sprout/i.test(text)) : [];
      const untold = texts.filter((text) => !own.includes(text) && wordsOutside(text).length > 0);
      expect.soft([command, untold]).toEqual([command, []]);
      expect(texts.length - own.length).toBeGreaterThan(8);
      expect(await page.locator('html').getAttribute('lang')).toBe(LANGUAGE);
      await workbench.screenshot(`translated-${first.slice(1)}`);
      await workbench.command('View: Close Editor');
    }
  });
});

test('the language server', async () => {
  await writeFile(join(stage.folder, 'usr.manifest'), '[manifest]\n/a: build/nothing\n');
  await stage.journey('translated-manifest', async (workbench) => {
    const { page } = workbench;
    await workbench.openFile('usr.manifest', 2);
    await page.keyboard.press('Control+Shift+M');
    const problems = page.locator('.markers-panel .monaco-list-row');
    await problems.filter({ hasText: '«build/nothing is not on this host' }).waitFor();
    await page.locator('.codelens-decoration').filter({ hasText: /^«/ }).waitFor();
  });
});
