/** The *Threads* view: one row a kernel thread, with what it waits for and what it holds below. */
import { formatAddress, type HeldLockInfo, type ThreadRow, type ViewSnapshot } from '../../debug-adapter/protocol.ts';
import { formatBytes, formatDuration, formatSince } from '../../debug-adapter/units.ts';
import { counted, escapeMarkdown, fact, factTable, formatCount, GROUP, type RowTone, type ViewNode } from './node.ts';
import type { ThreadGroup } from './thread-order.ts';

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
  const nodes = (threads: ThreadRow[], place: string): ViewNode[] =>
    threads.map((row) => threadNode(`${place}thread/${row.key}`, row, guestTime, share(row.key)));
  return groups.flatMap(({ name, rows: threads }) =>
    name === undefined ? nodes(threads, '') : [groupNode(name, threads, () => nodes(threads, `${name}/`))],
  );
}

function groupNode(name: string, threads: ThreadRow[], children: () => ViewNode[]): ViewNode {
  const description = counted(threads.length, 'thread');
  return {
    id: `${GROUP}${name}`,
    label: name,
    description,
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

function details(id: string, row: ThreadRow, now: number, share: number | undefined): ViewNode[] {
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
    fact(`${id}/time`, 'CPU time', cpuTime(row, share)),
    fact(`${id}/switches`, 'switches', `${formatCount(row.switches)}, ${formatCount(row.preemptions)} preempted`),
    fact(`${id}/id`, 'thread', `#${row.id}, priority ${row.priority}`),
  );
  if (row.stack) {
    const { base } = row.stack;
    rows.push(fact(`${id}/stack`, 'stack', `${stackUse(row)} at ${formatAddress(base)}`, { address: base }));
    if (isNearlyUsedUp(row)) {
      rows.push(fact(`${id}/deep`, 'stack nearly used up', '', { icon: 'warning', tone: 'warning' }));
    }
  }
  return rows;
}

function heldNode(id: string, held: HeldLockInfo, now: number): ViewNode {
  return fact(id, `holds ${held.description}`, `${held.mode} · ${formatSince(now, held.since)}`, {
    icon: 'key',
    address: held.lock,
  });
}

function cpuTime(row: ThreadRow, share: number | undefined): string {
  const time = formatDuration(row.cpuTime);
  return share === undefined ? time : `${time}, ${(share * 100).toFixed(1)} % of a CPU in the last second`;
}

/** `at most 3.1 KiB of 16 KiB`; the size alone where the kernel does not tell how deep it was. */
function stackUse({ stack, stackHighWater }: ThreadRow): string {
  const size = formatBytes(stack?.size ?? 0);
  return stackHighWater === undefined ? size : `at most ${formatBytes(stackHighWater)} of ${size}`;
}

function isNearlyUsedUp({ stack, stackHighWater = 0 }: ThreadRow): boolean {
  return stack !== undefined && stackHighWater > stack.size * NEARLY;
}

function tooltip(row: ThreadRow, now: number, share: number | undefined): string {
  return factTable(`${escapeMarkdown(row.name)} \\#${row.id}`, [
    ['state', escapeMarkdown(describeState(row, now))],
    ['holds', row.holds.map((held) => `${escapeMarkdown(held.description)} (${held.mode})`).join('<br>') || 'nothing'],
    ['CPU time', cpuTime(row, share)],
    ['switches', `${formatCount(row.switches)}, ${counted(row.migrations, 'migration')}`],
    ['thread', `\`${formatAddress(row.key)}\``],
    row.stack && [
      'stack',
      `${stackUse(row)}<br>\`${formatAddress(row.stack.base)}\` – \`${formatAddress(row.stack.base + row.stack.size)}\``,
    ],
  ]);
}
