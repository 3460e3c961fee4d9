/** Bars and gauges that say what they show. Widths are set by script: the page's policy allows no inline styles. */

import * as l10n from '@vscode/l10n';
import { pageCount } from './words.ts';

/** A bar of `share`, 0 to 1, with a name before it and a text behind it. */
export function bar(name: string, text: string, share: number, look: string): HTMLElement {
  const row = line(name, text);
  const track = child(row, 'track');
  const fill = child(track, `fill ${look}`);
  fill.style.width = `${Math.round(Math.max(0, Math.min(1, share)) * 100)}%`;
  return row;
}

/** How many pages a pool has, between its marks. */
export function gauge(name: string, value: number, low: number, high: number): HTMLElement {
  const row = line(name, pageCount(value));
  const track = child(row, 'track');
  track.setAttribute('role', 'meter');
  track.setAttribute('aria-label', name);
  track.setAttribute('aria-valuenow', `${value}`);
  track.setAttribute('aria-valuetext', l10n.t('{0}; low mark {1}, high mark {2}', pageCount(value), low, high));
  const most = Math.max(1, high * 1.15, value);
  child(track, `fill ${value < low ? 'short' : 'cached'}`).style.width = `${(value / most) * 100}%`;
  for (const [mark, title] of [
    [low, l10n.t('low mark: {0}', pageCount(low))],
    [high, l10n.t('high mark: {0}', pageCount(high))],
  ] as const) {
    const tick = child(track, 'tick');
    tick.style.left = `${(mark / most) * 100}%`;
    tick.title = title;
  }
  return row;
}

function line(name: string, text: string): HTMLElement {
  const row = document.createElement('div');
  row.className = 'bar';
  child(row, 'name').textContent = name;
  child(row, 'text').textContent = text;
  return row;
}

function child(parent: HTMLElement, look: string): HTMLElement {
  const element = document.createElement('div');
  element.className = look;
  parent.append(element);
  return element;
}
