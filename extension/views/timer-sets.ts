/** The *Timer Sets* view: one row a CPU, its timers below in the order in which they expire. */
import { formatAddress, type TimerRow, type TimerSetRow, type ViewSnapshot } from '../../debug-adapter/protocol.ts';
import { FOREVER, formatDuration } from '../../debug-adapter/units.ts';
import { counted, escapeMarkdown, fact, factTable, formatCount, type ViewNode } from './node.ts';

export function timerSetNodes(snapshot: ViewSnapshot<'timerSets'>): ViewNode[] {
  return snapshot.rows.map((row) => timerSetNode(row, snapshot.guestTime));
}

function timerSetNode(row: TimerSetRow, now: number): ViewNode {
  const next = row.next === undefined ? 'nothing set' : `next ${when(row.next - now)}`;
  return {
    id: `cpu/${row.key}`,
    label: `CPU ${row.cpu}`,
    description: `${formatCount(row.armed)} armed · ${next}`,
    tooltip: () =>
      factTable(`Timers of CPU ${row.cpu}`, [
        ['armed', formatCount(row.armed)],
        ['fired', counted(row.fired, 'time')],
        ['hardware set for', row.next === undefined ? 'nothing' : `${formatDuration(row.next)} of guest time`],
        ['backward steps', `${formatCount(row.backwardSteps)}, ${formatCount(row.clamped)} clamped`],
      ]),
    icon: 'chip',
    expanded: true,
    children: () => children(row),
  };
}

function children(row: TimerSetRow): ViewNode[] {
  const timers = [...row.timers].sort((left, right) => left.deadline - right.deadline).map(timerNode);
  if (row.backwardSteps > 0) {
    const steps = `${formatCount(row.backwardSteps)}, ${formatCount(row.clamped)} clamped`;
    timers.unshift(fact(`cpu/${row.key}/backward`, 'backward steps', steps, { icon: 'warning', tone: 'warning' }));
  }
  return timers;
}

function timerNode(row: TimerRow): ViewNode {
  const parts = [when(row.remaining)];
  if (row.period > 0) {
    parts.push(`every ${formatDuration(row.period)}`);
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
        ['expires', when(row.remaining)],
        ['period', row.period > 0 ? formatDuration(row.period) : 'one-shot'],
        ['callback', `${escapeMarkdown(row.callback)}<br>\`${formatAddress(row.callbackAddress)}\``],
        ['owner', row.owner ? `${escapeMarkdown(row.owner.threadName)} \\#${row.owner.thread}` : 'none'],
        ['fired', counted(row.fired, 'time')],
        ['bucket', `${row.bucket}`],
        ['timer', `\`${formatAddress(row.key)}\``],
      ]),
    icon: row.period > 0 ? 'sync' : 'watch',
    ...(row.remaining < 0 ? { tone: 'warning' as const } : {}),
    address: row.key,
    code: row.callbackAddress,
  };
}

function when(remaining: number): string {
  if (remaining < 0) {
    return `overdue by ${formatDuration(-remaining)}`;
  }
  const duration = formatDuration(remaining);
  return duration === FOREVER ? 'never' : `in ${duration}`;
}
