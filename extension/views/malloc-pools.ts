/** The *Malloc Pools* view: RAM, size classes with their CPUs and slabs, page pools, free ranges, large allocations. */
import * as l10n from '@vscode/l10n';
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
import { fact, factTable, formatCount, type ViewNode } from './node.ts';
import { pageCount, slabs, times } from './words.ts';

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
      group('classes', l10n.t('Size classes'), describeClasses(classes), 'symbol-array', classes.map(classNode), true),
    );
  }
  if (pools.length > 0) {
    nodes.push(
      group(
        'pagePools',
        l10n.t('Page pools'),
        pages(sum(pools, (row) => row.pages)),
        'layers',
        pools.map(pagePoolNode),
      ),
    );
  }
  if (ranges.length > 0) {
    const free = pages(sum(ranges, (row) => row.blocks * 2 ** row.order));
    nodes.push(group('freeRanges', l10n.t('Free ranges'), free, 'symbol-ruler', ranges.map(freeRangeNode)));
  }
  if (large.length > 0) {
    const size = pages(sum(large, (row) => row.pages));
    const rows = large.map((row) => largeNode(row, snapshot.guestTime));
    nodes.push(
      group('large', l10n.t('Large allocations'), `${formatCount(large.length)} · ${size}`, 'symbol-object', rows),
    );
  }
  return nodes;
}

/** The slabs of a class on one CPU, as the adapter answered. */
export function slabNodes(pool: string, rows: PoolPageRow[]): ViewNode[] {
  return rows.map((row) => ({
    id: `slab/${pool}/${row.address}`,
    label: formatAddress(row.address),
    description: l10n.t('{0} of {1} live', formatCount(row.liveObjects), formatCount(row.capacity)),
    tooltip: () =>
      `**${l10n.t('Slab {0}', `\`${formatAddress(row.address)}\``)}**\n\n${liveMap(row)}\n\n${l10n.t('█ live, ░ free')}`,
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
    description: l10n.t('{0} free of {1}', pages(row.freePages), pages(row.totalPages)),
    icon: 'server',
    children: () => kinds.map(([kind, count]) => fact(`ram/${kind}`, kind, pages(count))),
  };
}

function describeClasses(rows: PoolClassRow[]): string {
  const bytes = sum(rows, (row) => row.liveObjects * row.objectSize);
  const live = sum(rows, (row) => row.liveObjects);
  return live === 1
    ? l10n.t('1 live object · {0}', formatBytes(bytes))
    : l10n.t('{0} live objects · {1}', formatCount(live), formatBytes(bytes));
}

function classNode(row: PoolClassRow): ViewNode {
  const remote = sum(row.cpus, (cpu) => cpu.remoteFrees);
  const live = l10n.t('{0} of {1} live', formatCount(row.liveObjects), formatCount(row.capacity));
  return {
    id: `class/${row.key}`,
    label: formatBytes(row.objectSize),
    description: `${live} · ${slabs(row.slabs)}`,
    tooltip: () =>
      factTable(l10n.t('Size class of {0}', formatBytes(row.objectSize)), [
        [l10n.t('objects'), `${live} (${formatBytes(row.liveObjects * row.objectSize)})`],
        [l10n.t('slabs'), l10n.t('{0} of {1}', formatCount(row.slabs), pages(row.pagesPerSlab))],
        [l10n.t('allocated'), times(row.allocations)],
        [l10n.t('freed'), l10n.t('{0}, {1} by other CPUs and not drained', times(row.frees), formatCount(remote))],
        [l10n.t('pool'), `\`${formatAddress(row.pool)}\``],
      ]),
    icon: row.liveObjects > 0 ? 'circle-filled' : 'circle-outline',
    tone: 'quiet',
    address: row.pool,
    children: () => row.cpus.map((cpu) => cpuNode(row, cpu)),
  };
}

function cpuNode(row: PoolClassRow, cpu: PoolCpuRow): ViewNode {
  const parts = [l10n.t('{0} live', formatCount(cpu.liveObjects)), slabs(cpu.slabs)];
  if (cpu.emptySlabs > 0) {
    parts.push(l10n.t('{0} empty', formatCount(cpu.emptySlabs)));
  }
  if (cpu.remoteFrees > 0) {
    parts.push(
      cpu.remoteFrees === 1 ? l10n.t('1 remote free') : l10n.t('{0} remote frees', formatCount(cpu.remoteFrees)),
    );
  }
  const node: ViewNode = {
    id: `class/${row.key}/cpu/${cpu.cpu}`,
    label: l10n.t('CPU {0}', cpu.cpu),
    description: parts.join(' · '),
    icon: 'chip',
  };
  return cpu.slabs > 0 ? { ...node, slabs: { pool: row.key, cpu: cpu.cpu } } : node;
}

function pagePoolNode(row: PagePoolRow): ViewNode {
  const label = row.cpu === undefined ? row.level : l10n.t('{0} of CPU {1}', row.level, row.cpu);
  const low = row.pages < row.lowMark;
  return {
    id: `pagePool/${row.key}`,
    label,
    description: l10n.t(
      '{0} · marks {1}–{2}',
      pageCount(row.pages),
      formatCount(row.lowMark),
      formatCount(row.highMark),
    ),
    tooltip: () =>
      factTable(label, [
        [l10n.t('pages'), formatCount(row.pages)],
        [l10n.t('low mark'), formatCount(row.lowMark)],
        [l10n.t('high mark'), formatCount(row.highMark)],
        [l10n.t('refilled'), times(row.refills)],
        [l10n.t('gave back'), times(row.returns)],
      ]),
    icon: low ? 'arrow-down' : 'layers',
    tone: low ? 'warning' : 'quiet',
  };
}

function freeRangeNode(row: FreeRangeRow): ViewNode {
  return {
    id: `freeRange/${row.key}`,
    label: formatBytes(2 ** row.order * PAGE_SIZE),
    description: row.blocks === 1 ? l10n.t('1 block') : l10n.t('{0} blocks', formatCount(row.blocks)),
    icon: row.blocks > 0 ? 'circle-filled' : 'circle-outline',
    tone: 'quiet',
  };
}

function largeNode(row: LargeAllocationRow, now: number): ViewNode {
  return {
    id: `large/${row.key}`,
    label: formatAddress(row.address),
    description: l10n.t(
      '{0} in {1} · thread #{2} · {3} ago',
      formatBytes(row.requested),
      pageCount(row.pages),
      row.thread,
      formatDuration(now - row.time),
    ),
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

function pages(count: number): string {
  return formatBytes(count * PAGE_SIZE);
}

function sum<T>(rows: T[], of: (row: T) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}
