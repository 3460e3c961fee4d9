import { expect, test } from 'vitest';
import {
  examplePoolClass,
  exampleSnapshot,
  exampleThread,
  exampleTimer,
  exampleTimerSet,
  exampleVnodeLock,
} from './examples.ts';
import { csvOf, jsonOf } from './table.ts';

/** CSV as a spreadsheet reads it: records of cells by column. */
function parse(csv: string): Record<string, string>[] {
  const [names = [], ...records] = csv
    .trimEnd()
    .split('\r\n')
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((m) => (m[1] ?? m[2] ?? '').replaceAll('""', '"')),
    );
  return records.map((cells) => Object.fromEntries(names.map((name, index) => [name, cells[index] ?? ''])));
}

test('threads are a record each, quoted where they must be', () => {
  const waitsFor = { kind: 'mutex', mode: 'exclusive', object: -1, description: 'mutex "a, b"', since: 5 } as const;
  const rows = [
    exampleThread({ name: 'a "b", c', state: 'waiting', waitsFor }),
    exampleThread({ stackHighWater: 512 }),
  ];
  const csv = csvOf(exampleSnapshot('threads', rows));
  expect(csv).toContain('"a ""b"", c"');
  expect(parse(csv)).toEqual([
    expect.objectContaining({
      name: 'a "b", c',
      waits_for: 'mutex "a, b"',
      waits_since_ns: '5',
      cpu_time_ns: '3200000',
    }),
    expect.objectContaining({ name: 'worker-3', waits_for: '', stack_most_used_bytes: '512' }),
  ]);
});

test('a timer tells its CPU, a class each of its CPUs', () => {
  const timers = csvOf(
    exampleSnapshot('timerSets', [exampleTimerSet({ cpu: 3, timers: [exampleTimer(), exampleTimer()] })]),
  );
  expect(parse(timers).map(({ cpu, remaining_ns }) => [cpu, remaining_ns])).toEqual([
    ['3', '3200000'],
    ['3', '3200000'],
  ]);
  const ram = { kind: 'ram', key: 'ram', totalPages: 10, freePages: 4, byKind: {} } as const;
  const pools = csvOf(exampleSnapshot('mallocPools', [examplePoolClass(), ram]));
  expect(parse(pools)).toEqual([
    expect.objectContaining({ kind: 'class', object_bytes: '64', cpu: '0', live: '100', pages: '' }),
    expect.objectContaining({ kind: 'ram', object_bytes: '', pages: '10', free_pages: '4' }),
  ]);
});

test('a view with no rows is an empty line of names', () => {
  expect(csvOf(exampleSnapshot('threads', []))).toBe('\r\n');
});

test('JSON is what the adapter told, with addresses as people write them', () => {
  const row = exampleVnodeLock({ holders: [{ thread: 7, threadName: 'a', mode: 'shared', since: 12 }] });
  const told = JSON.parse(jsonOf(exampleSnapshot('vnodeLocks', [row])));
  expect(told).toMatchObject({ view: 'vnodeLocks', guestTime: 1e9, quality: 'whole' });
  expect(told.rows[0]).toMatchObject({
    key: '0xffffffff90010000',
    path: '/data/log',
    size: 8192,
    holders: row.holders,
  });
});
