/** What the timeline shows, and in which colour: boxes to be ticked. */
import type { Checkbox } from '@vscode/webview-ui-toolkit';
import { KINDS, type Kind, kindName } from './lanes.ts';
import { readTheme } from './theme.ts';

/** Fills `bar`; `shown` has the kinds that are ticked, now and after each change. */
export function fillLegend(bar: HTMLElement, shown: Set<Kind>, onChange: () => void): void {
  for (const kind of KINDS) {
    const box = document.createElement('vscode-checkbox') as Checkbox;
    box.checked = shown.has(kind);
    box.append(...(kind === 'idle' ? [kindName(kind)] : [swatch(kind), kindName(kind)]));
    box.addEventListener('change', () => {
      if (box.checked) {
        shown.add(kind);
      } else {
        shown.delete(kind);
      }
      onChange();
    });
    bar.append(box);
  }
}

function swatch(kind: Exclude<Kind, 'idle'>): HTMLElement {
  const made = document.createElement('span');
  made.className = 'swatch';
  made.setAttribute('aria-hidden', 'true');
  const colour = (): void => {
    made.style.background = readTheme()[kind];
  };
  colour();
  new MutationObserver(colour).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  return made;
}
