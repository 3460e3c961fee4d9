/** The profile's tab: a flame graph of the kernel's samples. */
import * as l10n from '@vscode/l10n';
import type { Button, Checkbox, Dropdown, TextField } from '@vscode/webview-ui-toolkit';
import {
  collapsedStacks,
  cpuProfile,
  type FlameNode,
  flameTree,
  type Profile,
} from '../../debug-adapter/history/profile.ts';
import { isIdleName } from '../../debug-adapter/history/timeline.ts';
import type { ProfileStack } from '../../debug-adapter/kernels/model.ts';
import { element, fillDropdown, fitted, pattern, prepared, Table, tellMissing } from '../dom.ts';
import { type Box, type FunctionRow, functionsOf, layOut, matchedSamples, neighbour, pathOf } from './flame-layout.ts';
import type { ToHost } from './messages.ts';
import { colorOf, readTheme, type Theme } from './theme.ts';

const ROW = 19;
const ALL = 'all';

export class FlameView {
  readonly #canvas = element<HTMLCanvasElement>('flames');
  readonly #status = element('flame-chosen');
  readonly #missing = element('profile-missing');
  readonly #thread = element<Dropdown>('profile-thread');
  readonly #byThread = element<Checkbox>('profile-by-thread');
  readonly #idle = element<Checkbox>('profile-idle');
  readonly #search = element<TextField>('profile-search');
  readonly #matched = element('profile-matched');
  readonly #details = element<HTMLDetailsElement>('functions');
  readonly #table: Table<FunctionRow>;
  readonly #post: (message: ToHost) => void;
  #profile: Profile | undefined;
  #root: FlameNode | undefined;
  #boxes: Box[] = [];
  #path: string[] = [];
  #chosen: string[] | undefined;
  #threads = '';
  #chosenThread = ALL;
  /** Pixels that the flames are scrolled down. */
  #scroll = 0;
  #frame = 0;

  constructor(post: (message: ToHost) => void) {
    this.#post = post;
    const share = (samples: number): string =>
      `${((100 * samples) / Math.max(1, this.#root?.total ?? 0)).toFixed(1)} %`;
    this.#table = new Table(element('function-table'), l10n.t('Functions'), [
      { title: l10n.t('Function'), text: ({ name }) => name, activate: ({ node }) => this.#opener(node) },
      { title: l10n.t('Itself'), text: ({ self }) => share(self), order: ({ self }) => self },
      { title: l10n.t('With what it calls'), text: ({ total }) => share(total), order: ({ total }) => total },
    ]);
    this.#fillThreads();
    this.#listen();
  }

  show(profile: Profile): void {
    this.#profile = profile;
    this.tell('');
    this.#fillThreads();
    this.#arrange();
  }

  /** Why there is nothing to see; empty when there is something. */
  tell(message: string): void {
    tellMissing(this.#missing, message);
  }

  paint(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#paint();
    });
  }

  /** The threads that have samples; what is chosen stays chosen. */
  #fillThreads(): void {
    const known = new Map<number, string>();
    for (const { thread } of this.#profile?.stacks ?? []) {
      known.set(thread, this.#name(thread));
    }
    const rows = [...known].sort(([, a], [, b]) => a.localeCompare(b, undefined, { numeric: true }));
    const text = JSON.stringify(rows);
    if (text === this.#threads) {
      return;
    }
    this.#threads = text;
    const options = rows.map(([id, name]) => ({ value: String(id), text: name }));
    fillDropdown(this.#thread, [{ value: ALL, text: l10n.t('all threads') }, ...options], this.#chosenThread);
  }

  #name(thread: number): string {
    return this.#profile?.threads.get(thread) ?? l10n.t('thread {0}', thread);
  }

  #includes = ({ thread }: ProfileStack): boolean => {
    const wanted = this.#chosenThread;
    return wanted !== ALL ? String(thread) === wanted : this.#idle.checked || !isIdleName(this.#name(thread));
  };

  #arrange(): void {
    if (!this.#profile) {
      return;
    }
    this.#root = flameTree(this.#profile, { includes: this.#includes, byThread: this.#byThread.checked });
    this.#boxes = layOut(this.#root, this.#path);
    this.#scrollTo(this.#scroll);
    const wanted = pattern(this.#search.value);
    const share = wanted ? matchedSamples(this.#root, wanted) / Math.max(1, this.#root.total) : 0;
    this.#matched.textContent = wanted ? `${(100 * share).toFixed(1)} %` : '';
    if (!this.#chosen) {
      this.#status.textContent = this.#summary();
    }
    if (this.#details.open) {
      this.#table.show(functionsOf(this.#root).slice(0, 200));
    }
    this.paint();
  }

  #summary(): string {
    const { total = 0 } = this.#root ?? {};
    const { rate = 0, lost = 0, total: all = 0 } = this.#profile ?? {};
    const known = lost > 0 ? l10n.t('{0} samples, {1} lost', all, lost) : l10n.t('{0} samples', all);
    return total === 0
      ? l10n.t('No sample of a busy thread yet, {0} in all.', known)
      : l10n.t('{0} of {1}; each CPU is sampled {2} times a second.', total, known, Math.round(rate));
  }

  #chosenBox(): Box | undefined {
    const key = this.#chosen?.join('\n');
    return key === undefined ? undefined : this.#boxes.find((box) => pathOf(box).join('\n') === key);
  }

  #paint(): void {
    const context = prepared(this.#canvas);
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (!context || width === 0) {
      return;
    }
    const theme = readTheme();
    const wanted = pattern(this.#search.value);
    const chosen = this.#chosenBox();
    context.fillStyle = theme.background;
    context.fillRect(0, 0, width, height);
    context.textBaseline = 'middle';
    context.font = theme.smallFont;
    for (const box of this.#boxes) {
      const shape = this.#shape(box);
      drawBox(context, box, shape, theme, wanted);
      if (box === chosen) {
        context.strokeStyle = theme.focus;
        context.lineWidth = document.activeElement === this.#canvas ? 3 : 2;
        context.strokeRect(shape.x + 1, shape.y + 1, Math.max(1, shape.width - 2), ROW - 3);
      }
    }
  }

  /** The root is at the foot: flames rise. What is higher than the picture is scrolled to. */
  #shape({ begin, end, depth }: Box): { x: number; y: number; width: number } {
    const { clientWidth, clientHeight } = this.#canvas;
    const y = clientHeight - (depth + 1) * ROW + this.#scroll;
    return { x: begin * clientWidth, y, width: (end - begin) * clientWidth };
  }

  #scrollTo(scroll: number): void {
    const deepest = this.#boxes.reduce((most, box) => Math.max(most, box.depth), 0);
    const highest = Math.max(0, (deepest + 1) * ROW - this.#canvas.clientHeight);
    this.#scroll = Math.max(0, Math.min(scroll, highest));
    this.paint();
  }

  /** Scrolls so that a row can be seen. */
  #reveal({ depth }: Box): void {
    const top = (depth + 1) * ROW - this.#canvas.clientHeight;
    this.#scrollTo(Math.min(depth * ROW, Math.max(this.#scroll, top)));
  }

  #boxAt(x: number, y: number): Box | undefined {
    return this.#boxes.find((box) => {
      const shape = this.#shape(box);
      return x >= shape.x && x < shape.x + Math.max(1, shape.width) && y >= shape.y && y < shape.y + ROW;
    });
  }

  #choose(box: Box | undefined): void {
    this.#chosen = box && pathOf(box);
    this.#status.textContent = box ? this.#sentence(box) : this.#summary();
    this.paint();
  }

  #sentence({ node }: Box): string {
    const { total = 1 } = this.#root ?? {};
    const percent = (count: number): string => `${((100 * count) / Math.max(1, total)).toFixed(1)} %`;
    const { file, line } = node.place;
    const place = file === undefined ? '' : `, ${file.split('/').at(-1)}:${line}`;
    const name = `${node.name}${place}`;
    return l10n.t(
      '{0}: {1} of the samples ({2}), {3} in itself',
      name,
      percent(node.total),
      node.total,
      percent(node.self),
    );
  }

  #zoom(path: string[]): void {
    this.#path = path;
    this.#arrange();
  }

  #opener({ place: { file, line } }: FlameNode): (() => void) | undefined {
    return file === undefined ? undefined : () => this.#post({ type: 'open', file, line: line ?? 1 });
  }

  #listen(): void {
    const canvas = this.#canvas;
    canvas.addEventListener('mousemove', ({ offsetX, offsetY }) => {
      const box = this.#boxAt(offsetX, offsetY);
      if (box) {
        this.#choose(box);
      }
    });
    canvas.addEventListener('click', (event) => {
      canvas.focus();
      const box = this.#boxAt(event.offsetX, event.offsetY);
      if (box && (event.ctrlKey || event.metaKey)) {
        this.#opener(box.node)?.();
      } else if (box) {
        this.#zoom(pathOf(box));
      }
    });
    canvas.addEventListener('keydown', (event) => this.#key(event));
    canvas.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        this.#scrollTo(this.#scroll - event.deltaY);
      },
      { passive: false },
    );
    for (const type of ['focus', 'blur']) {
      canvas.addEventListener(type, () => this.paint());
    }
    new ResizeObserver(() => this.paint()).observe(canvas);
    this.#thread.addEventListener('change', () => {
      this.#chosenThread = this.#thread.value || ALL;
      this.#zoom([]);
    });
    for (const control of [this.#byThread, this.#idle]) {
      control.addEventListener('change', () => this.#zoom([]));
    }
    this.#search.addEventListener('input', () => this.#arrange());
    this.#details.addEventListener('toggle', () => this.#arrange());
    this.#button('profile-whole', () => this.#zoom([]));
    this.#button('profile-reset', () => {
      this.#profile?.reset();
      this.#choose(undefined);
      this.#zoom([]);
    });
    this.#button('save-collapsed', () => {
      const content = this.#profile ? collapsedStacks(this.#profile, this.#includes) : '';
      this.#post({ type: 'save', name: 'kernel-stacks.txt', content, opens: false });
    });
    this.#button('save-cpuprofile', () => {
      const content = JSON.stringify(this.#root ? cpuProfile(this.#root, this.#profile?.rate ?? 1) : {});
      this.#post({ type: 'save', name: 'kernel.cpuprofile', content, opens: true });
    });
  }

  #button(id: string, action: () => void): void {
    element<Button>(id).addEventListener('click', action);
  }

  #key(event: KeyboardEvent): void {
    const chosen = this.#chosenBox();
    const next = neighbour(this.#boxes, chosen, event.key);
    if (next) {
      this.#choose(next);
      this.#reveal(next);
    } else if (event.key === 'Enter' && chosen) {
      this.#zoom(pathOf(chosen));
    } else if (event.key === 'Escape' || event.key === 'Backspace') {
      this.#zoom(this.#path.slice(0, -1));
    } else if (event.key === 'o' && chosen) {
      this.#opener(chosen.node)?.();
    } else {
      return;
    }
    event.preventDefault();
  }
}

function drawBox(
  context: CanvasRenderingContext2D,
  { node, depth }: Box,
  { x, y, width }: { x: number; y: number; width: number },
  theme: Theme,
  wanted: RegExp | undefined,
): void {
  const isFound = wanted?.test(node.name) ?? false;
  const name = node.name.replace(/^.*\(anonymous namespace\)::/, '');
  // One colour for the functions of one class or namespace, in shades.
  const color = depth === 0 ? theme.muted : colorOf(theme, name.split('::').slice(0, -1).join('::') || name);
  context.fillStyle = isFound ? theme.focus : color;
  const shade = 0.34 + 0.05 * (node.name.length % 5);
  context.globalAlpha = theme.isOutlined ? 0.25 : isFound ? 0.9 : wanted ? 0.15 : shade;
  context.fillRect(x, y, Math.max(1, width - 1), ROW - 1);
  context.globalAlpha = 1;
  if (theme.isOutlined && width > 3) {
    context.strokeStyle = color;
    context.lineWidth = isFound ? 3 : 1;
    context.strokeRect(x + 0.5, y + 0.5, width - 2, ROW - 2);
  }
  if (width > 26) {
    context.fillStyle = theme.foreground;
    context.fillText(fitted(context, shortName(name), width - 8), x + 4, y + ROW / 2);
  }
}

/** Without the namespaces that all have: `Worker::run`. */
function shortName(name: string): string {
  return name.split('::').slice(-2).join('::');
}
