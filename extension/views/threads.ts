/** The *Threads* view: one row a kernel thread, with what it waits for and what it holds below. */
import * as l10n from '@vscode/l10n';
import { formatAddress, type HeldLockInfo, type ThreadRow, type ViewSnapshot } from '../../debug-adapter/protocol.ts';
import { formatBytes, formatDuration, formatSince } from '../../debug-adapter/units.ts';
import { escapeMarkdown, fact, factTable, formatCount, GROUP, type RowTone, type ViewNode } from './node.ts';
import type { ThreadGroup } from './thread-order.ts';
import { modeName, stateName, threads } from './words.ts';

/** Of a stack: more than this was in use. */
const NEARLY = 0.9;

/** `share` tells a thread's share of a CPU by its key, where it is known. */
export function threadNodes(
  snapshot: ViewSnapshot<'threads'>,
  groups: readonly ThreadGroup[] = [{ rows: snapshot.rows }],
  share: (thread: number) => number | undefined = () => undefined,
): ViewNode[] {
  const { guestTime } = snapshot;
  // A thread that goes from group to group is another row in each: VS Code has no row in two places.
  const nodes = (rows: ThreadRow[], place: string): ViewNode[] =>
    rows.map((row) => threadNode(`${place}thread/${row.key}`, row, guestTime, share(row.key)));
  return groups.flatMap(({ name, rows }) =>
    name === undefined ? nodes(rows, '') : [groupNode(name, rows.length, () => nodes(rows, `${name}/`))],
  );
}

function groupNode(name: string, count: number, children: () => ViewNode[]): ViewNode {
  return {
    id: `${GROUP}${name}`,
    label: name,
    description: threads(count),
    icon: 'list-tree',
    tone: 'quiet',
    expanded: true,
    children,
  };
}

function threadNode(id: string, row: ThreadRow, now: number, share: number | undefined): ViewNode {
  const percent = Math.round((share ?? 0) * 100);
  return {
    id,
    label: row.name,
    description: percent > 0 ? `${percent} % · ${describeState(row, now)}` : describeState(row, now),
    tooltip: () => tooltip(row, now, share),
    ...stateIcon(row),
    address: row.key,
    thread: row.id,
    children: () => details(id, row, now, share),
  };
}

function describeState(row: ThreadRow, now: number): string {
  switch (row.state) {
    case 'running':
      return l10n.t('running on CPU {0}', row.cpu);
    case 'ready':
      return l10n.t('ready on CPU {0}', row.cpu);
    case 'waiting':
      return row.waitsFor
        ? l10n.t('waits for {0} · {1}', row.waitsFor.description, formatSince(now, row.waitsFor.since))
        : stateName('waiting');
    default:
      return stateName(row.state);
  }
}

function stateIcon(row: ThreadRow): { icon: string; tone?: RowTone } {
  switch (row.state) {
    case 'running':
      return { icon: 'play', tone: 'running' };
    case 'ready':
      return { icon: 'debug-start' };
    case 'waiting':
      return isLock(row) ? { icon: 'lock', tone: 'warning' } : { icon: 'watch', tone: 'quiet' };
    case 'created':
      return { icon: 'circle-outline', tone: 'quiet' };
    case 'finished':
      return { icon: 'circle-slash', tone: 'quiet' };
  }
}

function isLock(row: ThreadRow): boolean {
  return row.waitsFor?.kind === 'mutex' || row.waitsFor?.kind === 'readerWriterLock';
}

function details(id: string, row: ThreadRow, now: number, share: number | undefined): ViewNode[] {
  const rows: ViewNode[] = [];
  if (row.waitsFor) {
    const { description, since, mode, object } = row.waitsFor;
    const how = isLock(row) ? `${modeName(mode)} · ` : '';
    rows.push(
      fact(`${id}/waits`, l10n.t('waits for {0}', description), `${how}${formatSince(now, since)}`, {
        icon: isLock(row) ? 'lock' : 'watch',
        tone: isLock(row) ? 'warning' : 'quiet',
        address: object,
      }),
    );
  }
  for (const held of row.holds) {
    rows.push(heldNode(`${id}/holds/${held.lock}`, held, now));
  }
  rows.push(
    fact(`${id}/time`, l10n.t('CPU time'), cpuTime(row, share)),
    fact(
      `${id}/switches`,
      l10n.t('switches'),
      l10n.t('{0}, {1} preempted', formatCount(row.switches), formatCount(row.preemptions)),
    ),
    fact(`${id}/id`, l10n.t('thread'), l10n.t('#{0}, priority {1}', row.id, row.priority)),
  );
  if (row.stack) {
    const { base } = row.stack;
    rows.push(
      fact(`${id}/stack`, l10n.t('stack'), l10n.t('{0} at {1}', stackUse(row), formatAddress(base)), { address: base }),
    );
    if (isNearlyUsedUp(row)) {
      rows.push(fact(`${id}/deep`, l10n.t('stack nearly used up'), '', { icon: 'warning', tone: 'warning' }));
    }
  }
  return rows;
}

function heldNode(id: string, held: HeldLockInfo, now: number): ViewNode {
  return fact(id, l10n.t('holds {0}', held.description), `${modeName(held.mode)} · ${formatSince(now, held.since)}`, {
    icon: 'key',
    address: held.lock,
  });
}

function cpuTime(row: ThreadRow, share: number | undefined): string {
  const time = formatDuration(row.cpuTime);
  return share === undefined ? time : l10n.t('{0}, {1} % of a CPU in the last second', time, (share * 100).toFixed(1));
}

/** `at most 3.1 KiB of 16 KiB`; the size alone where the kernel does not tell how deep it was. */
function stackUse({ stack, stackHighWater }: ThreadRow): string {
  const size = formatBytes(stack?.size ?? 0);
  return stackHighWater === undefined ? size : l10n.t('at most {0} of {1}', formatBytes(stackHighWater), size);
}

function isNearlyUsedUp({ stack, stackHighWater = 0 }: ThreadRow): boolean {
  return stack !== undefined && stackHighWater > stack.size * NEARLY;
}

function tooltip(row: ThreadRow, now: number, share: number | undefined): string {
  return factTable(`${escapeMarkdown(row.name)} \\#${row.id}`, [
    [l10n.t('state'), escapeMarkdown(describeState(row, now))],
    [
      l10n.t('holds'),
      row.holds.map((held) => `${escapeMarkdown(held.description)} (${modeName(held.mode)})`).join('<br>') ||
        l10n.t('nothing'),
    ],
    [l10n.t('CPU time'), cpuTime(row, share)],
    [
      l10n.t('switches'),
      row.migrations === 1
        ? l10n.t('{0}, 1 migration', formatCount(row.switches))
        : l10n.t('{0}, {1} migrations', formatCount(row.switches), formatCount(row.migrations)),
    ],
    [l10n.t('thread'), `\`${formatAddress(row.key)}\``],
    row.stack && [
      l10n.t('stack'),
      `${stackUse(row)}<br>\`${formatAddress(row.stack.base)}\` – \`${formatAddress(row.stack.base + row.stack.size)}\``,
    ],
  ]);
}
