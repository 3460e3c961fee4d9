/** The *Malloc Pools* view: RAM, size classes with their CPUs and slabs, page pools, free ranges, large allocations. */
import {
  type FreeRangeRow,
  formatAddress,
  type LargeAllocationRow,
  type MallocPoolsRow,
  type PagePoolRow,
  type PoolClassRow,
  type PoolCpuRow,
  type PoolPageRow,
  type RamTotalsRow,
  type ViewSnapshot,
} from '../../debug-adapter/protocol.ts';
import { formatBytes, formatDuration } from '../../debug-adapter/units.ts';
import { counted, fact, factTable, formatCount, type ViewNode } from './node.ts';

const PAGE_SIZE = 4096;

export function mallocPoolNodes(snapshot: ViewSnapshot<'mallocPools'>): ViewNode[] {
  const of = <K extends MallocPoolsRow['kind']>(kind: K) =>
    snapshot.rows.filter((row): row is Extract<MallocPoolsRow, { kind: K }> => row.kind === kind);
  const classes = of('class');
  const pools = of('pagePool');
  const ranges = of('freeRange');
  const large = of('large');
  const nodes = of('ram').map(ramNode);
  if (classes.length > 0) {
    nodes.push(
      group('classes', 'Size classes', describeClasses(classes), 'symbol-array', classes.map(classNode), true),
    );
  }
  if (pools.length > 0) {
    nodes.push(
      group('pagePools', 'Page pools', pages(sum(pools, (row) => row.pages)), 'layers', pools.map(pagePoolNode)),
    );
  }
  if (ranges.length > 0) {
    const free = pages(sum(ranges, (row) => row.blocks * 2 ** row.order));
    nodes.push(group('freeRanges', 'Free ranges', free, 'symbol-ruler', ranges.map(freeRangeNode)));
  }
  if (large.length > 0) {
    const size = pages(sum(large, (row) => row.pages));
    const rows = large.map((row) => largeNode(row, snapshot.guestTime));
    nodes.push(group('large', 'Large allocations', `${formatCount(large.length)} · ${size}`, 'symbol-object', rows));
  }
  return nodes;
}

/** The slabs of a class on one CPU, as the adapter answered. */
export function slabNodes(pool: string, rows: PoolPageRow[]): ViewNode[] {
  return rows.map((row) => ({
    id: `slab/${pool}/${row.address}`,
    label: formatAddress(row.address),
    description: `${share(row.liveObjects, row.capacity)} live`,
    tooltip: () => `**Slab \`${formatAddress(row.address)}\`**\n\n${liveMap(row)}\n\n█ live, ░ free`,
    icon: row.liveObjects === 0 ? 'circle-outline' : 'circle-filled',
    tone: 'quiet',
    address: row.address,
  }));
}

function group(
  id: string,
  label: string,
  description: string,
  icon: string,
  rows: ViewNode[],
  expanded = false,
): ViewNode {
  return { id: `group/${id}`, label, description, icon, children: () => rows, expanded };
}

function ramNode(row: RamTotalsRow): ViewNode {
  const kinds = Object.entries(row.byKind).sort(([, left], [, right]) => right - left);
  return {
    id: 'ram',
    label: 'RAM',
    description: `${pages(row.freePages)} free of ${pages(row.totalPages)}`,
    icon: 'server',
    children: () => kinds.map(([kind, count]) => fact(`ram/${kind}`, kind, pages(count))),
  };
}

function describeClasses(rows: PoolClassRow[]): string {
  const bytes = sum(rows, (row) => row.liveObjects * row.objectSize);
  return `${counted(
    sum(rows, (row) => row.liveObjects),
    'live object',
  )} · ${formatBytes(bytes)}`;
}

function classNode(row: PoolClassRow): ViewNode {
  const remote = sum(row.cpus, (cpu) => cpu.remoteFrees);
  return {
    id: `class/${row.key}`,
    label: formatBytes(row.objectSize),
    description: `${share(row.liveObjects, row.capacity)} live · ${counted(row.slabs, 'slab')}`,
    tooltip: () =>
      factTable(`Size class of ${formatBytes(row.objectSize)}`, [
        ['live', `${share(row.liveObjects, row.capacity)} (${formatBytes(row.liveObjects * row.objectSize)})`],
        ['slabs', `${formatCount(row.slabs)} of ${pages(row.pagesPerSlab)}`],
        ['allocated', counted(row.allocations, 'time')],
        ['freed', `${counted(row.frees, 'time')}, ${formatCount(remote)} by other CPUs and not drained`],
        ['pool', `\`${formatAddress(row.pool)}\``],
      ]),
    icon: row.liveObjects > 0 ? 'circle-filled' : 'circle-outline',
    tone: 'quiet',
    address: row.pool,
    children: () => row.cpus.map((cpu) => cpuNode(row, cpu)),
  };
}

function cpuNode(row: PoolClassRow, cpu: PoolCpuRow): ViewNode {
  const parts = [`${formatCount(cpu.liveObjects)} live`, counted(cpu.slabs, 'slab')];
  if (cpu.emptySlabs > 0) {
    parts.push(`${formatCount(cpu.emptySlabs)} empty`);
  }
  if (cpu.remoteFrees > 0) {
    parts.push(counted(cpu.remoteFrees, 'remote free'));
  }
  const node: ViewNode = {
    id: `class/${row.key}/cpu/${cpu.cpu}`,
    label: `CPU ${cpu.cpu}`,
    description: parts.join(' · '),
    icon: 'chip',
  };
  return cpu.slabs > 0 ? { ...node, slabs: { pool: row.key, cpu: cpu.cpu } } : node;
}

function pagePoolNode(row: PagePoolRow): ViewNode {
  const label = row.cpu === undefined ? row.level : `${row.level} of CPU ${row.cpu}`;
  const low = row.pages < row.lowMark;
  return {
    id: `pagePool/${row.key}`,
    label,
    description: `${counted(row.pages, 'page')} · marks ${formatCount(row.lowMark)}–${formatCount(row.highMark)}`,
    tooltip: () =>
      factTable(label, [
        ['pages', formatCount(row.pages)],
        ['low mark', formatCount(row.lowMark)],
        ['high mark', formatCount(row.highMark)],
        ['refilled', counted(row.refills, 'time')],
        ['gave back', counted(row.returns, 'time')],
      ]),
    icon: low ? 'arrow-down' : 'layers',
    tone: low ? 'warning' : 'quiet',
  };
}

function freeRangeNode(row: FreeRangeRow): ViewNode {
  return {
    id: `freeRange/${row.key}`,
    label: formatBytes(2 ** row.order * PAGE_SIZE),
    description: counted(row.blocks, 'block'),
    icon: row.blocks > 0 ? 'circle-filled' : 'circle-outline',
    tone: 'quiet',
  };
}

function largeNode(row: LargeAllocationRow, now: number): ViewNode {
  return {
    id: `large/${row.key}`,
    label: formatAddress(row.address),
    description: `${formatBytes(row.requested)} in ${counted(row.pages, 'page')} · thread #${row.thread} · ${formatDuration(now - row.time)} ago`,
    icon: 'symbol-object',
    tone: 'quiet',
    address: row.address,
  };
}

/** One character an object, 32 a line, cut at 16 lines. */
function liveMap(row: PoolPageRow): string {
  const bits = Buffer.from(row.liveMap, 'base64');
  const shown = Math.min(row.capacity, 512);
  let text = '';
  for (let index = 0; index < shown; index++) {
    const live = ((bits[index >> 3] ?? 0) >> (index & 7)) & 1;
    text += (index > 0 && index % 32 === 0 ? '\n' : '') + (live ? '█' : '░');
  }
  return `\`\`\`text\n${text}${shown < row.capacity ? '\n…' : ''}\n\`\`\``;
}

function share(part: number, whole: number): string {
  return `${formatCount(part)} of ${formatCount(whole)}`;
}

function pages(count: number): string {
  return formatBytes(count * PAGE_SIZE);
}

function sum<T>(rows: T[], of: (row: T) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}
