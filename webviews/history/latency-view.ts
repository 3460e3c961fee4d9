/** The tab of latencies: waits for locks, wake-ups, timers. */
import * as l10n from '@vscode/l10n';
import type { Button, Checkbox, TextField } from '@vscode/webview-ui-toolkit';
import type { EventLog } from '../../debug-adapter/history/event-log.ts';
import {
  type Distribution,
  type LockLatency,
  latencies,
  type TimerLatency,
  type WakeUpLatency,
} from '../../debug-adapter/history/latency.ts';
import type { Timeline } from '../../debug-adapter/history/timeline.ts';
import { type Column, element, pattern, Table } from '../dom.ts';
import type { ToHost } from './messages.ts';
import { lengthText, type Span } from './span.ts';

/** Columns of a distribution. */
function spread<R>(what: (row: R) => Distribution): Column<R>[] {
  const column = (title: string, key: keyof Distribution): Column<R> => ({
    title,
    text: (row) => (what(row).count > 0 ? lengthText(what(row)[key]) : '–'),
    order: (row) => what(row)[key],
  });
  return [column(l10n.t('Median'), 'median'), column('95 %', 'p95'), column(l10n.t('Longest'), 'max')];
}

function count<R>(title: string, value: (row: R) => number): Column<R> {
  return { title, text: (row) => value(row).toLocaleString('en'), order: value };
}

export class LatencyView {
  readonly #filter = element<TextField>('latency-filter');
  readonly #inSight = element<Checkbox>('latency-in-sight');
  readonly #locks: Table<LockLatency>;
  readonly #wakeUps: Table<WakeUpLatency>;
  readonly #timers: Table<TimerLatency>;
  readonly #empty = document.createElement('p');
  #span: () => Span;
  #log: EventLog | undefined;
  #timeline: Timeline | undefined;

  constructor(post: (message: ToHost) => void, span: () => Span, reveal: (text: string) => void) {
    this.#span = span;
    const place = element('latency-tables');
    this.#empty.className = 'missing';
    place.append(this.#empty);
    this.#locks = new Table(
      section(place, l10n.t('Waiting for locks, the most waited for first')),
      l10n.t('Waiting for locks'),
      [
        {
          title: l10n.t('Lock'),
          text: ({ name, locks }) => (locks > 1 ? `${name} (${locks})` : name),
          activate:
            ({ name }) =>
            () =>
              reveal(name),
        },
        count(l10n.t('Acquired'), ({ acquisitions }) => acquisitions),
        count(l10n.t('Waited'), ({ waited }) => waited.count),
        {
          title: l10n.t('In all'),
          text: ({ waited }) => lengthText(waited.total),
          order: ({ waited }) => waited.total,
        },
        ...spread<LockLatency>(({ waited }) => waited),
        { title: l10n.t('Longest by'), text: ({ slowest }) => slowest?.name ?? '–' },
        { title: l10n.t('Held longest'), text: ({ held }) => lengthText(held.max), order: ({ held }) => held.max },
        { title: l10n.t('Waiting now'), text: ({ waiting }) => waiting.map(({ name }) => name).join(', ') || '–' },
      ],
    );
    this.#wakeUps = new Table(
      section(place, l10n.t('From being woken to running, the slowest first')),
      l10n.t('Wake-ups'),
      [
        {
          title: l10n.t('Thread'),
          text: ({ name }) => name,
          activate:
            ({ name }) =>
            () =>
              reveal(name),
        },
        count(l10n.t('Woken'), ({ latency }) => latency.count),
        ...spread<WakeUpLatency>(({ latency }) => latency),
      ],
    );
    this.#timers = new Table(section(place, l10n.t('How late timers came')), l10n.t('Timers'), [
      { title: l10n.t('Timer'), text: ({ name }) => name },
      count(l10n.t('Fired'), ({ late }) => late.count),
      ...spread<TimerLatency>(({ late }) => late),
    ]);
    this.#filter.addEventListener('input', () => this.#show());
    this.#inSight.addEventListener('change', () => this.#show());
    element<Button>('save-latencies').addEventListener('click', () => {
      const content = [this.#locks, this.#wakeUps, this.#timers].map((table) => table.csv()).join('\n');
      post({ type: 'save', name: 'latencies.csv', content, opens: true });
    });
  }

  show(timeline: Timeline, log: EventLog): void {
    this.#timeline = timeline;
    this.#log = log;
    this.#show();
  }

  #show(): void {
    if (!this.#timeline || !this.#log) {
      return;
    }
    const span = this.#inSight.checked ? this.#span() : this.#timeline;
    const { locks, wakeUps, timers } = latencies(this.#log, this.#timeline, span);
    const wanted = pattern(this.#filter.value);
    const fits = ({ name }: { name: string }): boolean => wanted?.test(name) ?? true;
    this.#locks.show(locks.filter(fits));
    this.#wakeUps.show(wakeUps.filter(fits));
    this.#timers.show(timers.filter(fits));
    this.#empty.hidden = locks.length + wakeUps.length + timers.length > 0;
    this.#empty.textContent = l10n.t(
      'Nothing was told of locks, wake-ups and timers: boot the kernel without --trace=none and --trace-records=0.',
    );
  }
}

function section(place: HTMLElement, title: string): HTMLElement {
  const head = document.createElement('h2');
  head.textContent = title;
  const body = document.createElement('div');
  place.append(head, body);
  return body;
}
