/** Live allocations by their chain of callers: how much, how much more than at the reading before, and who called whom. */
import * as l10n from '@vscode/l10n';
import type { AllocationGroup, MallocPoolsRow } from '../../debug-adapter/protocol.ts';
import { formatBytes, formatDuration } from '../../debug-adapter/units.ts';
import { element, Table } from '../dom.ts';
import { grouped, PAGE_SIZE } from './words.ts';

/** Callers of a chain that the table names. */
const NAMED = 2;

/** A chain with what it had at the reading before. */
interface Leak extends AllocationGroup {
  /** Bytes more than then; undefined at the first reading. */
  growth: number | undefined;
}

export class AllocationsTab {
  readonly #openCaller: (caller: string, call: number | undefined) => void;
  readonly #table: Table<Leak>;
  /** Bytes by chain, of the last reading. */
  #known: Map<string, number> | undefined;
  #guestTime = 0;

  constructor(openCaller: (caller: string, call: number | undefined) => void) {
    this.#openCaller = openCaller;
    this.#table = new Table<Leak>(element('leaks'), l10n.t('Live allocations by their callers'), [
      { title: l10n.t('Bytes'), text: ({ requested }) => formatBytes(requested), order: ({ requested }) => requested },
      { title: l10n.t('Change'), text: ({ growth }) => changeWords(growth), order: ({ growth = 0 }) => growth },
      { title: l10n.t('Count'), text: ({ count }) => grouped(count), order: ({ count }) => count },
      {
        title: l10n.t('Newest'),
        text: ({ newest }) => (newest === 0 ? '' : this.#ago(newest)),
        order: ({ newest }) => newest,
      },
      { title: l10n.t('Allocated by'), text: nameOf, activate: (leak) => () => this.#showChain(leak) },
    ]);
  }

  /** @param message why there are none @param pools what the allocators have given for them */
  show(groups: readonly AllocationGroup[], message: string, guestTime: number, pools: readonly MallocPoolsRow[]): void {
    // The pools' view is a little older.
    this.#guestTime = Math.max(guestTime, ...groups.map(({ newest }) => newest));
    const before = this.#known;
    const leaks = groups.map((group) => ({
      ...group,
      growth: before && group.requested - (before.get(group.callers.join()) ?? 0),
    }));
    this.#known = new Map(groups.map(({ callers, requested }) => [callers.join(), requested]));
    const requested = groups.reduce((sum, group) => sum + group.requested, 0);
    const total = l10n.t(
      '{0} requested by {1} chains of callers, {2} allocated. Read again to see what grows.',
      formatBytes(requested),
      grouped(groups.length),
      formatBytes(allocatedBytes(pools)),
    );
    element('leaks-message').textContent = message || total;
    element('leaks').hidden = groups.length === 0;
    element('chain').hidden = true;
    this.#table.show(leaks);
  }

  #ago(time: number): string {
    return formatDuration(Math.max(0, this.#guestTime - time));
  }

  /** Innermost first; each name opens its line. */
  #showChain({ callers, calls = [], count, oldest, newest, threads }: Leak): void {
    // Not every kernel keeps by whom and when.
    const when =
      newest === 0 ? '' : l10n.t('; the oldest {0}, the newest {1} old', this.#ago(oldest), this.#ago(newest));
    element('chain-summary').textContent = `${liveWords(count, threads)}${when}.`;
    const items = callers.map((caller, index) => {
      const item = document.createElement('li');
      const button = document.createElement('button');
      button.textContent = caller;
      button.addEventListener('click', () => this.#openCaller(caller, calls[index]));
      item.append(button);
      return item;
    });
    element('callers').replaceChildren(...items);
    element('chain').hidden = false;
    element('chain').scrollIntoView({ block: 'nearest' });
  }
}

function liveWords(count: number, threads: readonly number[]): string {
  if (threads.length === 0) {
    return l10n.t('{0} live', grouped(count));
  }
  const names = threads.join(', ');
  return threads.length === 1
    ? l10n.t('{0} live, by thread {1}', grouped(count), names)
    : l10n.t('{0} live, by threads {1}', grouped(count), names);
}

/** Who asked, and for whom: every chain begins in the allocator, which matters to nobody. */
function nameOf({ callers }: AllocationGroup): string {
  const asking = callers.filter((caller) => !caller.startsWith('operator new'));
  const named = (asking.length > 0 ? asking : callers).slice(0, NAMED);
  return named.map(briefly).join(' ← ') || '?';
}

/** `Worker::run` of `sprout::workload::Worker::run (worker.cc:12)`: the chain has the rest. */
function briefly(caller: string): string {
  const [name = ''] = caller.split(' (');
  return name.replace(/^(?:[a-z_\d]+::|\(anonymous namespace\)::)+/, '');
}

/** Bytes of live objects, and of the pages of large allocations. */
function allocatedBytes(rows: readonly MallocPoolsRow[]): number {
  return rows.reduce((sum, row) => {
    if (row.kind === 'class') {
      return sum + row.liveObjects * row.objectSize;
    }
    return row.kind === 'large' ? sum + row.pages * PAGE_SIZE : sum;
  }, 0);
}

function changeWords(growth: number | undefined): string {
  if (growth === undefined || growth === 0) {
    return growth === undefined ? '' : '0';
  }
  return `${growth > 0 ? '+' : '−'}${formatBytes(Math.abs(growth))}`;
}
