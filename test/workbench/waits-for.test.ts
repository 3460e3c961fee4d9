/** A person sees a deadlock as a graph: red, with who holds and who waits; goes from it to code and rows; and reads a backtrace. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { expect, test } from 'vitest';
import { pictures } from './harness/places.ts';
import { lineOf } from './harness/sprout.ts';
import { sproutJourney, useStage } from './harness/stage.ts';
import { EDITORS, type Workbench } from './harness/workbench.ts';

/** For what VS Code shows on a busy machine. */
const patient = { timeout: 30_000 };

const stage = useStage();

function graphPage(workbench: Workbench): FrameLocator {
  return workbench.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
}

/** Goes a journey in a folder that launches Sprout with `commandLine`. */
function journey(name: string, commandLine: string, steps: (workbench: Workbench) => Promise<void>): Promise<void> {
  return sproutJourney(stage(), name, { commandLine }, steps);
}

/** Waits until the editor in front shows a file at a line. */
async function untilAt(workbench: Workbench, file: string, line: number): Promise<void> {
  await workbench.page.locator('.tabs-container .tab.active').filter({ hasText: file }).waitFor();
  await workbench.page
    .locator('.statusbar-item')
    .filter({ hasText: `Ln ${line},` })
    .waitFor();
}

test('a deadlock stops the guest, is drawn red, and leads to its threads and locks', async () => {
  const line = await lineOf('workload/faults.cc', 'TruthfulLock theirs(');
  await journey('waits-for', 'workload deadlock threads=8 load=30', async (workbench) => {
    const { page: window } = workbench;
    await workbench.openFile('.vscode/launch.json', 1);
    await workbench.command('Unikernel: Show Waits-For Graph');
    const page = graphPage(workbench);
    const message = page.locator('#message');
    const status = page.locator('#status');
    const list = page.locator('#list');
    await expect.poll(() => message.textContent(), patient).toMatch(/^Debug a kernel to see/);
    await window.keyboard.press('F5');

    // The guest is stopped for the deadlock, which was found in its memory; the source opens beside the graph.
    await workbench.waitForStop();
    await untilAt(workbench, 'faults.cc', line);
    await list.locator('li.lock.deadlocked').nth(1).waitFor({ timeout: 90_000 });
    await expect.poll(() => status.textContent(), patient).toMatch(/^stopped · .* · 1 deadlock$/);
    expect(await message.isVisible()).toBe(false);
    expect(await list.locator('li.cycle').allTextContents()).toEqual([
      'Deadlock: deadlock-a holds vnode /data/a, waits for vnode /data/b; ' +
        'deadlock-b holds vnode /data/b, waits for vnode /data/a.',
    ]);
    expect((await list.locator('li.lock.deadlocked').allTextContents()).sort()).toEqual([
      'vnode /data/a: deadlock',
      'vnode /data/b: deadlock',
    ]);
    for (const [role, text] of [
      ['holder', /^deadlock-a holds it exclusive for /],
      ['waiter', /^deadlock-b waits exclusive for .* in .*hold_one_and_want_the_other \(faults\.cc:\d+\)$/],
    ] as const) {
      await list.locator(`li.${role}.deadlocked`).filter({ hasText: text }).waitFor();
    }
    await workbench.screenshot('waits-for', pictures, EDITORS);

    // The picture by keys: a node is chosen and told, and Enter goes to it.
    const chosen = page.locator('#chosen');
    await page.locator('#graph').focus();
    await window.keyboard.press('Home');
    await expect.poll(() => chosen.textContent(), patient).toMatch(/^vnode \/data\/[ab]: deadlock\. deadlock-/);
    const told: string[] = [];
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp']) {
      const before = await chosen.textContent();
      await window.keyboard.press(key);
      await expect.poll(() => chosen.textContent(), patient).not.toBe(before);
      told.push((await chosen.textContent()) ?? '');
    }
    expect(told.filter((text) => /^deadlock-[ab], in a deadlock: holds vnode/.test(text))).toHaveLength(2);

    // Only what one asks for.
    await page.locator('#filter input').fill('deadlock-a');
    await expect.poll(() => list.locator('li.lock').count(), patient).toBe(2);
    await page.locator('#filter input').fill('no such thread');
    await expect.poll(() => message.textContent(), patient).toBe('No lock or thread has “no such thread” in its name.');
    await page.locator('#filter input').fill('');
    await list.locator('li.lock.deadlocked').nth(1).waitFor();

    // A thread leads to the frame that matters, in the call stack and in its source.
    await workbench.openContainer('Run and Debug');
    await list.getByRole('button', { name: /^deadlock-b waits/ }).click();
    await untilAt(workbench, 'faults.cc', line);
    await expect.poll(() => workbench.focusedThread(), patient).toMatch(/^deadlock-b/);
    await workbench.screenshot('waits-for-thread');

    // A lock leads to its row.
    await workbench.openContainer('Unikernel');
    await workbench.showOnly('Vnode Locks');
    await window.locator('.tabs-container .tab').filter({ hasText: 'Waits-For Graph' }).click();
    await list.getByRole('button', { name: /^vnode \/data\/b/ }).click();
    const row = workbench.rows('Vnode Locks').filter({ hasText: '/data/b' }).first();
    await expect.poll(() => row.getAttribute('class'), patient).toMatch(/selected/);

    // It lives on when the guest goes on, and stays when the session is over.
    await window.keyboard.press('F5');
    await expect.poll(() => status.textContent(), patient).toMatch(/^live · /);
    await workbench.endSession();
    await expect.poll(() => status.textContent(), patient).toMatch(/^the session has ended · .* · 1 deadlock$/);
  });
}, 300_000);

test('a panic stops at its cause; its backtrace leads to the source, in the console and pasted, with no session', async () => {
  const line = await lineOf('workload/faults.cc', 'the workload was told to panic');
  await journey('backtrace', '--panic=exit workload panic=0', async (workbench) => {
    const { page: window } = workbench;
    await workbench.openFile('.vscode/launch.json', 1);
    await window.keyboard.press('F5');
    await workbench.waitForStop();
    await untilAt(workbench, 'faults.cc', line);
    await window.locator('.exception-widget').filter({ hasText: 'told to panic after 0 seconds' }).waitFor();
    await workbench.screenshot('panic');
    await window.keyboard.press('F5');
    await workbench.guestSays(/^\s*#0 0x/);
    await window.locator('.debug-toolbar').waitFor({ state: 'hidden' });

    // In the guest's console an address is a link.
    await window.keyboard.press('Control+W');
    await window.locator('.tabs-container .tab').filter({ hasText: 'faults.cc' }).waitFor({ state: 'hidden' });
    const frame = window.locator('.xterm-rows > div').filter({ hasText: /#0 0xffffffff/ });
    const box = await frame.locator('span').filter({ hasText: '#0' }).first().boundingBox();
    expect(box).not.toBeNull();
    const at = { x: (box?.x ?? 0) + 80, y: (box?.y ?? 0) + (box?.height ?? 0) / 2 };
    await window.keyboard.down('Control');
    const opened = async (): Promise<boolean> => {
      // The link is there once the pointer has rested on it.
      await window.mouse.move(at.x + 1, at.y);
      await window.mouse.click(at.x, at.y);
      return window.locator('.tabs-container .tab.active').filter({ hasText: 'faults.cc' }).isVisible();
    };
    await expect.poll(opened, patient).toBe(true);
    await window.keyboard.up('Control');
    await untilAt(workbench, 'faults.cc', line);

    // What was printed, without what the debugger has added, as it would be found in a log.
    const rows = await window.locator('.xterm-rows > div').allTextContents();
    const frames = rows.map((row) => /^\s*#\d+ 0x[0-9a-f]+/.exec(row.replaceAll('\u00a0', ' '))?.[0]).filter(Boolean);
    expect(frames.length).toBeGreaterThanOrEqual(2);
    await writeFile(join(stage().folder, 'panic.txt'), `Backtrace:\n${frames.join('\n')}\n`);
    await workbench.openFile('panic.txt', 1);
    await window.keyboard.press('Control+A');
    await workbench.command('Unikernel: Open Backtrace…');
    await window.locator('.tabs-container .tab.active').filter({ hasText: 'Backtrace 1' }).waitFor();
    const named = window.locator('.view-line').filter({ hasText: 'panic_later' });
    await named.waitFor();
    await named.locator('.detected-link').first().waitFor();
    await workbench.screenshot('backtrace');
    await named
      .locator('.detected-link')
      .first()
      .click({ modifiers: ['Control'] });
    await untilAt(workbench, 'faults.cc', line);
  });
}, 300_000);
