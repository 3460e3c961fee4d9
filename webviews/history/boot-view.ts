/** The boot's tab: phases as bars, beside those of an earlier boot. */
import * as l10n from '@vscode/l10n';
import type { Button, Dropdown } from '@vscode/webview-ui-toolkit';
import { type BootChartRow, type BootRun, bootTime, compareBoots } from '../../debug-adapter/history/boot-chart.ts';
import { element, fillDropdown, tellMissing } from '../dom.ts';
import type { ToHost } from './messages.ts';
import { lengthText } from './span.ts';

const NONE = 'none';

export class BootView {
  readonly #other = element<Dropdown>('boot-other');
  readonly #summary = element('boot-summary');
  readonly #table = element('boot-table');
  readonly #missing = element('boot-missing');
  #runs: BootRun[] = [];
  #current: BootRun | undefined;
  /** What somebody chose to compare with; undefined: the boot before this one. */
  #wanted: string | undefined;
  /** The id of the boot that is compared. */
  #compared = NONE;

  constructor(post: (message: ToHost) => void) {
    this.#other.addEventListener('change', () => {
      this.#wanted = this.#other.value;
      this.#compared = this.#wanted;
      this.#show();
    });
    element<Button>('boot-forget').addEventListener('click', () => post({ type: 'forgetBoots' }));
    this.#show();
  }

  show(runs: BootRun[], current: string | undefined): void {
    this.#runs = runs;
    this.#current = runs.find(({ id }) => id === current);
    this.#fill();
    this.#show();
  }

  /** The earlier boots; the one before this is chosen at first. */
  #fill(): void {
    const earlier = this.#runs.filter((run) => run !== this.#current);
    const isThere = this.#wanted === NONE || earlier.some(({ id }) => id === this.#wanted);
    this.#compared = (isThere ? this.#wanted : undefined) ?? earlier[0]?.id ?? NONE;
    const options = [
      { value: NONE, text: l10n.t('no other boot') },
      ...earlier.map((run) => ({ value: run.id, text: nameOf(run) })),
    ];
    fillDropdown(this.#other, options, this.#compared);
  }

  #show(): void {
    const now = this.#current;
    tellMissing(this.#missing, now ? '' : noBoot());
    if (!now) {
      return;
    }
    const before = this.#runs.find(({ id }) => id === this.#compared);
    const rows = compareBoots(now.phases, before?.phases);
    this.#summary.textContent = summaryOf(now, before);
    this.#table.replaceChildren(tableOf(rows, before !== undefined));
  }
}

function noBoot(): string {
  return l10n.t('Nothing is known of a boot yet: debug a kernel that keeps the phases of its boot.');
}

function nameOf({ when, label, phases }: BootRun): string {
  const time = bootTime(phases);
  const took = time === undefined ? '' : `, ${lengthText(time)}`;
  return `${new Date(when).toLocaleString()}: ${label}${took}`;
}

function summaryOf(now: BootRun, before: BootRun | undefined): string {
  const time = bootTime(now.phases) ?? 0;
  const kernel = time - (now.phases[1]?.begin ?? 0);
  const text = l10n.t(
    'From power-on to the first program: {0}, of which the kernel took {1}.',
    lengthText(time),
    lengthText(kernel),
  );
  const other = before && bootTime(before.phases);
  return other === undefined ? text : `${text} ${l10n.t('The other boot: {0}.', lengthText(other))}`;
}

function tableOf(rows: readonly BootChartRow[], hasOther: boolean): HTMLElement {
  const table = document.createElement('table');
  table.setAttribute('aria-label', l10n.t('Phases of the boot'));
  const head = table.createTHead().insertRow();
  const words = [l10n.t('Phase'), l10n.t('From power-on on')];
  const numbers = [l10n.t('Took'), ...(hasOther ? [l10n.t('The other'), l10n.t('Change')] : [])];
  for (const title of [...words, ...numbers]) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    cell.textContent = title;
    cell.className = numbers.includes(title) ? 'number' : '';
    head.append(cell);
  }
  const body = table.createTBody();
  const end = Math.max(
    ...rows.flatMap(({ now, before }) => [now, before].map((one) => (one ? one.begin + one.duration : 0))),
  );
  for (const row of rows) {
    body.append(lineOf(row, end, hasOther));
  }
  return table;
}

function lineOf({ name, now, before }: BootChartRow, end: number, hasOther: boolean): HTMLElement {
  const line = document.createElement('tr') as HTMLTableRowElement;
  line.insertCell().textContent = name;
  const track = document.createElement('div');
  track.className = 'track';
  track.setAttribute('aria-hidden', 'true');
  for (const [side, phase] of [['now', now] as const, ['before', before] as const]) {
    if (phase && end > 0) {
      const bar = document.createElement('i');
      bar.className = side;
      bar.style.left = `${(100 * phase.begin) / end}%`;
      bar.style.width = `${(100 * phase.duration) / end}%`;
      track.append(bar);
    }
  }
  line.insertCell().append(track);
  cell(line, now ? lengthText(now.duration) : '–');
  if (hasOther) {
    cell(line, before ? lengthText(before.duration) : '–');
    const change = now && before ? now.duration - before.duration : undefined;
    const text =
      change === undefined
        ? now
          ? l10n.t('new')
          : l10n.t('gone')
        : `${change < 0 ? '−' : '+'}${lengthText(Math.abs(change))}`;
    // A change that a busy host makes by itself is no news.
    const isNews =
      change !== undefined && Math.abs(change) > 0.2 * (before?.duration ?? 0) && Math.abs(change) > 50_000;
    cell(line, text).classList.toggle(change !== undefined && change > 0 ? 'slower' : 'faster', isNews);
  }
  return line;
}

function cell(line: HTMLTableRowElement, text: string): HTMLTableCellElement {
  const made = line.insertCell();
  made.className = 'number';
  made.textContent = text;
  return made;
}
