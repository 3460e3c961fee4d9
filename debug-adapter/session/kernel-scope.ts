/** The four views as variables: so they exist in every DAP client. From RAM, like every view. */
import { formatAddress } from '../guest/address.ts';
import type { ViewName, ViewSnapshot } from '../kernels/model.ts';
import { formatBytes, formatDuration } from '../units.ts';
import type { Observation } from '../worker/observation.ts';

export interface KernelNode {
  name: string;
  value: string;
  /** How many children there are, when they are worth paging. */
  count?: number;
  memoryReference?: string;
  children?: () => Promise<KernelNode[]>;
}

const TITLES: Record<ViewName, string> = {
  threads: 'Threads',
  vnodeLocks: 'Vnode locks',
  mallocPools: 'Malloc pools',
  timerSets: 'Timer sets',
  waitsFor: 'Waits-for graph',
};
/** Lists shorter than this are shown without pages. */
const PAGED_FROM = 100;

export function kernelScope(observation: Observation): KernelNode {
  return {
    name: 'Kernel',
    value: '',
    children: () =>
      Promise.all((Object.keys(TITLES) as ViewName[]).map(async (view) => viewNode(await observation.view(view)))),
  };
}

function viewNode(snapshot: ViewSnapshot): KernelNode {
  const { rows, quality, notes, guestTime, view } = snapshot;
  const nodes = rows.map((row) => rowNode(row as unknown as Fields, guestTime));
  const children = [...nodes, ...notes.map((note) => ({ name: 'note', value: note }))];
  return {
    name: TITLES[view],
    value: `${rows.length}${quality === 'torn' ? ', torn' : ''}`,
    children: async () => children,
    ...(children.length >= PAGED_FROM && { count: children.length }),
  };
}

type Fields = Record<string, unknown>;

function rowNode(row: Fields, now: number): KernelNode {
  const address = addressIn(row);
  return {
    name: nameOfRow(row),
    value: summaryOf(row, now),
    ...(address !== undefined && { memoryReference: formatAddress(address) }),
    children: async () => fieldNodes(row, now),
  };
}

function addressIn(row: Fields): number | undefined {
  const value = typeof row.key === 'number' && row.cpu !== row.key ? row.key : (row.pool ?? row.address);
  return typeof value === 'number' ? value : undefined;
}

function nameOfRow(row: Fields): string {
  if (typeof row.kind === 'string' && row.waitsFor === undefined) {
    switch (row.kind) {
      case 'class':
        return `class ${row.objectSize}`;
      case 'pagePool':
        return row.cpu === undefined ? `${row.level}` : `${row.level} of CPU ${row.cpu}`;
      case 'freeRange':
        return `free ranges of ${formatBytes(2 ** Number(row.order) * 4096)}`;
      case 'large':
        return `large ${formatAddress(Number(row.address))}`;
      case 'ram':
        return 'RAM';
    }
  }
  return String(row.path ?? row.threadName ?? row.name ?? row.description ?? `CPU ${row.cpu ?? '?'}`);
}

/** What one wants to read without opening the row. */
function summaryOf(row: Fields, now: number): string {
  const wait = row.waitsFor as Fields | undefined;
  const since = (time: unknown): string => formatDuration(now - Number(time));
  if (typeof row.state === 'string') {
    return wait ? `waiting for ${wait.description} (${since(wait.since)})` : `${row.state}, CPU ${row.cpu}`;
  }
  if (Array.isArray(row.holders) && Array.isArray(row.waiters)) {
    const holders = row.holders.map((holder: Fields) => `${holder.threadName} (${since(holder.since)})`).join(', ');
    return [row.mode, holders, row.waiters.length > 0 ? `${row.waiters.length} waiting` : '']
      .filter(Boolean)
      .join(' · ');
  }
  if (Array.isArray(row.timers)) {
    return `${row.armed} armed, ${row.fired} fired`;
  }
  if (typeof row.deadline === 'number') {
    return `in ${formatDuration(row.deadline - now)}: ${row.callback}`;
  }
  if (typeof row.liveObjects === 'number') {
    return `${row.liveObjects} live of ${row.capacity ?? '?'}`;
  }
  if (typeof row.freePages === 'number') {
    return `${row.freePages} of ${row.totalPages} pages free`;
  }
  if (typeof row.blocks === 'number') {
    return `${row.blocks}`;
  }
  return typeof row.pages === 'number' ? `${row.pages} pages` : '';
}

const ADDRESSES = new Set(['key', 'lock', 'pool', 'address', 'object', 'callbackAddress', 'base']);
const MOMENTS = new Set(['since', 'deadline', 'last', 'next', 'time']);
const DURATIONS = new Set(['cpuTime', 'remaining', 'period']);

function fieldNodes(row: Fields, now: number): KernelNode[] {
  return Object.entries(row)
    .filter(([name, value]) => value !== undefined && name !== 'kind' && !(name === 'key' && typeof value === 'string'))
    .map(([name, value]) => fieldNode(name, value, now));
}

function fieldNode(name: string, value: unknown, now: number): KernelNode {
  if (Array.isArray(value)) {
    const children = value.map((entry, index) =>
      typeof entry === 'object' ? rowNode(entry as Fields, now) : fieldNode(`[${index}]`, entry, now),
    );
    return { name, value: `${value.length}`, ...(value.length > 0 && { children: async () => children }) };
  }
  if (typeof value === 'object' && value !== null) {
    const fields = value as Fields;
    return {
      name,
      value: String(fields.description ?? fields.threadName ?? ''),
      children: async () => fieldNodes(fields, now),
    };
  }
  if (typeof value !== 'number') {
    return { name, value: String(value) };
  }
  if (ADDRESSES.has(name) && Math.abs(value) > 0xffff) {
    return { name, value: formatAddress(value), memoryReference: formatAddress(value) };
  }
  if (MOMENTS.has(name)) {
    return { name, value: `${formatDuration(value)} after boot` };
  }
  return { name, value: DURATIONS.has(name) ? formatDuration(value) : String(value) };
}
