/** A person follows values of Sprout while it runs: pins them from the palette and a hover, sees them change, opens and writes them. */
import type { Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import { Editor } from './harness/editor.ts';
import { pictures, sprout } from './harness/places.ts';
import { lineOf } from './harness/sprout.ts';
import { useStage } from './harness/stage.ts';
import { SIDEBAR, type Workbench } from './harness/workbench.ts';

/** A busy host may keep a guest, and VS Code, waiting. */
const PATIENT = { timeout: 30_000 };

const stage = useStage();

function panes(workbench: Workbench): Locator {
  return workbench.page.locator('.sidebar .pane');
}

function pane(workbench: Workbench): Locator {
  const header = workbench.page.locator('.pane-header').filter({
    has: workbench.page.getByText('Live Watch', { exact: true }),
  });
  return panes(workbench).filter({ has: header });
}

function rows(workbench: Workbench): Locator {
  return pane(workbench).locator('.monaco-list-row');
}

function row(workbench: Workbench, label: RegExp): Locator {
  return rows(workbench).filter({ hasText: label }).first();
}

/** Gives Live Watch the whole sidebar. */
async function showLiveWatch(workbench: Workbench): Promise<void> {
  await workbench.openContainer('Unikernel');
  await pane(workbench).waitFor();
  const headers = panes(workbench).locator('.pane-header');
  for (let index = 0; index < (await headers.count()); index++) {
    const header = headers.nth(index);
    const isOpen = (await header.getAttribute('aria-expanded')) === 'true';
    const isWanted = (await header.textContent())?.startsWith('Live Watch') ?? false;
    if (isOpen !== isWanted) {
      await header.click();
    }
  }
  // A header's hover would cover the first row.
  await workbench.page.mouse.move(900, 300);
}

/** Runs a command that asks for a text, and answers it. */
async function answer(workbench: Workbench, command: () => Promise<void>, text: string): Promise<void> {
  await command();
  const input = workbench.page.locator('.quick-input-widget .quick-input-title').filter({ hasText: /\S/ });
  await input.waitFor();
  await workbench.page.locator('.quick-input-widget input.input').fill(text);
  await workbench.page.keyboard.press('Enter');
  await workbench.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
}

function pin(workbench: Workbench, expression: string): Promise<void> {
  return answer(workbench, () => workbench.command('Unikernel: Add to Live Watch…'), expression);
}

test('values are followed while the guest runs', async () => {
  const steps = async (workbench: Workbench): Promise<void> => {
    const editor = new Editor(workbench.page);
    await showLiveWatch(workbench);
    await pane(workbench).getByText('Follow values of the kernel while it runs').waitFor();
    await workbench.screenshot('live-watch-empty');
    if (pictures) {
      await workbench.widenSidebar(440);
    }

    await workbench.openFile('workload/truth.cc', await lineOf('workload/truth.cc', 'auto& worker = g_truth.workers'));
    await workbench.page.keyboard.press('F5');
    await workbench.guestSays(/workload: \d+ workers/);
    await showLiveWatch(workbench);

    // From the palette; the name lacks its namespace.
    await pin(workbench, 'g_truth.operations');
    const operations = row(workbench, /^g_truth\.operations: \d+/);
    await operations.waitFor();
    const first = await operations.textContent();
    await expect.poll(() => operations.textContent(), PATIENT).not.toBe(first);
    await expect.poll(() => operations.textContent(), PATIENT).toMatch(/[▁▂▃▄▅▆▇█]{10}$/);

    // A list is opened; its elements, and theirs, go on changing.
    await pin(workbench, 'sprout::g_threads.list');
    const list = row(workbench, /^sprout::g_threads\.list: \{\d+ elements\}/);
    await list.locator('.monaco-tl-twistie').click();
    const writer = row(workbench, /^\[3\]: "\w+-\d+" \{/);
    await writer.locator('.monaco-tl-twistie').click();
    const switches = row(workbench, /^switches: \d+/);
    await switches.waitFor();
    const before = await switches.textContent();
    await expect.poll(() => switches.textContent(), PATIENT).not.toBe(before);

    await pin(workbench, 'nonsense');
    await row(workbench, /^nonsense.*No symbol "nonsense" in current context\.$/).waitFor();

    // Written while it runs.
    await pin(workbench, 'g_truth.workers[255].id');
    const id = row(workbench, /^g_truth\.workers\[255\]\.id: \d+/);
    await id.waitFor();
    await id.hover();
    await answer(workbench, () => id.getByRole('button', { name: 'Set Value' }).click(), '40 + 2');
    await row(workbench, /^g_truth\.workers\[255\]\.id: 42/).waitFor();
    await workbench.page.mouse.move(900, 300);
    await workbench.screenshot('live-watch-open');
    await id.click();
    await workbench.page.keyboard.press('Home');
    await operations.waitFor();
    await workbench.screenshot('live-watch', pictures, SIDEBAR);

    // The picture of how it went: a row that changes all the time keeps no hover, until it stands still.
    await workbench.command('Unikernel: Pause Live Watch');
    await pane(workbench).getByText('paused', { exact: true }).waitFor();
    const plot = workbench.page
      .locator('.workbench-hover')
      .filter({ hasText: /min .* max .* last/ })
      .locator('img');
    await hoverUntil(workbench, operations, plot);
    await workbench.screenshot('live-watch-plot');
    await workbench.command('Unikernel: Resume Live Watch');
    await workbench.page.mouse.move(900, 700);

    // A hover in the source, also while the guest runs; what is hovered is pinned by a click.
    const line = await lineOf('workload/truth.cc', 'auto& worker = g_truth.workers');
    await workbench.page.locator('.tabs-container .tab').filter({ hasText: 'truth.cc' }).click();
    await editor.placeCursor(line, '        auto& worker = g_truth.wor');
    await workbench.page.keyboard.press('Control+K');
    await workbench.page.keyboard.press('Control+I');
    const told = workbench.page.locator('.monaco-hover').filter({ hasText: 'Add to Live Watch' }).first();
    await told.waitFor();
    await workbench.screenshot('live-watch-hover');
    await told.getByText('Add to Live Watch').click();
    const workers = row(workbench, /^sprout::g_truth\.workers: \[256\]/);
    await workers.waitFor();
    await workbench.page.keyboard.press('Escape');

    // What the cursor is on.
    await editor.placeCursor(line, '        auto& worker = g_tr');
    await workbench.command('Unikernel: Add Selection to Live Watch');
    await row(workbench, /^g_truth: \{/).waitFor();

    // What lies at an address.
    await answerIdentify(workbench, '&g_truth');

    // A stop keeps what is open, and nothing changes any more.
    await row(workbench, /^g_truth: \{/).click();
    await workbench.page.keyboard.press('Home');
    await operations.waitFor();
    await workbench.page.locator('.debug-toolbar .codicon-debug-pause').first().click();
    await workbench.page.locator('.debug-toolbar .codicon-debug-continue').first().waitFor();
    await showLiveWatch(workbench);
    expect(await list.getAttribute('aria-expanded')).toBe('true');
    await row(workbench, /^\[3\]: "\w+-\d+" \{/).waitFor();
    await workbench.screenshot('live-watch-stopped');
    await workbench.endSession();
    // Pins outlive the session and the window.
    await showLiveWatch(workbench);
    await row(workbench, /^g_truth\.operations/).waitFor();
    // What a window was doing is cancelled when it is loaded anew, and the browser's database is closed under it.
    stage().server.complaints.expect(/Canceled: Canceled|'IDBTransaction'|IndexedDB database/);
    await workbench.page.reload();
    // The sidebar comes back as it was.
    await row(workbench, /^g_truth\.operations.*not available/).waitFor();
    await workbench.command('Unikernel: Remove All Live Watch Expressions');
    await pane(workbench).getByText('Follow values of the kernel while it runs').waitFor();
  };
  await stage().journey('live-watch', steps, sprout);
});

test('at a stop: what a pointer leads to, and a local that is followed when its function is left', async () => {
  const file = 'workload/worker_files.cc';
  const line = await lineOf(file, 'for (usize piece', 'Worker::write_shared_file');
  const steps = async (workbench: Workbench): Promise<void> => {
    const { page } = workbench;
    const editor = new Editor(page);
    await workbench.openFile(file, line);
    await page.keyboard.press('F5');
    await workbench.guestSays(/workload: \d+ workers/);
    await workbench.toggleBreakpoint();
    await workbench.waitForStop();

    // VS Code asks for what the extension says is an expression; the adapter tells what it leads to.
    const call = '        TRY(all_of(vfs_write_locked(*shared.file';
    await editor.placeCursor(await lineOf(file, call, 'Worker::write_shared_file'), call.slice(0, -2));
    await page.keyboard.press('Control+K');
    await page.keyboard.press('Control+I');
    const hover = page.locator('.debug-hover-widget');
    await hover.filter({ hasText: /0xffff\w+ → object \d+ of the \d+-byte class, live/ }).waitFor();
    await workbench.screenshot('stopped-hover');
    await page.keyboard.press('Escape');

    // `this` is pinned from the Variables view, as the object that it is now.
    await workbench.openContainer('Run and Debug');
    const variables = page.locator('.debug-variables .monaco-list-row');
    const locals = variables.filter({ hasText: /^Locals/ });
    await locals.waitFor();
    if ((await locals.getAttribute('aria-expanded')) === 'false') {
      await locals.locator('.monaco-tl-twistie').click();
    }
    const self = variables.filter({ hasText: /^this/ });
    await self.waitFor();
    await chooseOf(workbench, self, 'Identify');
    const found = page.locator('.quick-input-list .monaco-list-row').filter({ hasText: /object \d+ of the|stack of/ });
    await found.first().waitFor();
    await workbench.screenshot('identify-variable');
    await page.keyboard.press('Escape');
    await chooseOf(workbench, self, 'Add to Live Watch');
    const pinned = row(workbench, /^this: 0xffff/);
    await pinned.waitFor();

    // Its function is left, the guest runs on: the object is still there.
    await editor.placeCursor(line, '    for (');
    await workbench.removeBreakpoint('worker_files.cc');
    await page.keyboard.press('F5');
    await page.locator('.debug-toolbar .codicon-debug-pause').first().waitFor();
    await showLiveWatch(workbench);
    await pinned.locator('.monaco-tl-twistie').click();
    await row(workbench, /^truth_: 0xffff/).waitFor();
    await workbench.command('Unikernel: Toggle Hexadecimal in Live Watch');
    await pane(workbench).getByText('hexadecimal', { exact: true }).waitFor();
    await row(workbench, /^index_: 0x[0-9a-f]+$/).waitFor();
    await workbench.screenshot('live-watch-local');
    await workbench.command('Unikernel: Remove All Live Watch Expressions');
  };
  await stage().journey('live-watch-stop', steps, sprout);
});

/** Chooses an entry of a row's menu, which takes no click in its first moment. */
async function chooseOf(workbench: Workbench, target: Locator, entry: string): Promise<void> {
  await target.click({ button: 'right' });
  const item = workbench.page.locator('.monaco-menu .action-item').filter({ hasText: entry }).first();
  await item.waitFor();
  const isClosed = async (): Promise<boolean> => {
    await item.click({ timeout: 1000 }).catch(() => undefined);
    return !(await item.isVisible());
  };
  await expect.poll(isClosed, PATIENT).toBe(true);
}

/** A hover that comes up while a row is drawn for the last time goes away with it: then the mouse is moved there again. */
async function hoverUntil(workbench: Workbench, target: Locator, told: Locator): Promise<void> {
  const isTold = async (): Promise<boolean> => {
    await workbench.page.mouse.move(900, 300);
    await target.hover();
    return told.waitFor({ timeout: 3000 }).then(
      () => true,
      () => false,
    );
  };
  await expect.poll(isTold, PATIENT).toBe(true);
}

async function answerIdentify(workbench: Workbench, text: string): Promise<void> {
  await workbench.command('Unikernel: Identify Address…');
  const title = workbench.page
    .locator('.quick-input-widget .quick-input-title')
    .filter({ hasText: 'Identify Address' });
  await title.waitFor();
  await workbench.page.locator('.quick-input-widget input.input').fill(text);
  await workbench.page.keyboard.press('Enter');
  await workbench.page
    .locator('.quick-input-list .monaco-list-row')
    .filter({ hasText: 'sprout::g_truth' })
    .first()
    .waitFor();
  await workbench.screenshot('identify');
  await workbench.page.keyboard.press('Escape');
}
