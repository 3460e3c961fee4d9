/** Draws the graph in the colours of the theme. */
import type { Graph, GraphEdge, GraphNode } from './graph.ts';
import { neighboursOf } from './graph.ts';
import type { Spot } from './layout.ts';
import { LEGIBLE, middleOf, NODE, type Point, type View } from './view.ts';
import { edgeWords, nodeDetail, nodeTitle } from './words.ts';

/** The theme's colours that are used. */
export interface Theme {
  background: string;
  foreground: string;
  quiet: string;
  /** Of threads and locks. */
  node: string;
  border: string;
  focus: string;
  waits: string;
  holds: string;
  shares: string;
  cycle: string;
  family: string;
  /** In a high-contrast theme nodes are outlined, not filled. */
  isOutlined: boolean;
}

export function readTheme(): Theme {
  const style = getComputedStyle(document.body);
  const color = (...names: string[]): string =>
    names.map((name) => style.getPropertyValue(`--vscode-${name}`).trim()).find((value) => value !== '') ?? '#888888';
  return {
    background: color('editor-background'),
    foreground: color('editor-foreground', 'foreground'),
    quiet: color('descriptionForeground', 'foreground'),
    node: color('editorWidget-background', 'editor-background'),
    border: color('contrastBorder', 'editorWidget-border', 'foreground'),
    focus: color('focusBorder', 'foreground'),
    waits: color('charts-yellow', 'foreground'),
    holds: color('charts-blue', 'foreground'),
    shares: color('charts-green', 'foreground'),
    cycle: color('charts-red', 'errorForeground', 'foreground'),
    family: color('font-family'),
    isOutlined: document.body.classList.contains('vscode-high-contrast'),
  };
}

export interface Picture {
  graph: Graph;
  places: ReadonlyMap<string, Spot>;
  view: View;
  guestTime: number;
  /** The key of the node that is chosen. */
  chosen: string | undefined;
  hasFocus: boolean;
  /** The session has ended: what is seen was. */
  isOver: boolean;
  theme: Theme;
}

/** How much of it is seen of what does not belong to the chosen node, and of a graph that was. */
const FAINT = 0.35;
export function draw(context: CanvasRenderingContext2D, width: number, height: number, picture: Picture): void {
  const { graph, places, view, theme, chosen } = picture;
  context.fillStyle = theme.background;
  context.fillRect(0, 0, width, height);
  context.save();
  context.translate(view.offset.x, view.offset.y);
  context.scale(view.scale, view.scale);
  const near = chosen === undefined ? undefined : new Set([chosen, ...neighboursOf(graph, chosen)]);
  const isLit = (key: string): boolean => near?.has(key) ?? true;
  // Deadlocks last: nothing covers them.
  for (const edge of [...graph.edges].sort((a, b) => Number(a.inCycle) - Number(b.inCycle))) {
    const lit = chosen === undefined || edge.from === chosen || edge.to === chosen || edge.inCycle;
    context.globalAlpha = picture.isOver || !lit ? FAINT : 1;
    drawEdge(context, edge, picture);
  }
  for (const [key, node] of graph.nodes) {
    const spot = places.get(key);
    if (spot) {
      context.globalAlpha = picture.isOver || !(isLit(key) || node.inCycle) ? FAINT : 1;
      drawNode(context, node, middleOf(spot), picture);
    }
  }
  context.restore();
}

function drawEdge(context: CanvasRenderingContext2D, edge: GraphEdge, picture: Picture): void {
  const { places, theme, view, guestTime } = picture;
  const from = places.get(edge.from);
  const to = places.get(edge.to);
  if (!from || !to) {
    return;
  }
  const curve = curveOf(middleOf(from), middleOf(to));
  const color = colorOf(edge, theme);
  context.strokeStyle = color;
  context.lineWidth = edge.inCycle ? 3 : 1.5;
  context.setLineDash(edge.role === 'waits' ? [6, 4] : []);
  context.beginPath();
  context.moveTo(curve.start.x, curve.start.y);
  context.bezierCurveTo(curve.leave.x, curve.leave.y, curve.arrive.x, curve.arrive.y, curve.end.x, curve.end.y);
  context.stroke();
  context.setLineDash([]);
  drawArrow(context, curve, color, edge.inCycle ? 10 : 8);
  const words = edgeWords(edge, guestTime);
  if (words !== '' && isLegible(view)) {
    drawLabel(context, words, pointOn(curve, 0.5), color, theme);
  }
}

function colorOf(edge: GraphEdge, theme: Theme): string {
  if (edge.inCycle) {
    return theme.cycle;
  }
  return edge.role === 'waits' ? theme.waits : edge.mode === 'shared' ? theme.shares : theme.holds;
}

interface Curve {
  start: Point;
  leave: Point;
  arrive: Point;
  end: Point;
}

/** From the side of one node to the facing side of the other; from above or below where they stand in one column. */
function curveOf(from: Point, to: Point): Curve {
  const isUpright = from.x === to.x;
  const forward = isUpright ? Math.sign(to.y - from.y) : Math.sign(to.x - from.x);
  const reach = isUpright ? { x: 0, y: (NODE.height / 2) * forward } : { x: (NODE.width / 2) * forward, y: 0 };
  const start = { x: from.x + reach.x, y: from.y + reach.y };
  const end = { x: to.x - reach.x, y: to.y - reach.y };
  const bend = isUpright ? { x: 0, y: (end.y - start.y) / 2 } : { x: (end.x - start.x) / 2, y: 0 };
  return {
    start,
    leave: { x: start.x + bend.x, y: start.y + bend.y },
    arrive: { x: end.x - bend.x, y: end.y - bend.y },
    end,
  };
}

function pointOn({ start, leave, arrive, end }: Curve, t: number): Point {
  const s = 1 - t;
  const mix = (a: number, b: number, c: number, d: number): number =>
    s * s * s * a + 3 * s * s * t * b + 3 * s * t * t * c + t * t * t * d;
  return { x: mix(start.x, leave.x, arrive.x, end.x), y: mix(start.y, leave.y, arrive.y, end.y) };
}

function drawArrow(context: CanvasRenderingContext2D, curve: Curve, color: string, size: number): void {
  const { end } = curve;
  const before = pointOn(curve, 0.94);
  const angle = Math.atan2(end.y - before.y, end.x - before.x);
  context.fillStyle = color;
  context.beginPath();
  context.moveTo(end.x, end.y);
  for (const side of [-0.45, 0.45]) {
    context.lineTo(end.x - size * Math.cos(angle + side), end.y - size * Math.sin(angle + side));
  }
  context.closePath();
  context.fill();
}

function drawLabel(context: CanvasRenderingContext2D, text: string, at: Point, color: string, theme: Theme): void {
  context.font = `11px ${theme.family}`;
  const width = context.measureText(text).width + 10;
  context.fillStyle = theme.background;
  context.beginPath();
  context.roundRect(at.x - width / 2, at.y - 9, width, 18, 4);
  context.fill();
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillStyle = theme.isOutlined ? theme.foreground : color;
  context.fillText(text, at.x, at.y + 0.5);
}

function drawNode(context: CanvasRenderingContext2D, node: GraphNode, middle: Point, picture: Picture): void {
  const { theme, chosen, hasFocus, view } = picture;
  const left = middle.x - NODE.width / 2;
  const top = middle.y - NODE.height / 2;
  const isChosen = node.key === chosen;
  // Threads are round, locks are square.
  const radius = node.kind === 'lock' ? 4 : NODE.height / 2;
  context.beginPath();
  context.roundRect(left, top, NODE.width, NODE.height, radius);
  context.fillStyle = theme.background;
  context.fill();
  if (!theme.isOutlined) {
    context.fillStyle = theme.node;
    context.fill();
  }
  context.strokeStyle = node.inCycle ? theme.cycle : theme.border;
  context.lineWidth = node.inCycle ? 2.5 : 1;
  context.setLineDash(node.kind === 'crowd' ? [3, 3] : []);
  context.stroke();
  context.setLineDash([]);
  if (isLegible(view)) {
    drawWords(context, node, middle, picture);
  }
  if (isChosen) {
    context.beginPath();
    context.roundRect(left - 4, top - 4, NODE.width + 8, NODE.height + 8, radius + 4);
    context.strokeStyle = theme.focus;
    context.lineWidth = hasFocus ? 2.5 : 1.5;
    context.stroke();
  }
}

function drawWords(context: CanvasRenderingContext2D, node: GraphNode, middle: Point, { theme }: Picture): void {
  const inset = node.kind === 'lock' ? 10 : 20;
  const left = middle.x - NODE.width / 2 + inset;
  const room = NODE.width - 2 * inset;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  context.font = `600 13px ${theme.family}`;
  context.fillStyle = theme.foreground;
  context.fillText(fitted(context, nodeTitle(node), room, cutInside), left, middle.y - 9);
  context.font = `11px ${theme.family}`;
  context.fillStyle = node.inCycle && node.kind === 'lock' && !theme.isOutlined ? theme.cycle : theme.quiet;
  context.fillText(fitted(context, nodeDetail(node), room, cutBehind), left, middle.y + 10);
}

/** A text of about `count` characters. */
type Cut = (text: string, count: number) => string;

/** Paths and names differ at their ends. */
const cutInside: Cut = (text, count) => {
  const front = Math.ceil(count / 2);
  return `${text.slice(0, front)}…${text.slice(text.length - (count - front))}`;
};
const cutBehind: Cut = (text, count) => `${text.slice(0, count)}…`;

/** As much of it as fits. */
function fitted(context: CanvasRenderingContext2D, text: string, width: number, cut: Cut): string {
  if (context.measureText(text).width <= width) {
    return text;
  }
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(cut(text, middle)).width <= width) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low === 0 ? '' : cut(text, low);
}

/** A little below what is comfortable: who zooms out by hand still reads. */
function isLegible({ scale }: View): boolean {
  return scale >= 0.75 * LEGIBLE;
}
