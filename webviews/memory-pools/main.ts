/** The memory-pool visualizer's page: every page of RAM in one picture, and what the allocators say beside it. */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodePanels,
  vsCodePanelTab,
  vsCodePanelView,
} from '@vscode/webview-ui-toolkit';
import type { SlabRow } from '../../debug-adapter/protocol.ts';
import { element } from '../dom.ts';
import { colourOf, cssOf, dimmed, readTheme, type Theme } from './colours.ts';
import { type Comparison, compare } from './compare.ts';
import { Glow } from './glow.ts';
import { History } from './history.ts';
import { MapView, WITH_OBJECTS } from './map-view.ts';
import { MOST_SLABS, type ShowIdentity, type ToHost, type ToPage } from './messages.ts';
import { PageMap, stateOf } from './page-map.ts';
import { Raster } from './raster.ts';
import { Side } from './side.ts';
import { Timeline, usedPages } from './timeline.ts';
import { agoWords, grouped, identityWords, kindName, pageWords, useWords } from './words.ts';

declare function acquireVsCodeApi(): { postMessage(message: ToHost): void };

provideVSCodeDesignSystem().register(vsCodeButton(), vsCodePanels(), vsCodePanelTab(), vsCodePanelView());

/** Slabs in sight are read again this often, in milliseconds. */
const SLAB_PERIOD = 500;
/** What lies under the pointer is asked for once it rests. */
const POINT_DELAY = 60;

const host = acquireVsCodeApi();
const map = new PageMap();
const history = new History();
const glow = new Glow();
const raster = new Raster();
const motion = matchMedia('(prefers-reduced-motion: reduce)');
const side = new Side({
  openClass: (key) => host.postMessage({ type: 'openClass', key }),
  openCaller: (caller) => host.postMessage({ type: 'openCaller', caller }),
});
const view = new MapView(element('map'), raster, {
  pointed,
  opened: (frame, offset) => host.postMessage({ type: 'open', frame, offset }),
  arranged: (columns) => {
    raster.resize(map.pages.length, columns);
    repaintAll();
  },
  moved: () => {
    askForSlabs();
    repaint();
  },
});
const timeline = new Timeline(element('timeline'), showMoment);

let theme: Theme = readTheme();
let session = '';
let state: 'live' | 'stopped' | 'ended' = 'stopped';
/** The moment of the past that is shown; undefined: now. */
let shownTime: number | undefined;
/** The pages of that moment. */
let past: Uint16Array | undefined;
/** What others are compared with. */
let mark: { time: number; pages: Uint16Array } | undefined;
let comparison: Comparison | undefined;
let slabs = new Map<number, SlabRow & { frame: number }>();
let isStale = false;
/** Slabs were asked for and not told yet. */
let isAsking = false;
/** The kinds that the legend names. */
let legend = '';
let pointing: number | undefined;
let pointed_: { frame: number; offset: number } | undefined;
/** Pictures drawn, and how long each took: for who measures. */
const drawn = { frames: 0, milliseconds: 0, events: 0, slabs: 0 };

window.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
  switch (data.type) {
    case 'nothing':
      tell('message', data.message);
      element('message').classList.toggle('error', data.isError);
      break;
    case 'state':
      session = data.session;
      state = data.state;
      tellState();
      break;
    case 'pages':
      takePages(data.event);
      break;
    case 'pools':
      side.showPools(data.rows);
      tell('notes', [...(data.isTorn ? ['Read while it changed: torn.'] : []), ...data.notes].join(' '));
      break;
    case 'identity':
      tellIdentity(data);
      break;
    case 'slabs':
      slabs = new Map(
        data.slabs.flatMap((slab) => Array.from({ length: slab.pageCount }, (_, page) => [slab.frame + page, slab])),
      );
      drawn.slabs += data.slabs.length;
      isAsking = false;
      repaint();
      break;
    case 'leaks':
      side.showLeaks(data.groups, data.message);
  }
});

function takePages(event: Extract<ToPage, { type: 'pages' }>['event']): void {
  const now = performance.now();
  const isFirst = event.kinds !== undefined;
  const runs = map.apply(event);
  drawn.events++;
  tell('message', '');
  if (isFirst) {
    begin(now);
  } else {
    history.add(runs, map.counts, now);
    if (past === undefined) {
      for (const { start, pages } of runs) {
        raster.paint(start, pages.length, colour);
      }
      if (!isStill()) {
        glow.add(runs, now);
      }
    }
    if (mark && past === undefined) {
      compareAgain();
    }
  }
  showLegend();
  tellState();
  repaint();
}

/** Another guest, or another subscription: what was known is over. */
function begin(now: number): void {
  history.begin(map.pages, map.counts, now);
  glow.clear();
  shownTime = undefined;
  past = undefined;
  if (mark && mark.pages.length !== map.pages.length) {
    mark = undefined;
  }
  comparison = mark && compare(mark.pages, map.pages);
  view.show({ total: map.pages.length, theme, state: stateAt, slab: (frame) => slabs.get(frame) });
  raster.resize(map.pages.length, raster.columns);
  view.arrange();
  repaintAll();
}

function shownPages(): Uint16Array {
  return past ?? map.pages;
}

function stateAt(frame: number): ReturnType<PageMap['state']> {
  return stateOf(shownPages()[frame] ?? 0, map.kinds, map.classes);
}

function colour(frame: number): number {
  return colourOf(shownPages()[frame] ?? 0, map.kinds, map.classes, theme);
}

/** Every page anew: another moment, another comparison, another theme. */
function repaintAll(): void {
  const pages = shownPages();
  if (comparison) {
    raster.paint(0, pages.length, (frame) => dimmed(pages[frame] ?? 0, map.kinds, map.classes, theme));
    for (const frame of comparison.frames) {
      raster.paint(frame, 1, colour);
    }
  } else {
    raster.paint(0, pages.length, colour);
  }
  repaint();
}

/** Draws once before the next picture of the screen, however much changed. */
function repaint(): void {
  if (isStale) {
    return;
  }
  isStale = true;
  requestAnimationFrame(() => {
    isStale = false;
    const start = performance.now();
    if (past === undefined && !comparison) {
      glow.fade(start, (first, count, bright) =>
        raster.paint(first, count, (frame) => colourOf(map.pages[frame] ?? 0, map.kinds, map.classes, theme, bright)),
      );
    }
    raster.flush();
    view.draw();
    timeline.show({ moments: history.moments, kinds: map.kinds, theme, shown: shownTime, mark: mark?.time });
    drawn.frames++;
    drawn.milliseconds += performance.now() - start;
    if (!glow.isOver) {
      repaint();
    }
  });
}

function isStill(): boolean {
  return motion.matches || document.body.classList.contains('vscode-reduce-motion');
}

/** Shows the moment at `time`; undefined: now, and what comes. */
function showMoment(time: number | undefined): void {
  shownTime = time;
  past = time === undefined ? undefined : history.pagesAt(history.indexAt(time));
  glow.clear();
  slabs.clear();
  if (mark) {
    compareAgain();
  }
  tellState();
  repaintAll();
}

function compareAgain(): void {
  if (!mark) {
    return;
  }
  const before = comparison?.frames.length ?? 0;
  comparison = compare(mark.pages, shownPages());
  const { frames, changes } = comparison;
  side.showChanges(
    frames.length === 0
      ? 'Nothing has changed since the mark.'
      : `${grouped(frames.length)} pages are in another use than ${agoWords(performance.now() - mark.time)}.`,
    changes,
    (use) => useWords(use, map.kinds, map.classes),
  );
  if (before !== frames.length || past !== undefined) {
    repaintAll();
  }
}

/** Marks the moment that is shown, or takes the mark away. */
function toggleMark(): void {
  mark = mark ? undefined : { time: shownTime ?? performance.now(), pages: shownPages().slice() };
  comparison = undefined;
  element('mark').textContent = mark ? 'Stop Comparing' : 'Compare From Here';
  if (mark) {
    compareAgain();
    element<HTMLElement & { activeid: string }>('tabs').setAttribute('activeid', 'tab-changes');
  } else {
    side.showChanges('Choose a moment and compare from it.', [], () => '');
  }
  repaintAll();
}

function pointed(frame: number, offset: number): void {
  if (pointed_?.frame === frame && pointed_.offset === offset) {
    return;
  }
  pointed_ = { frame, offset };
  tell('pointed', pageWords(frame, stateAt(frame)));
  clearTimeout(pointing);
  // Only now is anything known beside its page.
  if (past === undefined && state !== 'ended') {
    pointing = window.setTimeout(() => host.postMessage({ type: 'identify', frame, offset }), POINT_DELAY);
  }
}

function tellIdentity({ frame, offset, found, text, guestTime }: ShowIdentity): void {
  if (pointed_?.frame === frame && pointed_.offset === offset) {
    const words = found ? identityWords(found, guestTime) : text;
    tell('pointed', `${pageWords(frame, stateAt(frame))} – ${words}`);
  }
}

function tellState(): void {
  const used = usedPages(past ? countsOf(past) : map.counts, map.kinds);
  const words = shownTime === undefined ? state : agoWords(performance.now() - shownTime);
  const amount = `${grouped(used)} of ${grouped(map.pages.length)} pages used`;
  tell('state', [session, words, map.pages.length > 0 ? amount : ''].filter((part) => part !== '').join(' · '));
  element('live').hidden = shownTime === undefined;
}

function countsOf(pages: Uint16Array): Uint32Array {
  const counts = new Uint32Array(256);
  for (const page of pages) {
    const kind = page & 0xff;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

function showLegend(): void {
  const kinds = map.kinds.filter((kind, index) => kind !== 'absent' && (map.counts[index] ?? 0) > 0);
  if (kinds.join() === legend) {
    return;
  }
  legend = kinds.join();
  const entries = kinds.map((kind) => {
    const entry = document.createElement('span');
    const swatch = document.createElement('i');
    swatch.style.background = cssOf(kind, theme);
    entry.append(swatch, kindName(kind));
    return entry;
  });
  element('legend').replaceChildren(...entries);
}

/** Says `text` where it is not said already: a screen reader hears changes only. */
function tell(id: string, text: string): void {
  const place = element(id);
  if (place.textContent !== text) {
    place.textContent = text;
  }
  place.hidden = text === '';
}

function askForSlabs(): void {
  if (isAsking || past !== undefined || state === 'ended' || view.scale < WITH_OBJECTS) {
    return;
  }
  const frames = view.inSight(MOST_SLABS * 4).filter((frame) => stateAt(frame).objectSize !== undefined);
  if (frames.length > 0) {
    isAsking = true;
    host.postMessage({ type: 'slabs', frames: frames.slice(0, MOST_SLABS) });
  }
}

setInterval(askForSlabs, SLAB_PERIOD);
new ResizeObserver(() => {
  view.arrange();
  repaint();
}).observe(element('map'));
new MutationObserver(() => {
  theme = readTheme();
  if (map.pages.length > 0) {
    view.show({ total: map.pages.length, theme, state: stateAt, slab: (frame) => slabs.get(frame) });
    legend = '';
    showLegend();
    repaintAll();
  }
}).observe(document.body, { attributes: true, attributeFilter: ['class'] });
element('map').addEventListener('focus', () => {
  pointed(view.cursor, 0);
  repaint();
});
element('map').addEventListener('blur', repaint);
element('larger').addEventListener('click', () => view.magnify(true));
element('smaller').addEventListener('click', () => view.magnify(false));
element('all').addEventListener('click', () => view.showAll());
element('live').addEventListener('click', () => showMoment(undefined));
element('mark').addEventListener('click', toggleMark);
element('refresh-leaks').addEventListener('click', () => host.postMessage({ type: 'leaks' }));
document.addEventListener('keydown', ({ key }) => {
  if (key === '[' || key === ']') {
    showMoment(timeline.stepped(key === '[' ? -1 : 1));
  }
});
Object.assign(window, { unikernelDrawn: drawn });
host.postMessage({ type: 'ready' });
