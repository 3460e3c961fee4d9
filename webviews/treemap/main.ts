/** The size map's page: a canvas that can be used by mouse and keys, and that tells a screen reader what is chosen. */
import '../translations.ts';
import * as l10n from '@vscode/l10n';
import {
  type Dropdown,
  type TextField,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import { element } from '../dom.ts';
import { useElements } from '../toolkit.ts';
import { type Cell, cellAt, layOut } from './layout.ts';
import type { Grouping, MapRow, Measure, ShowMap, ToHost, ToPage } from './messages.ts';
import { draw, readTheme } from './paint.ts';

declare function acquireVsCodeApi(): { postMessage(message: ToHost): void };

useElements(vsCodeButton(), vsCodeDropdown(), vsCodeOption(), vsCodeTextField());

const host = acquireVsCodeApi();
const canvas = element<HTMLCanvasElement>('map');
const status = element('status');
const trail = element('trail');
const grouping = element<Dropdown>('grouping');
const measure = element<Dropdown>('measure');
const filter = element<TextField>('filter');
const motion = matchMedia('(prefers-reduced-motion: reduce)');
const ZOOM_MS = 160;

let shown: ShowMap | undefined;
let cells: Cell[] = [];
let chosen: Cell | undefined;
let zoomFrom: Cell | undefined;

window.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
  if (data.type === 'error') {
    tell(data.message);
    return;
  }
  shown = data;
  grouping.value = data.grouping;
  measure.value = data.measure;
  if (document.activeElement !== filter) {
    filter.value = data.filter;
  }
  showTrail(data);
  arrange();
  animate();
});

/** Lays the map out anew for the page's size, and keeps what is chosen. */
function arrange(): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  cells = shown ? layOut(shown.map, { x: 0, y: 0, width, height }) : [];
  choose(cells.find((cell) => cell.depth > 0 && cell.row.id === chosen?.row.id) ?? cells[1]);
}

function paint(from?: { x: number; y: number; width: number; height: number }): void {
  const context = canvas.getContext('2d');
  if (context) {
    context.setTransform(window.devicePixelRatio || 1, 0, 0, window.devicePixelRatio || 1, 0, 0);
    const { clientWidth: width, clientHeight: height } = canvas;
    draw(context, {
      width,
      height,
      cells,
      chosen,
      theme: readTheme(),
      isComparison: shown?.isComparison ?? false,
      from,
    });
  }
}

/** The map grows out of the cell that was opened, unless motion is unwanted. */
function animate(): void {
  const start = zoomFrom;
  zoomFrom = undefined;
  if (!start || motion.matches || document.body.classList.contains('vscode-reduce-motion')) {
    paint();
    return;
  }
  const began = performance.now();
  const { clientWidth: width, clientHeight: height } = canvas;
  const step = (now: number): void => {
    const done = Math.min(1, (now - began) / ZOOM_MS);
    const mix = (from: number, to: number): number => from + (to - from) * done;
    paint({
      x: mix(start.x, 0),
      y: mix(start.y, 0),
      width: mix(start.width, width),
      height: mix(start.height, height),
    });
    if (done < 1) {
      requestAnimationFrame(step);
    } else {
      paint();
    }
  };
  requestAnimationFrame(step);
}

function choose(cell: Cell | undefined): void {
  chosen = cell;
  paint();
  if (cell) {
    const siblings = cell.parent?.row.children ?? [];
    const place = siblings.length > 1 ? l10n.t('{0} of {1}', siblings.indexOf(cell.row) + 1, siblings.length) : '';
    const facts = [cell.row.label, cell.row.sizes, changeName(cell.row.change), place];
    tell(facts.filter((fact) => fact !== '').join(', '));
  } else {
    tell(shown ? l10n.t('Nothing to show: the filter matches nothing, or nothing changed.') : '');
  }
}

function changeName(change: MapRow['change']): string {
  switch (change) {
    case 'grew':
      return l10n.t('grew');
    case 'shrank':
      return l10n.t('shrank');
    case 'new':
      return l10n.t('new');
    case 'gone':
      return l10n.t('gone');
    default:
      return '';
  }
}

function tell(text: string): void {
  if (status.textContent !== text) {
    status.textContent = text;
  }
}

function zoom(cell: Cell | undefined): void {
  if (!cell || cell.depth === 0) {
    return;
  }
  if (cell.row.hasChildren) {
    zoomFrom = cell;
    host.postMessage({ type: 'zoom', id: cell.row.id });
  } else if (cell.row.hasSource) {
    host.postMessage({ type: 'open', id: cell.row.id });
  }
}

/** One level up. */
function leave(): void {
  const above = shown?.trail.at(-2);
  if (above) {
    host.postMessage({ type: 'zoom', id: above.id });
  }
}

function showTrail({ trail: steps }: ShowMap): void {
  trail.replaceChildren(
    ...steps.map((step, index) => {
      const button = document.createElement('vscode-button');
      button.setAttribute('appearance', 'secondary');
      button.textContent = step.label;
      if (index === steps.length - 1) {
        button.setAttribute('aria-current', 'location');
        button.setAttribute('disabled', '');
      } else {
        button.addEventListener('click', () => host.postMessage({ type: 'zoom', id: step.id }));
      }
      return button;
    }),
  );
}

/** The cell beside `cell`, or in it, or around it. */
function neighbour(key: string): Cell | undefined {
  const siblings = cells.filter((cell) => cell.parent === chosen?.parent && cell.depth > 0);
  const at = chosen ? siblings.indexOf(chosen) : -1;
  switch (key) {
    case 'ArrowRight':
      return siblings[Math.min(siblings.length - 1, at + 1)];
    case 'ArrowLeft':
      return siblings[Math.max(0, at - 1)];
    case 'ArrowDown':
      return cells.find((cell) => cell.parent === chosen) ?? chosen;
    case 'ArrowUp':
      return chosen?.parent && chosen.parent.depth > 0 ? chosen.parent : chosen;
    case 'Home':
      return siblings[0];
    case 'End':
      return siblings.at(-1);
    default:
      return undefined;
  }
}

canvas.addEventListener('keydown', (event) => {
  const next = neighbour(event.key);
  if (next) {
    choose(next);
  } else if (event.key === 'Enter') {
    zoom(chosen);
  } else if (event.key === 'Escape' || event.key === 'Backspace') {
    leave();
  } else if (event.key === 'o' && chosen?.row.hasSource) {
    host.postMessage({ type: 'open', id: chosen.row.id });
  } else {
    return;
  }
  event.preventDefault();
});
canvas.addEventListener('mousemove', ({ offsetX, offsetY }) => {
  const cell = cellAt(cells, offsetX, offsetY);
  if (cell && cell !== chosen && cell.depth > 0) {
    choose(cell);
  }
});
canvas.addEventListener('click', ({ offsetX, offsetY }) => {
  canvas.focus();
  zoom(cellAt(cells, offsetX, offsetY));
});
canvas.addEventListener('focus', () => paint());
canvas.addEventListener('blur', () => paint());
new ResizeObserver(() => arrange()).observe(canvas);
new MutationObserver(() => paint()).observe(document.body, { attributes: true, attributeFilter: ['class'] });

const ask = (): void =>
  host.postMessage({
    type: 'query',
    grouping: grouping.value as Grouping,
    measure: measure.value as Measure,
    filter: filter.value,
  });
grouping.addEventListener('change', ask);
measure.addEventListener('change', ask);
filter.addEventListener('change', ask);
host.postMessage({ type: 'ready' });
