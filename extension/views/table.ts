/** A view's rows as JSON and as CSV, to be pasted elsewhere. Pure. */
import {
  type Address,
  formatAddress,
  type LockHolder,
  type MallocPoolsRow,
  type ThreadRow,
  type ViewName,
  type ViewRows,
  type ViewSnapshot,
} from '../../debug-adapter/protocol.ts';

type Cell = string | number | undefined;
type Record = { [column: string]: Cell };

/** Fields of rows that hold an address, where they are one. */
const ADDRESSES: ReadonlySet<string> = new Set([
  ...['key', 'lock', 'object', 'pool', 'address', 'base', 'frameAddress', 'callbackAddress'],
]);

/** As the adapter told it (see docs/api.md), with addresses as people write them. */
export function jsonOf(snapshot: ViewSnapshot): string {
  const { view, guestTime, running, quality, rows, notes } = snapshot;
  const readable = (key: string, value: unknown): unknown =>
    ADDRESSES.has(key) && typeof value === 'number' && value < 0 ? formatAddress(value) : value;
  return `${JSON.stringify({ view, guestTime, running, quality, rows, notes }, readable, 2)}\n`;
}

/** RFC 4180, with a first line of names; times in nanoseconds, sizes in bytes. */
export function csvOf(snapshot: ViewSnapshot): string {
  const records = recordsOf(snapshot);
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const lines = [columns, ...records.map((record) => columns.map((column) => record[column]))];
  return lines.map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('');
}

function quoted(cell: Cell): string {
  const text = cell === undefined ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function recordsOf({ view, rows }: ViewSnapshot): Record[] {
  const of = <V extends ViewName>(_view: V): ViewRows[V][] => rows as ViewRows[V][];
  switch (view) {
    case 'threads':
      return of('threads').map(threadRecord);
    case 'vnodeLocks':
      return of('vnodeLocks').map((row) => ({
        path: row.path,
        vnode: formatAddress(row.key),
        lock: formatAddress(row.lock),
        mode: row.mode,
        holders: names(row.holders),
        waiters: names(row.waiters),
        acquisitions: row.acquisitions,
        contentions: row.contentions,
        deadlock: row.cycle,
        file_system: row.fileSystem,
        number: row.number,
        size_bytes: row.size,
      }));
    case 'mallocPools':
      return of('mallocPools').flatMap(poolRecords);
    case 'timerSets':
      return of('timerSets').flatMap(({ cpu, timers }) =>
        timers.map((timer) => ({
          cpu,
          timer: timer.name,
          address: formatAddress(timer.key),
          deadline_ns: timer.deadline,
          remaining_ns: timer.remaining,
          period_ns: timer.period,
          owner: timer.owner?.threadName,
          callback: timer.callback,
          callback_address: formatAddress(timer.callbackAddress),
          fired: timer.fired,
        })),
      );
    case 'waitsFor':
      return of('waitsFor').map((row) => ({
        what: row.description,
        kind: row.kind,
        address: formatAddress(row.key),
        holders: names(row.holders),
        waiters: names(row.waiters),
      }));
  }
}

function threadRecord(row: ThreadRow): Record {
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    cpu: row.cpu,
    priority: row.priority,
    cpu_time_ns: row.cpuTime,
    switches: row.switches,
    preemptions: row.preemptions,
    migrations: row.migrations,
    waits_for: row.waitsFor?.description,
    waits_since_ns: row.waitsFor?.since,
    holds: row.holds.map(({ description }) => description).join('; '),
    frame: row.frame,
    stack: optional(row.stack?.base),
    stack_bytes: row.stack?.size,
    stack_most_used_bytes: row.stackHighWater,
    thread: formatAddress(row.key),
  };
}

/** A class has a record for each of its CPUs, and everything else one. */
function poolRecords(row: MallocPoolsRow): Record[] {
  switch (row.kind) {
    case 'class':
      return row.cpus.map((cpu) => ({
        kind: row.kind,
        object_bytes: row.objectSize,
        cpu: cpu.cpu,
        live: cpu.liveObjects,
        slabs: cpu.slabs,
        empty_slabs: cpu.emptySlabs,
        remote_frees: cpu.remoteFrees,
        allocations: row.allocations,
        frees: row.frees,
        address: formatAddress(row.pool),
      }));
    case 'pagePool':
      return [
        {
          kind: row.level,
          cpu: row.cpu,
          pages: row.pages,
          low_mark: row.lowMark,
          high_mark: row.highMark,
          refills: row.refills,
          returns: row.returns,
        },
      ];
    case 'freeRange':
      return [{ kind: row.kind, order: row.order, blocks: row.blocks, pages: row.blocks * 2 ** row.order }];
    case 'large':
      return [
        {
          kind: row.kind,
          pages: row.pages,
          requested_bytes: row.requested,
          thread: row.thread,
          time_ns: row.time,
          address: formatAddress(row.address),
        },
      ];
    case 'ram':
      return [{ kind: row.kind, pages: row.totalPages, free_pages: row.freePages }];
  }
}

function names(threads: readonly LockHolder[]): string {
  return threads.map(({ threadName, mode }) => `${threadName} (${mode})`).join('; ');
}

function optional(address: Address | undefined): string | undefined {
  return address === undefined ? undefined : formatAddress(address);
}
