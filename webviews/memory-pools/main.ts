/** The memory-pool visualizer's page: every page of RAM in one picture, and what the allocators say beside it. */
import '../translations.ts';
import * as l10n from '@vscode/l10n';
import { vsCodeButton, vsCodePanels, vsCodePanelTab, vsCodePanelView } from '@vscode/webview-ui-toolkit';
import type { MallocPoolsRow } from '../../debug-adapter/protocol.ts';
import { element } from '../dom.ts';
import { useElements } from '../toolkit.ts';
import { AllocationsTab } from './allocations-tab.ts';
import { ChangesTab } from './changes-tab.ts';
import { type Packed, Palette, readTheme, type Theme } from './colours.ts';
import { Comparing, type Shown } from './comparing.ts';
import { Glow } from './glow.ts';
import { History } from './history.ts';
import { Legend } from './legend.ts';
import { MapView, WITH_OBJECTS } from './map-view.ts';
import { MOST_FRAMES, type SlabPurpose, type ToHost, type ToPage } from './messages.ts';
import { countsOf, kindOf, PageMap, type Run, runsBetween, stateOf } from './page-map.ts';
import { Pointed } from './pointed.ts';
import { PoolsHistory } from './pools-history.ts';
import { Raster } from './raster.ts';
import { Side } from './side.ts';
import { SlabReader } from './slab-reader.ts';
import { type Slab, Slabs } from './slabs.ts';
import { Timeline, usedPages } from './timeline.ts';
import { agoWords, grouped, pageWords, stateName } from './words.ts';

declare function acquireVsCodeApi(): { postMessage(message: ToHost): void };

useElements(vsCodeButton(), vsCodePanels(), vsCodePanelTab(), vsCodePanelView());

/** Moments are compared this often, in milliseconds. */
const COMPARE_PERIOD = 500;

const host = acquireVsCodeApi();
const map = new PageMap();
const history = new History();
const poolsHistory = new PoolsHistory();
const glow = new Glow();
const raster = new Raster();
const slabs = new Slabs();
const motion = matchMedia('(prefers-reduced-motion: reduce)');
const side = new Side((key) => host.postMessage({ type: 'openClass', key }));
const allocations = new AllocationsTab((caller, call) =>
  host.postMessage({ type: 'openCaller', caller, ...(call !== undefined && { call }) }),
);
const comparing = new Comparing(new ChangesTab(({ frame, offset }) => view.goTo(frame, offset)), map);
const pointed = new Pointed(
  (frame) => pageWords(frame, stateAt(frame)),
  (frame, offset) => {
    // Only now is anything known beside its page.
    if (past === undefined && state !== 'ended') {
      host.postMessage({ type: 'identify', frame, offset });
    }
  },
);
const view = new MapView(element('map'), raster, {
  pointed: (frame, offset) => {
    pointed.point(frame, offset);
    repaint();
  },
  opened: (frame, offset) => host.postMessage({ type: 'open', frame, offset }),
  arranged: (columns) => {
    raster.resize(map.pages.length, columns);
    repaintAll();
  },
  moved: () => {
    reader.ask('sight');
    repaint();
  },
});
const reader = new SlabReader((message) => host.postMessage(message), wantedSlabs);
const timeline = new Timeline(element('timeline'), showMoment);
const legend = new Legend(element('legend'), (kind) => {
  emphasised = kind === undefined ? undefined : map.kinds.indexOf(kind);
  repaintAll();
});

let theme: Theme = readTheme();
let palette = new Palette([], theme);
let session = '';
let state: 'live' | 'stopped' | 'ended' = 'stopped';
/** The moment of the past that is shown; undefined: now. */
let shownTime: number | undefined;
/** The pages of that moment. */
let past: Uint16Array | undefined;
/** What the pools' view told last. */
let rows: readonly MallocPoolsRow[] = [];
/** The kind that stands out. */
let emphasised: number | undefined;
/** The guest's clock at the last reading: it never goes back while it is one boot. */
let guestTime = 0;
let comparedAt = 0;
let isStale = false;
/** The curve of the last minutes is another. */
let isTimelineStale = true;
/** Pictures drawn and how long the last ones took, in milliseconds: for who measures. */
const drawn = { frames: 0, times: [] as number[], events: 0, slabs: 0 };

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
      takePages(data);
      break;
    case 'pools':
      takePools(data);
      break;
    case 'identity':
      pointed.tell(data);
      break;
    case 'slabs':
      takeSlabs(data);
      break;
    case 'leaks':
      allocations.show(data.groups, data.message, data.guestTime, rows);
  }
});

function takePages({ event, isOther }: Extract<ToPage, { type: 'pages' }>): void {
  const now = performance.now();
  const before = map.pages;
  const runs = map.apply(event);
  const isAnother = isOther || before.length !== map.pages.length || event.guestTime < guestTime;
  guestTime = event.guestTime;
  drawn.events++;
  tell('message', '');
  if (event.kinds && isAnother) {
    begin(now);
  } else {
    // Whoever was hidden is told everything anew.
    const changes = event.kinds ? runsBetween(before, map.pages) : runs;
    history.add(changes, map.counts, now);
    if (past === undefined) {
      showChanges(changes, now);
    }
  }
  legend.show(map.kinds, map.counts, theme);
  isTimelineStale = true;
  tellState();
  repaint();
}

function showChanges(runs: readonly Run[], now: number): void {
  for (const { start, pages } of runs) {
    raster.paint(start, pages.length, colour);
  }
  if (!isStill()) {
    glow.add(runs, now);
  }
  pointed.refresh();
  if (comparing.isOn && now - comparedAt >= COMPARE_PERIOD) {
    comparedAt = now;
    compareAgain();
  }
}

function takePools({ rows: told, isTorn, notes }: Extract<ToPage, { type: 'pools' }>): void {
  rows = told;
  poolsHistory.add(rows, performance.now());
  if (past === undefined) {
    side.showPools(rows);
    tell('notes', [...(isTorn ? [l10n.t('Read while it changed: torn.')] : []), ...notes].join(' '));
  }
}

function takeSlabs({ purpose, slabs: told }: Extract<ToPage, { type: 'slabs' }>): void {
  reader.answered(purpose);
  if (purpose === 'sight') {
    drawn.slabs += told.length;
    slabs.take(told, performance.now());
  } else {
    comparing.takeSlabs(told);
  }
  repaint();
}

/** Another guest, or another boot: what was known is over. */
function begin(now: number): void {
  history.begin(map.pages, map.counts, now);
  poolsHistory.clear();
  glow.clear();
  slabs.clear();
  shownTime = undefined;
  past = undefined;
  palette = new Palette(map.kinds, theme);
  showMap();
  raster.resize(map.pages.length, raster.columns);
  view.arrange();
  comparing.update(shown());
  tellMark();
  repaintAll();
}

function showMap(): void {
  const look = {
    glow: (slab: Slab, index: number) => slabs.glow(slab, index, performance.now()),
    isNew: (slab: Slab, index: number) => comparing.isNew(slab, index),
  };
  view.show({ total: map.pages.length, theme, state: stateAt, slab: (frame) => slabs.at(frame), look });
}

function shownPages(): Uint16Array {
  return past ?? map.pages;
}

/** What is compared with the mark. */
function shown(): Shown {
  const isPast = shownTime !== undefined;
  return { pages: shownPages(), rows: isPast ? poolsHistory.at(shownTime as number) : rows, isPast };
}

function stateAt(frame: number): ReturnType<PageMap['state']> {
  return stateOf(shownPages()[frame] ?? 0, map.kinds, map.classes);
}

/** Whether a page is as bright as it can be: others are there to be compared with. */
function matters(frame: number, page: number): boolean {
  return (!comparing.isOn || comparing.isChanged(frame)) && (emphasised === undefined || kindOf(page) === emphasised);
}

function colour(frame: number): Packed {
  const page = shownPages()[frame] ?? 0;
  return matters(frame, page) ? palette.plain(page) : palette.dimmed(page);
}

/** Every page anew: another moment, another comparison, another theme. */
function repaintAll(): void {
  raster.paint(0, shownPages().length, colour);
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
    draw(start);
    drawn.frames++;
    drawn.times.push(performance.now() - start);
    drawn.times.splice(0, drawn.times.length - 1000);
    if (!glow.isOver) {
      repaint();
    }
  });
}

function draw(now: number): void {
  if (past === undefined) {
    glow.fade(now, (first, count, bright) =>
      raster.paint(first, count, (frame) => {
        const page = map.pages[frame] ?? 0;
        return matters(frame, page) ? palette.glowing(page, bright) : palette.dimmed(page);
      }),
    );
  }
  raster.flush();
  view.draw();
  if (isTimelineStale) {
    isTimelineStale = false;
    timeline.show({ moments: history.moments, kinds: map.kinds, theme, shown: shownTime, mark: comparing.time });
  }
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
  side.showPools(shown().rows);
  tell('notes', time === undefined ? '' : l10n.t('The tables are of {0} too.', agoWords(performance.now() - time)));
  legend.show(map.kinds, past ? countsOf(past) : map.counts, theme);
  comparing.update(shown());
  isTimelineStale = true;
  pointed.refresh();
  tellState();
  repaintAll();
}

function compareAgain(): void {
  if (comparing.update(shown())) {
    repaintAll();
  }
}

/** Marks the moment that is shown, or takes the mark away. */
function toggleMark(): void {
  if (comparing.isOn) {
    comparing.end();
  } else {
    comparing.begin(shown(), shownTime ?? performance.now());
    element('tabs').setAttribute('activeid', 'tab-changes');
    reader.ask('moment');
  }
  tellMark();
  isTimelineStale = true;
  repaintAll();
}

function tellMark(): void {
  element('mark').textContent = comparing.isOn ? l10n.t('Stop Comparing') : l10n.t('Compare From Here');
}

function tellState(): void {
  const used = usedPages(past ? countsOf(past) : map.counts, map.kinds);
  const words = shownTime === undefined ? stateName(state) : agoWords(performance.now() - shownTime);
  const amount = l10n.t('{0} of {1} pages used', grouped(used), grouped(map.pages.length));
  tell('state', [session, words, map.pages.length > 0 ? amount : ''].filter((part) => part !== '').join(' · '));
  element('live').hidden = shownTime === undefined;
}

/** Says `text` where it is not said already: a screen reader hears changes only. */
function tell(id: string, text: string): void {
  const place = element(id);
  if (place.textContent !== text) {
    place.textContent = text;
  }
  place.hidden = text === '';
}

/** Pages of slabs whose objects are wanted: those that are large enough in sight, or all, to tell which are new. */
function wantedSlabs(purpose: SlabPurpose): number[] {
  const isWanted = purpose === 'sight' ? view.scale >= WITH_OBJECTS : comparing.isOn;
  if (!isWanted || past !== undefined || state === 'ended') {
    return [];
  }
  const pool = map.kinds.indexOf('pool');
  const candidates = purpose === 'sight' ? view.inSight(MOST_FRAMES.sight * 4) : [...map.pages.keys()];
  return candidates.filter((frame) => kindOf(map.pages[frame] ?? 0) === pool);
}

new ResizeObserver(() => {
  isTimelineStale = true;
  view.arrange();
  repaint();
}).observe(element('map'));
new MutationObserver(() => {
  theme = readTheme();
  if (map.pages.length > 0) {
    palette = new Palette(map.kinds, theme);
    isTimelineStale = true;
    showMap();
    legend.show(map.kinds, map.counts, theme);
    repaintAll();
  }
}).observe(document.body, { attributes: true, attributeFilter: ['class'] });
element('map').addEventListener('focus', () => {
  pointed.point(view.cursor, 0);
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
