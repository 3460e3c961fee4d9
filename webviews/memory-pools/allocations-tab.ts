/** Live allocations by their chain of callers: how much, how much more than at the reading before, and who called whom. */
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
    this.#table = new Table<Leak>(element('leaks'), 'Live allocations by their callers', [
      { title: 'Bytes', text: ({ requested }) => formatBytes(requested), order: ({ requested }) => requested },
      { title: 'Change', text: ({ growth }) => changeWords(growth), order: ({ growth = 0 }) => growth },
      { title: 'Count', text: ({ count }) => grouped(count), order: ({ count }) => count },
      { title: 'Newest', text: ({ newest }) => (newest === 0 ? '' : this.#ago(newest)), order: ({ newest }) => newest },
      { title: 'Allocated by', text: nameOf, activate: (leak) => () => this.#showChain(leak) },
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
    const total = `${formatBytes(requested)} requested by ${grouped(groups.length)} chains of callers, ${formatBytes(allocatedBytes(pools))} allocated. Read again to see what grows.`;
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
    const who = threads.length === 0 ? '' : `, by ${threads.length === 1 ? 'thread' : 'threads'} ${threads.join(', ')}`;
    const when = newest === 0 ? '' : `; the oldest ${this.#ago(oldest)}, the newest ${this.#ago(newest)} old`;
    element('chain-summary').textContent = `${grouped(count)} live${who}${when}.`;
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
