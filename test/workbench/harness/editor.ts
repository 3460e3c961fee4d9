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
    await this.#ask(['Control+G'], input);
    await input.fill(`:${line}:${before.length + 1}`);
    await this.#page.keyboard.press('Enter');
    await input.waitFor({ state: 'hidden' });
    await this.#page.locator('.statusbar-item').filter({ hasText: place }).waitFor();
  }

  /** Asks for the hover at the cursor, and waits until it says `text`. */
  async hover(text: string): Promise<void> {
    await this.#ask(['Control+K', 'Control+I'], this.#page.locator('.monaco-hover').filter({ hasText: text }).first());
    await this.#page.keyboard.press('Escape');
  }

  /** Applies the quick fix of that title at the cursor. */
  async quickFix(title: string): Promise<void> {
    const action = this.#page.locator('.action-widget .monaco-list-row').filter({ hasText: title });
    await this.#ask(['Control+.'], action);
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
    const input = this.#page.locator('.rename-box input');
    await this.#ask(['F2'], input);
    await input.fill(name);
    await this.#page.keyboard.press('Enter');
    await input.waitFor({ state: 'hidden' });
  }

  /**
   * Presses `keys` until `answer` is in sight: a busy VS Code may answer with what it knew before the last edit, and whatever takes the
   * focus closes what it shows.
   */
  async #ask(keys: readonly string[], answer: Locator): Promise<void> {
    for (let attempt = 0; attempt < 5; attempt++) {
      for (const key of keys) {
        await this.#page.keyboard.press(key);
      }
      try {
        await answer.waitFor({ timeout: 6_000 });
        return;
      } catch {
        await this.#page.keyboard.press('Escape');
      }
    }
    throw new Error(`${keys.join(' ')} did not show ${answer}`);
  }

  async save(): Promise<void> {
    const dirty = this.#page.locator('.tab.active.dirty');
    await dirty.waitFor();
    await this.#page.keyboard.press('Control+S');
    await dirty.waitFor({ state: 'hidden' });
  }
}
