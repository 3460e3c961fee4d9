/** VS Code's window as a person uses it. Each step waits for what it needs to see; none sleeps. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import type { CodeServer } from './code-server.ts';
import { hostLog } from './complaints.ts';
import { withPalette } from './picture.ts';
import { runFolder } from './places.ts';

/** The editors and panels, for pictures of one of them. */
export const EDITORS = '.part.editor';
/** The views. */
export const SIDEBAR = '.part.sidebar';

/** The names of the views, as their headers show them. */
export type ViewTitle = 'Threads' | 'Vnode Locks' | 'Malloc Pools' | 'Timer Sets' | 'Live Watch' | 'Symbol Sizes';

export class Workbench {
  readonly page: Page;
  readonly #server: CodeServer;
  readonly #console: string[] = [];
  /** A window that closes complains of what VS Code itself still reads. */
  #isOver = false;

  private constructor(page: Page, server: CodeServer) {
    this.page = page;
    this.#server = server;
    page.setDefaultTimeout(30_000);
    page.on('console', (message) => {
      this.#console.push(message.text());
      if (message.type() === 'error' && !this.#isOver) {
        server.complaints.hear(message.text());
      }
    });
    page.on('pageerror', (error) => server.complaints.hear(error.stack ?? error.message));
  }

  /** Opens `folder` and waits until the extension's icon is there. */
  static async open(browser: Browser, server: CodeServer, folder: string): Promise<Workbench> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' });
    const workbench = new Workbench(page, server);
    await page.goto(server.page(folder));
    await page.locator('.activitybar a.action-label[aria-label^="Unikernel"]').waitFor();
    return workbench;
  }

  /**
   * Runs `steps`. It fails too when the window or the extension host told of an error that nobody expected. Then saves what the
   * person would have seen, and what VS Code said.
   */
  async journey(name: string, steps: () => Promise<void>): Promise<void> {
    try {
      await steps();
      await this.#server.complaints.check();
    } catch (error) {
      await this.screenshot(`failed-${name}`).catch(() => {});
      const log = [...this.#console, '', this.#server.log, '', await hostLog(this.#server.complaints.logs)].join('\n');
      await writeFile(join(runFolder, `failed-${name}.log`), log);
      throw error;
    } finally {
      this.#isOver = true;
    }
  }

  /** Saves what can be seen to .run/, and small to `folder` too when it is given: there only what lies in `part`, a selector. */
  async screenshot(name: string, folder?: string, part = 'body'): Promise<void> {
    await mkdir(runFolder, { recursive: true });
    await this.page.screenshot({ path: join(runFolder, `${name}.png`) });
    const clip = folder && (await this.page.locator(part).first().boundingBox());
    if (folder && clip) {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, `${name}.png`), withPalette(await this.page.screenshot({ clip })));
    }
  }

  /**
   * Runs a command of the palette by its full title. The palette is a snapshot, and whatever takes the focus closes it (a terminal
   * that a session opens): on a miss it is opened anew.
   */
  async command(title: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input.input');
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first();
    for (let attempt = 0; attempt < 8; attempt++) {
      await this.page.keyboard.press('F1');
      try {
        await input.fill(`>${title}`, { timeout: 4_000 });
        // Clicked, not entered: which row has the focus is not settled when the list appears.
        await row.click({ timeout: 4_000 });
        return;
      } catch {
        await this.page.keyboard.press('Escape');
      }
    }
    throw new Error(`The palette has no command “${title}”`);
  }

  /**
   * Opens a file of the folder by its path in it, and puts the cursor on a line. Whatever takes the focus closes the quick open, and
   * while VS Code is busy it may still show what was typed before, and takes Enter for that: then it is asked again.
   */
  async openFile(path: string, line: number): Promise<void> {
    const input = this.page.locator('.quick-input-widget input.input');
    const name = path.split('/').at(-1) ?? path;
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: name }).first();
    const tab = this.page.locator('.tabs-container .tab.active').filter({ hasText: name });
    const place = this.page.locator('.statusbar-item').filter({ hasText: `Ln ${line},` });
    for (let attempt = 0; attempt < 8; attempt++) {
      await this.page.keyboard.press('Control+P');
      try {
        await input.fill(`${path}:${line}`, { timeout: 4_000 });
        await row.waitFor({ timeout: 4_000 });
        await this.page.keyboard.press('Enter');
        await tab.waitFor({ timeout: 4_000 });
        await place.waitFor({ timeout: 4_000 });
        return;
      } catch {
        await this.page.keyboard.press('Escape');
      }
    }
    throw new Error(`${path} could not be opened at line ${line}`);
  }

  /** Waits until the guest's console, which is in sight, shows `text`. */
  async guestSays(text: RegExp): Promise<void> {
    await this.page.locator('.xterm-rows').getByText(text).waitFor({ timeout: 90_000 });
  }

  /** A breakpoint on the line of the cursor. */
  async toggleBreakpoint(): Promise<void> {
    await this.page.keyboard.press('F9');
    await this.page.locator('.codicon-debug-breakpoint, .codicon-debug-breakpoint-unverified').first().waitFor();
  }

  /** Takes the only breakpoint off the line of the cursor in an open file. */
  async removeBreakpoint(file: string): Promise<void> {
    await this.page.locator('.tabs-container .tab').filter({ hasText: file }).click();
    await this.page.locator('.tabs-container .tab.active').filter({ hasText: file }).waitFor();
    await this.page.keyboard.press('F9');
    await this.page.locator('.codicon-debug-breakpoint').first().waitFor({ state: 'hidden' });
  }

  /** The row at which the selected thread is stopped, once it is. */
  async waitForStop(limitMs = 90_000): Promise<void> {
    await this.page.locator('.debug-top-stack-frame-line').first().waitFor({ timeout: limitMs });
  }

  /** The line of the cursor, which a stop and a step put where the program is. */
  async stoppedLine(): Promise<number> {
    const text = await this.page
      .locator('.statusbar-item')
      .filter({ hasText: /^Ln \d+/ })
      .textContent();
    return Number(text?.match(/Ln (\d+)/)?.[1]);
  }

  async waitForStoppedLine(isWanted: (line: number) => boolean, limitMs = 20_000): Promise<void> {
    const end = Date.now() + limitMs;
    while (!isWanted(await this.stoppedLine())) {
      if (Date.now() > end) {
        throw new Error(`The program stayed at line ${await this.stoppedLine()}`);
      }
      await delay(20);
    }
    await this.waitForStop();
  }

  /** Shows the frames of the thread that stopped. VS Code does so by itself when the view was in sight at the stop. */
  async expandStoppedThread(): Promise<void> {
    const thread = this.callStack()
      .filter({ hasText: /paused on/i })
      .first();
    await thread.waitFor();
    if ((await thread.getAttribute('aria-expanded')) === 'false') {
      await thread.locator('.monaco-tl-twistie').click();
    }
  }

  /** The name of the thread whose frame is selected in the call stack. */
  async focusedThread(): Promise<string> {
    const rows = await this.callStack().evaluateAll((elements) =>
      elements.map((element) => ({
        thread: element.querySelector('.thread .name')?.textContent ?? '',
        isFocused: element.classList.contains('selected') || element.classList.contains('focused'),
      })),
    );
    const focused = rows.findIndex((row) => row.isFocused);
    return rows.slice(0, focused + 1).findLast((row) => row.thread !== '')?.thread ?? '';
  }

  /** Ends what is debugged, and waits until VS Code says so. */
  async endSession(): Promise<void> {
    const toolbar = this.page.locator('.debug-toolbar');
    if (await toolbar.isVisible()) {
      await this.page.keyboard.press('Shift+F5');
      await toolbar.waitFor({ state: 'hidden' });
    }
  }

  callStack(): Locator {
    return this.page.locator('.debug-call-stack .monaco-list-row');
  }

  async openContainer(label: 'Unikernel' | 'Run and Debug' | 'Explorer'): Promise<void> {
    const icon = this.page.locator(`.activitybar .action-item:has(a.action-label[aria-label^="${label}"])`);
    if (!(await icon.getAttribute('class'))?.includes('checked')) {
      await icon.click();
    }
    await this.page
      .locator('.sidebar .composite.title')
      .filter({ hasText: new RegExp(label, 'i') })
      .waitFor();
  }

  /** Makes the sidebar `width` pixels wide, by its edge: for pictures of what stands in it. */
  async widenSidebar(width: number): Promise<void> {
    const sidebar = this.page.locator(SIDEBAR);
    const { x = 0, width: before = 0 } = (await sidebar.boundingBox()) ?? {};
    await this.page.mouse.move(x + before, 450);
    await this.page.mouse.down();
    await this.page.mouse.move(x + width, 450, { steps: 5 });
    await this.page.mouse.up();
  }

  /** The pane of a view in the sidebar. */
  view(title: ViewTitle): Locator {
    const header = this.page.locator('.pane-header').filter({ has: this.page.getByText(title, { exact: true }) });
    return this.page.locator('.sidebar .pane').filter({ has: header });
  }

  /** The rows of a view that are in sight. */
  rows(title: ViewTitle): Locator {
    return this.view(title).locator('.monaco-list-row');
  }

  /** Folds every view but `title`, which gets the whole sidebar. */
  async showOnly(title: ViewTitle): Promise<void> {
    await this.view(title).waitFor();
    for (const header of await this.page.locator('.sidebar .pane-header').all()) {
      const isOpen = (await header.getAttribute('aria-expanded')) === 'true';
      // Not by its label, which tells the view's state too.
      const isWanted = (await header.getByText(title, { exact: true }).count()) > 0;
      if (isOpen !== isWanted) {
        await header.click();
      }
    }
  }
}
