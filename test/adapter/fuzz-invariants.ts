/** What must hold of everything that is told as whole, whatever stood in memory: the neutral model's own promises. */
import type { PoolPageRow, ViewName, ViewRows } from '../../debug-adapter/protocol.ts';

type Rows = { [V in ViewName]: (rows: readonly ViewRows[V][]) => string[] };

/** Broken promises of a view that is told as whole, one sentence each. */
export const broken: Rows = {
  threads: (rows) => [
    ...repeated(
      'thread',
      rows.map(({ key }) => key),
    ),
    ...repeated(
      'thread id',
      rows.map(({ id }) => id),
    ),
    ...rows.flatMap((row) => [
      ...(row.cpuTime >= 0 && Number.isFinite(row.cpuTime) ? [] : [`${row.id}: CPU time ${row.cpuTime}`]),
      ...(Number.isInteger(row.cpu) && row.cpu >= 0 && row.cpu < 512 ? [] : [`${row.id}: CPU ${row.cpu}`]),
      ...(row.state !== 'waiting' && row.waitsFor ? [`${row.id} is ${row.state} and waits`] : []),
    ]),
  ],
  vnodeLocks: (rows) => [
    ...repeated(
      'vnode',
      rows.map(({ key }) => key),
    ),
    ...rows.flatMap(({ key, mode, holders, waiters }) => [
      ...(mode === 'free' && holders.length > 0 ? [`${key} is free and held`] : []),
      ...(mode === 'exclusive' && holders.length !== 1 ? [`${key} has ${holders.length} writers`] : []),
      ...(mode === 'shared' && !holders.every((holder) => holder.mode === 'shared') ? [`${key} is mixed`] : []),
      ...(mode === 'free' && waiters.length > 0 ? [`${key} is free and waited for`] : []),
      ...repeated(
        `waiter of ${key}`,
        waiters.map(({ thread }) => thread),
      ),
    ]),
  ],
  mallocPools: (rows) => [
    ...repeated(
      'pool row',
      rows.map(({ key }) => key),
    ),
    ...rows.flatMap((row) => {
      switch (row.kind) {
        case 'class': {
          const live = row.cpus.reduce((sum, cpu) => sum + cpu.liveObjects, 0);
          return [
            ...(row.liveObjects >= 0 && row.liveObjects <= row.capacity
              ? []
              : [`${row.key}: ${row.liveObjects} of ${row.capacity}`]),
            ...(live === row.liveObjects ? [] : [`${row.key}: CPUs have ${live} of ${row.liveObjects}`]),
          ];
        }
        case 'ram': {
          const pages = Object.values(row.byKind).reduce((sum, count) => sum + count, 0);
          return [
            ...(pages === row.totalPages ? [] : [`RAM: ${pages} pages of ${row.totalPages}`]),
            ...(row.freePages <= row.totalPages ? [] : [`RAM: ${row.freePages} free pages of ${row.totalPages}`]),
          ];
        }
        case 'large':
          return row.pages > 0 && row.requested <= row.pages * 4096
            ? []
            : [`${row.key}: ${row.requested} bytes in ${row.pages} pages`];
        default:
          return [];
      }
    }),
  ],
  timerSets: (rows) => [
    ...repeated(
      'timer',
      rows.flatMap(({ timers }) => timers.map(({ key }) => key)),
    ),
    ...rows.flatMap(({ cpu, armed, timers }) =>
      armed <= timers.length ? [] : [`CPU ${cpu}: ${timers.length} of ${armed} timers`],
    ),
  ],
  waitsFor: (rows) =>
    repeated(
      'lock',
      rows.map(({ key }) => key),
    ),
};

/** Broken promises of slabs that are told as whole. */
export function brokenSlabs(pages: readonly PoolPageRow[], total: number): string[] {
  return [
    ...repeated(
      'slab',
      pages.map(({ address }) => address),
    ),
    ...(pages.length <= total ? [] : [`${pages.length} slabs of ${total}`]),
    ...pages.flatMap(({ address, liveObjects, capacity, liveMap }) => {
      const bits = [...Buffer.from(liveMap, 'base64')].reduce(
        (sum, byte) => sum + byte.toString(2).replaceAll('0', '').length,
        0,
      );
      return bits === liveObjects && bits <= capacity
        ? []
        : [`slab ${address}: ${bits} bits for ${liveObjects} of ${capacity}`];
    }),
  ];
}

function repeated(what: string, keys: readonly (string | number)[]): string[] {
  const seen = new Set<string | number>();
  return keys.flatMap((key) => {
    const isKnown = seen.has(key);
    seen.add(key);
    return isKnown ? [`${what} ${key} is told twice`] : [];
  });
}
