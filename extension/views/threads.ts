/** The *Threads* view: one row a kernel thread, with what it waits for and what it holds below. */
import { formatAddress, type HeldLockInfo, type ThreadRow, type ViewSnapshot } from '../../debug-adapter/protocol.ts';
import { formatBytes, formatDuration, formatSince } from '../../debug-adapter/units.ts';
import { counted, escapeMarkdown, fact, factTable, formatCount, type RowTone, type ViewNode } from './node.ts';

export function threadNodes(snapshot: ViewSnapshot<'threads'>): ViewNode[] {
  return snapshot.rows.map((row) => threadNode(row, snapshot.guestTime));
}

function threadNode(row: ThreadRow, now: number): ViewNode {
  return {
    id: `thread/${row.key}`,
    label: row.name,
    description: describeState(row, now),
    tooltip: () => tooltip(row, now),
    ...stateIcon(row),
    address: row.key,
    children: () => details(row, now),
  };
}

function describeState(row: ThreadRow, now: number): string {
  switch (row.state) {
    case 'running':
      return `running on CPU ${row.cpu}`;
    case 'ready':
      return `ready on CPU ${row.cpu}`;
    case 'waiting':
      return row.waitsFor
        ? `waits for ${row.waitsFor.description} · ${formatSince(now, row.waitsFor.since)}`
        : 'waiting';
    default:
      return row.state;
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

function details(row: ThreadRow, now: number): ViewNode[] {
  const id = `thread/${row.key}`;
  const rows: ViewNode[] = [];
  if (row.waitsFor) {
    const { description, since, mode, object } = row.waitsFor;
    const how = isLock(row) ? `${mode} · ` : '';
    rows.push(
      fact(`${id}/waits`, `waits for ${description}`, `${how}${formatSince(now, since)}`, {
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
    fact(`${id}/time`, 'CPU time', formatDuration(row.cpuTime)),
    fact(`${id}/switches`, 'switches', `${formatCount(row.switches)}, ${formatCount(row.preemptions)} preempted`),
    fact(`${id}/id`, 'thread', `#${row.id}, priority ${row.priority}`),
  );
  if (row.stack) {
    const { base, size } = row.stack;
    rows.push(fact(`${id}/stack`, 'stack', `${formatBytes(size)} at ${formatAddress(base)}`, { address: base }));
  }
  return rows;
}

function heldNode(id: string, held: HeldLockInfo, now: number): ViewNode {
  return fact(id, `holds ${held.description}`, `${held.mode} · ${formatSince(now, held.since)}`, {
    icon: 'key',
    address: held.lock,
  });
}

function tooltip(row: ThreadRow, now: number): string {
  return factTable(`${escapeMarkdown(row.name)} \\#${row.id}`, [
    ['state', escapeMarkdown(describeState(row, now))],
    ['holds', row.holds.map((held) => `${escapeMarkdown(held.description)} (${held.mode})`).join('<br>') || 'nothing'],
    ['CPU time', formatDuration(row.cpuTime)],
    ['switches', `${formatCount(row.switches)}, ${counted(row.migrations, 'migration')}`],
    ['thread', `\`${formatAddress(row.key)}\``],
    row.stack && [
      'stack',
      `\`${formatAddress(row.stack.base)}\` – \`${formatAddress(row.stack.base + row.stack.size)}\``,
    ],
  ]);
}
