/** The *Timer Sets* view: one row a CPU, its timers below in the order in which they expire. */
import * as l10n from '@vscode/l10n';
import { formatAddress, type TimerRow, type TimerSetRow, type ViewSnapshot } from '../../debug-adapter/protocol.ts';
import { FOREVER, formatDuration } from '../../debug-adapter/units.ts';
import { escapeMarkdown, fact, factTable, formatCount, type ViewNode } from './node.ts';
import { times } from './words.ts';

export function timerSetNodes(snapshot: ViewSnapshot<'timerSets'>): ViewNode[] {
  return snapshot.rows.map((row) => timerSetNode(row, snapshot.guestTime));
}

function timerSetNode(row: TimerSetRow, now: number): ViewNode {
  const next = row.next === undefined ? l10n.t('nothing set') : l10n.t('next {0}', when(row.next - now));
  return {
    id: `cpu/${row.key}`,
    label: l10n.t('CPU {0}', row.cpu),
    description: l10n.t('{0} armed · {1}', formatCount(row.armed), next),
    tooltip: () =>
      factTable(l10n.t('Timers of CPU {0}', row.cpu), [
        [l10n.t('armed'), formatCount(row.armed)],
        [l10n.t('fired'), times(row.fired)],
        [
          l10n.t('hardware set for'),
          row.next === undefined ? l10n.t('nothing') : l10n.t('{0} of guest time', formatDuration(row.next)),
        ],
        [l10n.t('backward steps'), backwardSteps(row)],
      ]),
    icon: 'chip',
    expanded: true,
    children: () => children(row),
  };
}

function children(row: TimerSetRow): ViewNode[] {
  const timers = [...row.timers].sort((left, right) => left.deadline - right.deadline).map(timerNode);
  if (row.backwardSteps > 0) {
    timers.unshift(
      fact(`cpu/${row.key}/backward`, l10n.t('backward steps'), backwardSteps(row), {
        icon: 'warning',
        tone: 'warning',
      }),
    );
  }
  return timers;
}

function backwardSteps({ backwardSteps: steps, clamped }: TimerSetRow): string {
  return l10n.t('{0}, {1} clamped', formatCount(steps), formatCount(clamped));
}

function timerNode(row: TimerRow): ViewNode {
  const parts = [when(row.remaining)];
  if (row.period > 0) {
    parts.push(l10n.t('every {0}', formatDuration(row.period)));
  }
  if (row.owner) {
    parts.push(row.owner.threadName);
  }
  return {
    id: `timer/${row.key}`,
    label: row.name,
    description: parts.join(' · '),
    tooltip: () =>
      factTable(escapeMarkdown(row.name), [
        [l10n.t('expires'), when(row.remaining)],
        [l10n.t('period'), row.period > 0 ? formatDuration(row.period) : l10n.t('one-shot')],
        [l10n.t('callback'), `${escapeMarkdown(row.callback)}<br>\`${formatAddress(row.callbackAddress)}\``],
        [
          l10n.t('owner'),
          row.owner ? `${escapeMarkdown(row.owner.threadName)} \\#${row.owner.thread}` : l10n.t('none'),
        ],
        [l10n.t('fired'), times(row.fired)],
        [l10n.t('bucket'), `${row.bucket}`],
        [l10n.t('timer'), `\`${formatAddress(row.key)}\``],
      ]),
    icon: row.period > 0 ? 'sync' : 'watch',
    ...(row.remaining < 0 ? { tone: 'warning' as const } : {}),
    address: row.key,
    code: row.callbackAddress,
  };
}

function when(remaining: number): string {
  if (remaining < 0) {
    return l10n.t('overdue by {0}', formatDuration(-remaining));
  }
  const duration = formatDuration(remaining);
  return duration === FOREVER ? l10n.t('never') : l10n.t('in {0}', duration);
}
