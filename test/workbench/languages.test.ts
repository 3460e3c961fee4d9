/**
 * A person writes an image manifest and a launch configuration in VS Code: what is wrong is told where it stands, and the editor helps.
 * With UNIKERNEL_PICTURES=1 the manifest's picture is made anew.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { Editor } from './harness/editor.ts';
import { pictures } from './harness/places.ts';
import { writeLaunchConfiguration } from './harness/sprout.ts';
import { useStage } from './harness/stage.ts';
import type { Workbench } from './harness/workbench.ts';

const manifest = [
  '[manifest]',
  '# The server, and the pages that it serves',
  '/server: build/server',
  '/bin/httpd: ->/server',
  '/www/**: pages/**',
  '/&/etc/hosts: static/&',
  '/etc/motd:    static/motd',
  '/etc/passwd: static/pasword',
  '/log: $' + '{LOGS}/empty',
  '',
].join('\n');

const stage = useStage({ 'files.autoSave': 'off' });
beforeAll(async () => {
  await write('build/server', 'x'.repeat(48_000));
  await write('pages/index.html', '<h1>Hello</h1>\n');
  await write('pages/img/logo.svg', '<svg/>\n');
  await write('static/etc/hosts', '127.0.0.1 localhost\n');
  await write('static/motd', 'Welcome.\n');
  await write('static/password', 'root:x:0:0\n');
  await write('usr.manifest', manifest);
  await writeLaunchConfiguration(stage().folder, { kernel: 'sprout', commandLine: 'workload thrads=8 ' });
});

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(stage().folder, path)), { recursive: true });
  await writeFile(join(stage().folder, path), text);
}

function journey(name: string, steps: (workbench: Workbench, editor: Editor) => Promise<void>): Promise<void> {
  return stage().journey(name, (workbench) => steps(workbench, new Editor(workbench.page)));
}

test('an image manifest: problems, size, hover, completion, quick fix, rename and format', async () => {
  await journey('manifest', async (workbench, editor) => {
    const { page } = workbench;
    await workbench.openFile('usr.manifest', 3);
    await page.locator('.statusbar-item').filter({ hasText: 'Image Manifest' }).waitFor();

    // The image's size stands above the manifest; what is wrong is underlined and listed.
    await page
      .locator('.codelens-decoration')
      .filter({ hasText: /Image: 4\d\.\d KiB in 5 files, 1 link; 2 not on/ })
      .waitFor();
    await page.keyboard.press('Control+Shift+M');
    const problems = page.locator('.markers-panel .monaco-list-row');
    await problems.filter({ hasText: 'static/pasword is not on this host' }).waitFor();
    await problems.filter({ hasText: 'No build of this manifest defines "LOGS"' }).waitFor();
    await page.locator('.squiggly-error').nth(1).waitFor();
    await workbench.screenshot('manifest', pictures);

    await workbench.openFile('usr.manifest', 3);
    await editor.placeCursor(3, '/server: build/s');
    await editor.hover('46.9 KiB');

    // The mistyped name has one clear mend.
    await editor.placeCursor(8, '/etc/passwd: static/p');
    await editor.quickFix('Change it to "password"');
    await problems.filter({ hasText: 'static/pasword' }).waitFor({ state: 'hidden' });

    // Host paths are completed from the disk.
    await editor.placeCursor(9, '/log: ');
    await page.keyboard.press('Shift+End');
    await page.keyboard.type('pages/i');
    await editor.complete('index.html');
    await editor.line('/log: pages/index.html').waitFor();
    await problems.filter({ hasText: 'LOGS' }).waitFor({ state: 'hidden' });

    // The link follows the guest's path.
    await editor.placeCursor(3, '/ser');
    await editor.rename('httpd');
    await editor.line('/bin/httpd: ->/httpd').waitFor();

    await workbench.command('Format Document');
    await editor.line('/etc/motd: static/motd').waitFor();
    await editor.save();
    expect((await readFile(join(stage().folder, 'usr.manifest'), 'utf8')).split('\n').slice(2)).toEqual([
      '/httpd: build/server',
      '/bin/httpd: ->/httpd',
      '/www/**: pages/**',
      '/&/etc/hosts: static/&',
      '/etc/motd: static/motd',
      '/etc/passwd: static/password',
      '/log: pages/index.html',
      '',
    ]);
  });
});

test('a kernel’s command line in launch.json: a mistyped word is underlined, mended and completed', async () => {
  await journey('command-line', async (workbench, editor) => {
    const { page } = workbench;
    const text = await readFile(join(stage().folder, '.vscode/launch.json'), 'utf8');
    const line = text.split('\n').findIndex((one) => one.includes('commandLine')) + 1;
    const before = (word: string) => (text.split('\n')[line - 1] ?? '').split(word)[0] + word;
    await workbench.openFile('.vscode/launch.json', line);
    await page.locator('.squiggly-error, .squiggly-warning').first().waitFor();
    await page.keyboard.press('Control+Shift+M');
    await page.locator('.markers-panel .monaco-list-row').filter({ hasText: 'thrads' }).waitFor();
    await workbench.openFile('.vscode/launch.json', line);
    await editor.placeCursor(line, before('thr'));
    await editor.quickFix('Change it to "threads=8"');
    await editor.placeCursor(line, before('thr'));
    await editor.hover('workers');

    await editor.placeCursor(line, before('thrads=8 ').replace('thrads', 'threads'));
    await page.keyboard.type('vn');
    await editor.complete('vnodes=');
    await page.keyboard.type('16');
    await editor.line('"commandLine": "workload threads=8 vnodes=16"').waitFor();
    await page.locator('.markers-panel').getByText('No problems have been detected').waitFor();
    await workbench.screenshot('command-line');
  });
});
