/** The views on the terminal while the guest runs. */
import type { ViewSnapshot } from '../protocol.ts';
import { fitLines, windowSize } from './screen.ts';
import { formatView } from './views.ts';

const MOST_ROWS = 8;
const CONSOLE_LINES = 3;
const CLEAR_SCREEN = '\x1b[2J\x1b[3J';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** Redraws in place on a terminal; without one, prints one picture below the other. */
export class LiveScreen {
  #console: string[] = [];
  #drawn = false;

  /** Text of the guest's console and the adapter's messages: the last lines are shown below the views. */
  write(text: string): void {
    if (!process.stdout.isTTY) {
      process.stdout.write(text);
      return;
    }
    this.#console = [...this.#console, ...text.split('\n').filter((line) => line.trim() !== '')].slice(-CONSOLE_LINES);
  }

  draw(snapshots: readonly ViewSnapshot[]): void {
    const { width, height } = windowSize();
    const lines = fitLines(this.#picture(snapshots, width, height - 1), width, height - 1);
    if (!process.stdout.isTTY) {
      console.log(`\n${lines.join('\n')}`);
      return;
    }
    const begin = this.#drawn ? HOME : `${CLEAR_SCREEN}${HOME}`;
    this.#drawn = true;
    process.stdout.write(`${begin}${lines.map((line) => `${line}${CLEAR_LINE}`).join('\n')}\n${CLEAR_BELOW}`);
  }

  /** With as many rows a view as the window has room for. */
  #picture(snapshots: readonly ViewSnapshot[], width: number, height: number): string[] {
    for (let rows = MOST_ROWS; ; rows--) {
      const views = snapshots.flatMap((snapshot) => [...formatView(snapshot, rows, rows), '']);
      const lines = [...views, ...this.#console, 'Ctrl-C ends.'];
      if (rows === 1 || fitLines(lines, width).length <= height) {
        return lines;
      }
    }
  }
}
