/** What stands beside the map: classes, page pools, free ranges. */
import * as l10n from '@vscode/l10n';
import type {
  FreeRangeRow,
  LargeAllocationRow,
  MallocPoolsRow,
  PagePoolRow,
  PoolClassRow,
} from '../../debug-adapter/protocol.ts';
import { formatBytes } from '../../debug-adapter/units.ts';
import { element, Table } from '../dom.ts';
import { bar, gauge } from './gauges.ts';
import { grouped, PAGE_SIZE } from './words.ts';

export class Side {
  readonly #openClass: (key: string) => void;
  readonly #classes: Map<number, Table<PoolClassRow>> = new Map();

  /** @param openClass called with a class's key */
  constructor(openClass: (key: string) => void) {
    this.#openClass = openClass;
  }

  showPools(rows: readonly MallocPoolsRow[]): void {
    const classes = rows.filter((row): row is PoolClassRow => row.kind === 'class');
    const cpus = Math.max(1, ...classes.flatMap((row) => row.cpus.map(({ cpu }) => cpu + 1)));
    this.#classTable(cpus).show(classes.filter(({ slabs }) => slabs > 0));
    this.#showTotals(classes, rows);
    const pagePools = rows.filter((row): row is PagePoolRow => row.kind === 'pagePool');
    element('gauges').replaceChildren(...pagePools.map(pagePoolGauge));
    this.#showFreeRanges(rows.filter((row): row is FreeRangeRow => row.kind === 'freeRange'));
  }

  #classTable(cpus: number): Table<PoolClassRow> {
    let table = this.#classes.get(cpus);
    if (!table) {
      table = new Table<PoolClassRow>(element('classes'), l10n.t('Size classes'), [
        {
          title: l10n.t('Class'),
          text: ({ objectSize }) => formatBytes(objectSize),
          order: ({ objectSize }) => objectSize,
          activate:
            ({ key }) =>
            () =>
              this.#openClass(key),
        },
        {
          title: l10n.t('Live'),
          text: ({ liveObjects }) => grouped(liveObjects),
          order: ({ liveObjects }) => liveObjects,
        },
        { title: l10n.t('Filled'), text: (row) => percent(row.liveObjects, row.capacity), order: filling },
        { title: l10n.t('Slabs'), text: ({ slabs }) => grouped(slabs), order: ({ slabs }) => slabs },
        ...Array.from({ length: cpus }, (_, cpu) => ({
          title: cpuName(cpu),
          text: (row: PoolClassRow) => `${grouped(liveOn(row, cpu))}/${grouped(capacityOn(row, cpu))}`,
          order: (row: PoolClassRow) => liveOn(row, cpu),
        })),
      ]);
      this.#classes.set(cpus, table);
    }
    return table;
  }

  /** Bytes asked for where the kernel keeps them, of large allocations; bytes in slabs that no object has. */
  #showTotals(classes: readonly PoolClassRow[], rows: readonly MallocPoolsRow[]): void {
    const large = rows.filter((row): row is LargeAllocationRow => row.kind === 'large');
    const live = sum(classes, (row) => row.liveObjects * row.objectSize);
    const slabs = sum(classes, (row) => row.slabs * row.pagesPerSlab * PAGE_SIZE);
    const requested = sum(large, (row) => row.requested);
    const allocated = sum(large, (row) => row.pages * PAGE_SIZE);
    element('totals').replaceChildren(
      shareBar(l10n.t('Objects in slabs'), live, slabs),
      shareBar(l10n.t('Large, requested'), requested, allocated),
    );
  }

  #showFreeRanges(rows: readonly FreeRangeRow[]): void {
    const most = Math.max(1, ...rows.map(({ order, blocks }) => blocks * 2 ** order));
    const largest = rows.filter(({ blocks }) => blocks > 0).at(-1);
    element('largest').textContent =
      largest === undefined
        ? l10n.t('No free block.')
        : l10n.t('Largest free block: {0}.', formatBytes(2 ** largest.order * PAGE_SIZE));
    element('ranges').replaceChildren(
      ...rows
        .filter(({ blocks }) => blocks > 0)
        .map(({ order, blocks }) =>
          bar(
            formatBytes(2 ** order * PAGE_SIZE),
            blocks === 1 ? l10n.t('1 block') : l10n.t('{0} blocks', grouped(blocks)),
            (blocks * 2 ** order) / most,
            'free',
          ),
        ),
    );
  }
}

function pagePoolGauge(row: PagePoolRow): HTMLElement {
  const label = row.cpu === undefined ? row.level : `${row.level}, ${cpuName(row.cpu)}`;
  return gauge(label, row.pages, row.lowMark, row.highMark);
}

function shareBar(name: string, bytes: number, all: number): HTMLElement {
  return bar(name, l10n.t('{0} of {1}', formatBytes(bytes), formatBytes(all)), all === 0 ? 0 : bytes / all, 'live');
}

function cpuName(cpu: number): string {
  return l10n.t('CPU {0}', cpu);
}

function liveOn(row: PoolClassRow, cpu: number): number {
  return row.cpus.find((entry) => entry.cpu === cpu)?.liveObjects ?? 0;
}

/** Objects that the CPU's slabs have room for. */
function capacityOn({ capacity, slabs, cpus }: PoolClassRow, cpu: number): number {
  return ((cpus.find((entry) => entry.cpu === cpu)?.slabs ?? 0) * capacity) / Math.max(1, slabs);
}

function filling({ liveObjects, capacity }: PoolClassRow): number {
  return capacity === 0 ? 0 : liveObjects / capacity;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${Math.round((part / whole) * 100)} %`;
}

function sum<T>(rows: readonly T[], of: (row: T) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}
