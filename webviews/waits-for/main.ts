/** The waits-for graph's page: a picture that can be used by mouse and keys, and a list that says the same. */
import '../translations.ts';
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
import { type Graph, type GraphNode, graphOf } from './graph.ts';
import { Placement, type Spot } from './layout.ts';
import { List } from './list.ts';
import type { Scope, ShowGraph, ToHost, ToPage } from './messages.ts';
import { draw, readTheme, type Theme } from './paint.ts';
import {
  nodeAt,
  nodeTowards,
  type Point,
  pan,
  pictured,
  reveal,
  type Size,
  type View,
  viewOfAll,
  viewToRead,
  zoom,
} from './view.ts';
import { emptyWords, nodeSentence, summary } from './words.ts';

declare function acquireVsCodeApi(): { postMessage(message: ToHost): void };

useElements(vsCodeButton(), vsCodeDropdown(), vsCodeOption(), vsCodeTextField());

const host = acquireVsCodeApi();
const canvas = element<HTMLCanvasElement>('graph');
const status = element('status');
const chosenWords = element('chosen');
const message = element('message');
const scope = element<Dropdown>('scope');
const filter = element<TextField>('filter');
const notes = element('notes');
const motion = matchMedia('(prefers-reduced-motion: reduce)');
const list = new List(element('list'), (key) => {
  choose(key);
  open(graph.nodes.get(key));
});
const placement = new Placement();

const ZOOM_STEP = 1.25;
const PAN_STEP = 60;
/** Of a movement from one view to another, in milliseconds. */
const MOVE_MS = 180;

let shown: ShowGraph | undefined;
let graph: Graph = { nodes: new Map(), edges: [] };
let places: ReadonlyMap<string, Spot> = new Map();
let view: View = { scale: 1, offset: { x: 0, y: 0 } };
/** What matters is shown until the user chooses another part. */
let follows = true;
let chosen: string | undefined;
let theme: Theme = readTheme();
/** The picture is to be drawn. */
let isStale = false;

window.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
  shown = data.type === 'graph' ? data : undefined;
  graph = graphOf(shown?.rows ?? []);
  places = placement.place(graph);
  list.show(shown);
  if (data.type === 'graph') {
    scope.value = data.query.scope;
    if (document.activeElement !== filter) {
      filter.value = data.query.filter;
    }
    tell(message, data.rows.length === 0 ? emptyWords(data) : '');
    tell(notes, data.notes.join(' '));
  } else {
    tell(message, data.message);
    tell(notes, '');
  }
  message.classList.toggle('error', data.type === 'nothing' && data.isError);
  tell(status, shown ? summary(shown) : '');
  if (chosen !== undefined && !graph.nodes.has(chosen)) {
    chosen = undefined;
  }
  tellChosen();
  if (follows) {
    view = comfortableView();
  }
  repaint();
});

function size(): Size {
  return { width: canvas.clientWidth, height: canvas.clientHeight };
}

/** All of it where that can be read, else its deadlocks. */
function comfortableView(): View {
  const cyclic = [...places].filter(([key]) => graph.nodes.get(key)?.inCycle).map(([, spot]) => spot);
  return viewToRead([...places.values()], cyclic, size());
}

/** Draws once before the next picture of the screen, however much changed. */
function repaint(): void {
  if (isStale) {
    return;
  }
  isStale = true;
  requestAnimationFrame(() => {
    isStale = false;
    const scale = window.devicePixelRatio || 1;
    const { width, height } = size();
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const context = canvas.getContext('2d');
    if (context) {
      context.setTransform(scale, 0, 0, scale, 0, 0);
      draw(context, width, height, {
        graph,
        places,
        view,
        guestTime: shown?.guestTime ?? 0,
        chosen,
        hasFocus: document.activeElement === canvas,
        isOver: shown?.state === 'ended',
        theme,
      });
    }
  });
}

/** Says `text` where it is not said already: a screen reader hears changes only. */
function tell(place: HTMLElement, text: string): void {
  if (place.textContent !== text) {
    place.textContent = text;
  }
  place.hidden = text === '';
}

function tellChosen(): void {
  const node = chosen === undefined ? undefined : graph.nodes.get(chosen);
  tell(chosenWords, node && shown ? nodeSentence(node, shown) : '');
}

function choose(key: string | undefined): void {
  chosen = key;
  const spot = key === undefined ? undefined : places.get(key);
  if (spot) {
    const to = reveal(view, spot, size());
    if (to.offset.x !== view.offset.x || to.offset.y !== view.offset.y) {
      moveTo(to);
    }
  }
  tellChosen();
  repaint();
}

function open(node: GraphNode | undefined): void {
  if (node?.kind === 'thread') {
    host.postMessage({ type: 'openThread', thread: node.thread });
  } else if (node?.kind === 'lock') {
    host.postMessage({ type: 'openLock', lock: node.row.key });
  }
}

/** Moves the view, at once where motion is unwanted. */
function moveTo(to: View): void {
  follows = false;
  const from = view;
  if (motion.matches || document.body.classList.contains('vscode-reduce-motion')) {
    view = to;
    repaint();
    return;
  }
  const began = performance.now();
  const step = (now: number): void => {
    const done = Math.max(0, Math.min(1, (now - began) / MOVE_MS));
    const mix = (a: number, b: number): number => a + (b - a) * done * (2 - done);
    view = {
      scale: mix(from.scale, to.scale),
      offset: { x: mix(from.offset.x, to.offset.x), y: mix(from.offset.y, to.offset.y) },
    };
    repaint();
    if (done < 1) {
      requestAnimationFrame(step);
    }
  };
  requestAnimationFrame(step);
}

function showAll(): void {
  moveTo(viewOfAll([...places.values()], size()));
}

function magnify(factor: number, at: Point = { x: size().width / 2, y: size().height / 2 }): void {
  follows = false;
  view = zoom(view, factor, at);
  repaint();
}

/** Puts everything to its best place; what is there keeps it from then on. */
function arrange(): void {
  placement.forget();
  places = placement.place(graph);
  moveTo(comfortableView());
  follows = true;
}

const ARROWS: Record<string, readonly [dx: number, dy: number]> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
};

function key(event: KeyboardEvent): boolean {
  const arrow = ARROWS[event.key];
  if (arrow && event.shiftKey) {
    follows = false;
    view = pan(view, -arrow[0] * PAN_STEP, -arrow[1] * PAN_STEP);
    repaint();
  } else if (arrow) {
    choose((chosen && nodeTowards(places, chosen, ...arrow)) ?? chosen ?? places.keys().next().value);
  } else if (event.key === 'Home') {
    choose([...graph.nodes.keys()][0]);
  } else if (event.key === 'Enter' || event.key === ' ') {
    open(graph.nodes.get(chosen ?? ''));
  } else if (event.key === 'Escape') {
    choose(undefined);
  } else if (event.key === '+' || event.key === '=') {
    magnify(ZOOM_STEP);
  } else if (event.key === '-') {
    magnify(1 / ZOOM_STEP);
  } else if (event.key === '0') {
    showAll();
  } else {
    return false;
  }
  return true;
}

canvas.addEventListener('keydown', (event) => {
  if (key(event)) {
    event.preventDefault();
  }
});

/** Where the pointer went down, and whether it has moved since: then it pans, else it is a click. */
let dragged: { from: Point; moved: boolean } | undefined;
canvas.addEventListener('pointerdown', (event) => {
  canvas.setPointerCapture(event.pointerId);
  canvas.focus();
  dragged = { from: { x: event.offsetX, y: event.offsetY }, moved: false };
});
canvas.addEventListener('pointermove', ({ offsetX: x, offsetY: y }) => {
  if (dragged) {
    dragged.moved ||= Math.hypot(x - dragged.from.x, y - dragged.from.y) > 4;
    if (dragged.moved) {
      follows = false;
      view = pan(view, x - dragged.from.x, y - dragged.from.y);
      dragged.from = { x, y };
      repaint();
    }
    return;
  }
  canvas.classList.toggle('over', nodeAt(places, pictured(view, { x, y })) !== undefined);
});
canvas.addEventListener('pointerup', ({ offsetX: x, offsetY: y }) => {
  const isClick = dragged && !dragged.moved;
  dragged = undefined;
  if (isClick) {
    const key = nodeAt(places, pictured(view, { x, y }));
    choose(key);
    open(graph.nodes.get(key ?? ''));
  }
});
canvas.addEventListener('pointercancel', () => {
  dragged = undefined;
});
canvas.addEventListener(
  'wheel',
  (event) => {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) {
      magnify(Math.exp(-event.deltaY / 200), { x: event.offsetX, y: event.offsetY });
    } else {
      follows = false;
      view = pan(view, -event.deltaX, -event.deltaY);
      repaint();
    }
  },
  { passive: false },
);
canvas.addEventListener('focus', repaint);
canvas.addEventListener('blur', repaint);
new ResizeObserver(() => {
  if (follows) {
    view = comfortableView();
  }
  repaint();
}).observe(canvas);
new MutationObserver(() => {
  theme = readTheme();
  repaint();
}).observe(document.body, { attributes: true, attributeFilter: ['class'] });

const ask = (): void =>
  host.postMessage({ type: 'query', query: { scope: scope.value as Scope, filter: filter.value } });
scope.addEventListener('change', ask);
filter.addEventListener('input', ask);
element('larger').addEventListener('click', () => magnify(ZOOM_STEP));
element('smaller').addEventListener('click', () => magnify(1 / ZOOM_STEP));
element('all').addEventListener('click', showAll);
element('arrange').addEventListener('click', arrange);
host.postMessage({ type: 'ready' });
