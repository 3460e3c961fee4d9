import { expect, test } from 'vitest';
import { chromeTrace } from './chrome-trace.ts';

test('CPUs and threads are two processes, intervals stretches, marks moments', () => {
  const run = { activity: 'running', begin: 1000, end: 3500, isOpen: false, cpu: 0, thread: 7 } as const;
  const wait = {
    activity: 'waiting',
    begin: 3500,
    end: 9000,
    isOpen: true,
    cpu: 0,
    thread: 7,
    kind: 'mutex',
    object: 1,
    description: 'mutex "mounts"',
  } as const;
  const { traceEvents } = chromeTrace({
    begin: 1000,
    end: 9000,
    wakeUps: [],
    cpus: [{ cpu: 0, intervals: [run], marks: [] }],
    threads: [
      {
        id: 7,
        name: 'writer-0',
        isIdle: false,
        intervals: [run, wait],
        marks: [{ time: 2000, cpu: 0, thread: 7, kind: 'file', label: 'write /a' }],
      },
    ],
  });
  const [cpus, threads] = traceEvents;
  expect([cpus, threads].map((event) => event?.args?.name)).toEqual(['CPUs', 'Threads']);
  expect(traceEvents.filter(({ ph }) => ph === 'X')).toEqual([
    { name: 'writer-0', ph: 'X', ts: 1, dur: 2.5, pid: 1, tid: 0, cat: 'running', args: { cpu: 0 } },
    { name: 'running', ph: 'X', ts: 1, dur: 2.5, pid: 2, tid: 7, cat: 'running', args: { cpu: 0 } },
    { name: 'mutex "mounts"', ph: 'X', ts: 3.5, dur: 5.5, pid: 2, tid: 7, cat: 'waiting', args: { cpu: 0 } },
  ]);
  expect(traceEvents.at(-1)).toEqual({ name: 'write /a', ph: 'i', ts: 2, pid: 2, tid: 7, cat: 'file', s: 't' });
});
