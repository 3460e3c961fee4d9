/** The text editor in front, as a person uses it. Nothing here sleeps: each step waits for what VS Code shows. */
import type { Locator, Page } from 'playwright-core';

export class Editor {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** A line that is in sight, by its text. */
  line(text: string): Locator {
    return this.#page.locator('.editor-instance .view-line').filter({ hasText: text });
  }

  /** Puts the cursor behind `before`, with which line `line` (from 1) begins. */
  async placeCursor(line: number, before: string): Promise<void> {
    const place = `Ln ${line}, Col ${before.length + 1}`;
    const input = this.#page.locator('.quick-input-widget input.input');
    await this.#page.keyboard.press('Control+G');
    await input.waitFor();
    await input.fill(`:${line}:${before.length + 1}`);
    await this.#page.keyboard.press('Enter');
    await input.waitFor({ state: 'hidden' });
    await this.#page.locator('.statusbar-item').filter({ hasText: place }).waitFor();
  }

  /** Asks for the hover at the cursor, and waits until it says `text`. */
  async hover(text: string): Promise<void> {
    await this.#page.keyboard.press('Control+K');
    await this.#page.keyboard.press('Control+I');
    await this.#page.locator('.monaco-hover').filter({ hasText: text }).first().waitFor();
    await this.#page.keyboard.press('Escape');
  }

  /** Applies the quick fix of that title at the cursor. */
  async quickFix(title: string): Promise<void> {
    await this.#page.keyboard.press('Control+.');
    const action = this.#page.locator('.action-widget .monaco-list-row').filter({ hasText: title });
    await action.waitFor();
    await action.click();
    await action.waitFor({ state: 'hidden' });
  }

  /** Takes the suggestion whose label begins so; it comes by itself while one types. */
  async complete(label: string): Promise<void> {
    const row = this.#page.locator(`.suggest-widget .monaco-list-row[aria-label^="${label}"]`).first();
    await row.waitFor();
    await row.click();
    await row.waitFor({ state: 'hidden' });
  }

  /** Gives the symbol at the cursor another name. */
  async rename(name: string): Promise<void> {
    await this.#page.keyboard.press('F2');
    const input = this.#page.locator('.rename-box input');
    await input.waitFor();
    await input.fill(name);
    await this.#page.keyboard.press('Enter');
    await input.waitFor({ state: 'hidden' });
  }

  async save(): Promise<void> {
    const dirty = this.#page.locator('.tab.active.dirty');
    await dirty.waitFor();
    await this.#page.keyboard.press('Control+S');
    await dirty.waitFor({ state: 'hidden' });
  }
}
