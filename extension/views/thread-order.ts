/** How the *Threads* view is arranged: grouped, sorted and filtered as the user likes it. Pure. */
import * as l10n from '@vscode/l10n';
import type { ThreadRow } from '../../debug-adapter/protocol.ts';
import { stateName } from './words.ts';

export const GROUPINGS = ['none', 'state', 'cpu', 'waitsFor'] as const;
export const SORTINGS = ['kernel', 'name', 'cpuShare', 'cpuTime', 'waiting', 'stack'] as const;
export type Grouping = (typeof GROUPINGS)[number];
export type Sorting = (typeof SORTINGS)[number];

export interface ThreadOrder {
  group: Grouping;
  sort: Sorting;
  /** Words that name, #id, state, what is waited for or where must all have, in any case. Empty: all threads. */
  filter: string;
}

export interface ThreadGroup {
  /** Undefined: the threads are not grouped. */
  name?: string;
  rows: ThreadRow[];
}

/** Threads in groups, each in order; what the filter hides is left out. `share` is that of a CPU, by ThreadRow.key. */
export function arrange(
  rows: readonly ThreadRow[],
  order: ThreadOrder,
  guestTime: number,
  share: (thread: number) => number | undefined,
): ThreadGroup[] {
  const isShown = matcher(order.filter);
  const sorted = rows.filter(isShown).sort(comparing(order.sort, guestTime, share));
  if (order.group === 'none') {
    return [{ rows: sorted }];
  }
  const groups = new Map<string, ThreadRow[]>();
  for (const row of sorted) {
    const name = groupOf(row, order.group);
    const group = groups.get(name);
    if (group) {
      group.push(row);
    } else {
      groups.set(name, [row]);
    }
  }
  return [...groups]
    .map(([name, members]) => ({ name, rows: members }))
    .sort((left, right) => left.name.localeCompare(right.name, 'en', { numeric: true }));
}

function groupOf(row: ThreadRow, group: Exclude<Grouping, 'none'>): string {
  switch (group) {
    case 'state':
      return stateName(row.state);
    case 'cpu':
      return l10n.t('CPU {0}', row.cpu);
    case 'waitsFor':
      return row.waitsFor ? l10n.t('waits for {0}', row.waitsFor.description) : stateName(row.state);
  }
}

/** Words, no regular expression: one that never ends would keep the window waiting. */
function matcher(filter: string): (row: ThreadRow) => boolean {
  const words = filter.toLowerCase().split(/\s+/);
  return ({ id, name, state, waitsFor, frame }) => {
    const text = [`#${id} `, name, state, waitsFor?.description, frame].join('\n').toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

/** Equal ones keep the kernel's order. */
function comparing(
  sort: Sorting,
  guestTime: number,
  share: (thread: number) => number | undefined,
): (left: ThreadRow, right: ThreadRow) => number {
  const most = (value: (row: ThreadRow) => number) => (left: ThreadRow, right: ThreadRow) => value(right) - value(left);
  switch (sort) {
    case 'kernel':
      return () => 0;
    case 'name':
      return (left, right) => left.name.localeCompare(right.name, 'en', { numeric: true });
    case 'cpuShare':
      return most(({ key }) => share(key) ?? 0);
    case 'cpuTime':
      return most(({ cpuTime }) => cpuTime);
    case 'waiting':
      return most(({ waitsFor }) => (waitsFor?.since === undefined ? -1 : guestTime - waitsFor.since));
    case 'stack':
      return most(({ stackHighWater = 0 }) => stackHighWater);
  }
}
