/** What the kernel tells of the past: trace rings as intervals, samples as stacks, the boot's phases. None of it stops the guest. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { EventLog } from '../../debug-adapter/history/event-log.ts';
import { latencies } from '../../debug-adapter/history/latency.ts';
import { flameTree, Profile } from '../../debug-adapter/history/profile.ts';
import { buildTimeline, type Timeline } from '../../debug-adapter/history/timeline.ts';
import type { ViewChangedEvent, ViewSnapshot } from '../../debug-adapter/protocol.ts';
import { QmpWitness } from '../bench/qmp-witness.ts';
import { Session, type Stopped } from './client.ts';

const SECOND = 1e9;
const RINGS = '--trace-records=256K --profile=499';
/** Two threads fight for a file all the time, others sleep, allocate and run timers; CPUs are never idle for long. */
const WORK = 'workload --load=90 --threads=10 --vnodes=16 --objects=300 --seconds=forever';
/** Which function does the work of each kind of worker. */
const WORK_OF: Record<string, string> = {
  writer: 'do_writing',
  reader: 'do_reading',
  allocator: 'do_allocating',
  timer: 'do_timing',
  renamer: 'do_renaming',
};

/** Reads what the rings have told since `log` read them. */
async function record(session: Session, log = new EventLog()): Promise<Timeline> {
  log.add(await session.custom('unikernel/trace', { after: log.after }));
  return buildTimeline(log);
}

/**
 * Of each thread, the least and the most nanoseconds of running that the kernel may have accounted to it between two stops at `begin`
 * and `end`. What runs at a stop is accounted up to its last tick, which is anywhere in its interval when its CPU was kept waiting.
 */
function accountable({ threads }: Timeline, begin: number, end: number): Map<number, { least: number; most: number }> {
  const bounds = new Map<number, { least: number; most: number }>();
  for (const { id, intervals } of threads) {
    const bound = { least: 0, most: 0 };
    for (const interval of intervals.filter(({ activity }) => activity === 'running')) {
      const from = Math.max(interval.begin, begin);
      if (interval.end > begin && interval.begin < end) {
        bound.most += Math.min(interval.end, end) - interval.begin;
        bound.least += interval.end < end ? interval.end - from : 0;
      }
    }
    bounds.set(id, bound);
  }
  return bounds;
}

describe('a busy guest on two CPUs with rings and samples', () => {
  let session: Session;
  let witness: QmpWitness;
  let stop: Stopped;

  beforeAll(async () => {
    session = Session.start();
    const socket = join(mkdtempSync(join(inject('folder'), 'witness-')), 'qmp');
    stop = await session.launchTo('sprout::workload::Worker::do_renaming', {
      cpus: 2,
      commandLine: `${RINGS} ${WORK}`,
      extraQemuArguments: ['-qmp', `unix:${socket},server=on,wait=off`],
    });
    await session.breakAt();
    witness = await QmpWitness.connect(socket);
  });
  afterAll(async () => {
    witness.close();
    await session.end();
  });

  /** Lets the guest run for `duration` of its own time while `log` follows it (a reading tells the newest records only), stops it, and tells its threads. */
  async function runFor(duration: number, log = new EventLog()): Promise<ViewSnapshot<'threads'>> {
    await record(session, log);
    const end = log.end + duration;
    await session.request('continue', { threadId: stop.threadId });
    while (log.end < end) {
      await record(session, log);
    }
    stop = await session.run('pause', stop.threadId);
    return (await session.custom('unikernel/view', { view: 'threads' })) as ViewSnapshot<'threads'>;
  }

  test('what each thread ran by its intervals is what the kernel accounts to it', async () => {
    const before = (await session.custom('unikernel/view', { view: 'threads' })) as ViewSnapshot<'threads'>;
    const log = new EventLog();
    const after = await runFor(SECOND, log);
    const timeline = await record(session, log);
    expect(log.lost).toBe(0);
    const window = after.guestTime - before.guestTime;
    const bounds = accountable(timeline, before.guestTime, after.guestTime);
    // A CPU may stand between an account and its record, or have read its clock before the other one.
    const slack = 0.03 * window;
    for (const { id, name, cpuTime } of after.rows) {
      const accounted = cpuTime - (before.rows.find((row) => row.id === id)?.cpuTime ?? 0);
      const { least, most } = bounds.get(id) ?? { least: 0, most: 0 };
      expect(accounted, name).toBeGreaterThan(least - slack);
      expect(accounted, name).toBeLessThan(most + slack);
    }
    // Both CPUs ran something all the time.
    for (const { cpu, intervals } of timeline.cpus) {
      const begun = Math.min(...intervals.map(({ begin }) => begin));
      const ran = intervals
        .map(({ begin, end }) => Math.min(end, after.guestTime) - Math.max(begin, before.guestTime))
        .reduce((sum, time) => sum + Math.max(0, time), 0);
      expect(begun, `CPU ${cpu}`).toBeLessThan(before.guestTime);
      expect(ran / window, `CPU ${cpu}`).toBeCloseTo(1, 1);
    }
  });

  test('intervals of a CPU do not overlap, nor do those of a thread', async () => {
    const log = new EventLog();
    await runFor(SECOND / 5, log);
    const { cpus, threads } = await record(session, log);
    expect(cpus.map(({ cpu }) => cpu)).toEqual([0, 1]);
    for (const { intervals } of [...cpus, ...threads]) {
      const sorted = [...intervals].sort((a, b) => a.begin - b.begin);
      sorted.forEach((interval, index) => {
        expect(interval.end).toBeGreaterThanOrEqual(interval.begin);
        expect(interval.begin).toBeGreaterThanOrEqual(sorted[index - 1]?.end ?? 0);
      });
    }
    expect(cpus.every(({ intervals }) => intervals.length > 10)).toBe(true);
    // At a stop what a thread does now is what the threads view says.
    const view = (await session.custom('unikernel/view', { view: 'threads' })) as ViewSnapshot<'threads'>;
    const waiting = view.rows.filter(({ state }) => state === 'waiting');
    expect(waiting.length).toBeGreaterThan(2);
    for (const { id, name, waitsFor } of waiting) {
      const last = threads.find((lane) => lane.id === id)?.intervals.at(-1);
      // One that waits may be on its way off its CPU.
      if (last && !(last.activity === 'running' && last.isOpen)) {
        const object = waitsFor?.kind === 'sleep' ? expect.any(Number) : waitsFor?.object;
        const wait = { activity: 'waiting', isOpen: true, kind: waitsFor?.kind, object };
        expect([name, last]).toEqual([name, expect.objectContaining(wait)]);
      }
    }
  });

  test('rings and samples are read of a guest that runs, without one stop of the machine', async () => {
    await session.request('continue', { threadId: stop.threadId });
    const stops = witness.stops;
    const log = new EventLog();
    const profile = new Profile();
    await record(session, log);
    const [first] = log.inOrder();
    for (let reading = 0; reading < 20 || log.end < (first?.time ?? 0) + SECOND; reading++) {
      await record(session, log);
      profile.add(await session.custom('unikernel/profile', { after: profile.after }));
    }
    expect(witness.stops).toBe(stops);
    expect(log.lost).toBe(0);
    const times = [...log.inOrder()].map(({ time }) => time);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const { locks, wakeUps, timers } = latencies(log, buildTimeline(log));
    const contended = locks.filter(({ name, waited }) => name.startsWith('vnode /data/') && waited.count > 0);
    expect(contended.length).toBeGreaterThan(0);
    for (const { waited } of contended) {
      expect(waited.max).toBeGreaterThanOrEqual(waited.p95);
      expect(waited.p95).toBeGreaterThanOrEqual(waited.median);
      expect(waited.median).toBeGreaterThan(0);
    }
    expect(wakeUps.map(({ name }) => name)).toContain('writer-0');
    expect(timers.map(({ name }) => name)).toEqual(expect.arrayContaining(['sleep', 'profile']));
    stop = await session.run('pause', stop.threadId);
  });

  test('samples name the function that does the work of each thread', async () => {
    await runFor(3 * SECOND);
    const profile = new Profile();
    const reading = await session.custom('unikernel/profile', { after: [] });
    profile.add(reading);
    expect(reading.rate).toBeCloseTo(499, 0);
    expect(reading.cpus.map(({ samples }) => samples > 100)).toEqual([true, true]);
    expect(profile.total).toBe(reading.cpus.reduce((sum, { samples }) => sum + samples, 0));
    const seen = new Set<string>();
    let known = 0;
    let workers = 0;
    for (const { thread, frames, count } of profile.stacks) {
      const kind = /^([a-z]+)-\d+$/.exec(profile.threads.get(thread) ?? '')?.[1] ?? '';
      const wanted = WORK_OF[kind];
      if (!wanted) {
        continue;
      }
      const names = frames.map((frame) => profile.places[frame]?.name ?? '');
      workers += count;
      known += names.includes('sprout::workload::Worker::run') ? count : 0;
      const works = names.filter((name) => /::Worker::do_(?!one_piece)/.test(name));
      expect(works.every((name) => name === `sprout::workload::Worker::${wanted}`)).toBe(true);
      works.forEach((name) => {
        seen.add(name);
      });
    }
    expect(workers).toBeGreaterThan(100);
    expect([...seen].sort()).toEqual(
      Object.values(WORK_OF)
        .map((name) => `sprout::workload::Worker::${name}`)
        .sort(),
    );
    // All but those that were interrupted at a thread's very beginning are unwound to where it began.
    expect(known / workers).toBeGreaterThan(0.95);
    const outermost = flameTree(profile).children.find(({ name }) => name === 'sprout_thread_start');
    expect(outermost?.children.map(({ name }) => name)).toContain('sprout::thread_begin');
    expect(outermost?.total).toBeGreaterThan(workers * 0.95);
    const place = profile.places.find(({ name }) => name === 'sprout::workload::Worker::run');
    expect(place).toMatchObject({ file: expect.stringMatching(/\/workload\/worker\.cc$/), line: expect.any(Number) });
  });

  test('the boot is told phase by phase, from power-on to the programs', async () => {
    const { phases } = await session.custom('unikernel/bootPhases', {});
    expect(phases.map(({ name }) => name)).toEqual([
      'firmware and boot loader',
      'interrupts',
      'console',
      'command line',
      'page tables',
      'ACPI',
      'memory',
      'clock',
      'scheduler',
      'other CPUs',
      'services',
      'programs',
    ]);
    phases.forEach(({ begin, end }, index) => {
      expect(begin).toBeGreaterThanOrEqual(phases[index - 1]?.begin ?? 0);
      expect(end).toBe(phases[index + 1]?.begin);
    });
    expect(phases.at(-1)?.begin).toBeGreaterThan(1e6);
    expect(phases.at(-1)?.begin).toBeLessThan(60 * SECOND);
  });
});

test('threads in a deadlock have waits that are open, for the locks of the other', async () => {
  const session = Session.start();
  // Rings so short that the waits are soon no longer in them.
  await session.launchRunning({ commandLine: '--trace-records=64 workload --deadlock --threads=4 --seconds=forever' });
  const { subscription } = await session.custom('unikernel/subscribe', { views: ['vnodeLocks'], rate: 20 });
  await session.event<ViewChangedEvent<'vnodeLocks'>>(
    'unikernel/viewChanged',
    ({ changed }) => changed.filter(({ cycle }) => cycle !== undefined).length === 2,
  );
  await session.custom('unikernel/unsubscribe', { subscription });
  const log = new EventLog();
  const timeline = await record(session, log);
  const open = timeline.threads.flatMap(({ intervals }) => intervals.filter(({ isOpen }) => isOpen));
  const waits = open.flatMap((interval) => (interval.activity === 'waiting' ? [interval.description] : []));
  expect(waits).toEqual(expect.arrayContaining(['vnode /data/a', 'vnode /data/b']));
  const { locks } = latencies(log, timeline);
  expect(locks.find(({ name }) => name === 'vnode /data/a')?.waiting).toHaveLength(1);
  await session.end();
});

test('rings and samples that are off are told in one sentence, or are empty', async () => {
  const session = Session.start();
  const stop = await session.launchTo('sprout::workload::Worker::run', { commandLine: '--trace-records=0 workload' });
  const { cpus, off } = await session.custom('unikernel/trace', { after: [] });
  expect(off).toEqual(['allocate', 'release_memory']);
  expect(cpus).toMatchObject([{ next: 0, events: { time: [] } }]);
  expect(await session.refusal('unikernel/profile', { after: [] })).toBe(
    'The kernel takes no samples: boot it with --profile.',
  );
  expect(await session.refusal('unikernel/profile', {})).toMatch(/^"after" must be a list of counts/);
  expect(stop.reason).toMatch(/breakpoint/);
  await session.end();
});
