/** The views beside DAP: what they tell, and what they cost. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import {
  formatAddress,
  type ThreadRow,
  type ViewChangedEvent,
  type ViewName,
  type ViewSnapshot,
} from '../../debug-adapter/protocol.ts';
import { LiveViews } from '../../debug-adapter/terminal/live-views.ts';
import { QmpWitness } from '../bench/qmp-witness.ts';
import { BUSY, BUSY_FUNCTION, Session, SPROUT_ELF, type Stopped, THREADS_ELF } from './client.ts';

const VIEWS: ViewName[] = ['threads', 'vnodeLocks', 'mallocPools', 'timerSets'];
/** Of being watched, in milliseconds. */
const WATCHED = 30_000;

describe('a busy guest on two CPUs, with a witness of its stops', () => {
  let session: Session;
  let witness: QmpWitness;
  let stop: Stopped;

  beforeAll(async () => {
    session = Session.start();
    const socket = join(mkdtempSync(join(inject('folder'), 'witness-')), 'qmp');
    const extraQemuArguments = ['-qmp', `unix:${socket},server=on,wait=off`];
    stop = await session.launchTo(BUSY_FUNCTION, { cpus: 2, extraQemuArguments });
    await session.breakAt();
    witness = await QmpWitness.connect(socket);
  });
  afterAll(async () => {
    witness.close();
    await session.end();
  });

  function nextChange(subscription: number, view: ViewName): Promise<ViewChangedEvent> {
    return session.event<ViewChangedEvent>(
      'unikernel/viewChanged',
      (event) => event.subscription === subscription && event.view === view,
    );
  }

  test('each view, at a stop and while the guest runs', async () => {
    for (const view of VIEWS) {
      const snapshot: ViewSnapshot = await session.custom('unikernel/view', { view });
      expect(snapshot).toMatchObject({ view, running: false, quality: 'whole' });
      expect([view, snapshot.rows.length]).not.toEqual([view, 0]);
    }
    await session.request('continue', { threadId: stop.threadId });
    const stops = witness.stops;
    for (const view of VIEWS) {
      const snapshot: ViewSnapshot = await session.custom('unikernel/view', { view });
      expect(snapshot).toMatchObject({ view, running: true });
      expect([view, snapshot.rows.length]).not.toEqual([view, 0]);
    }
    expect(witness.stops).toBe(stops);
    expect(await session.custom('unikernel/status', {})).toMatchObject({ kernel: 'sprout', running: true, notes: [] });
    const { symbols } = await session.custom('unikernel/symbols', { count: 10 });
    expect(symbols).toHaveLength(10);
    expect(symbols.map(({ size }) => size)).toEqual(symbols.map(({ size }) => size).sort((a, b) => b - a));
    expect(await session.custom('unikernel/cycles', {})).toMatchObject({ cycles: [] });
    stop = await session.run('pause', stop.threadId);
  });

  test('how deep each stack ever was is what its first byte that is not zero tells, and only grows', async () => {
    const deepest = new Map<number, number>();
    for (let stops = 0; stops < 3; stops++) {
      const { rows } = (await session.custom('unikernel/view', { view: 'threads' })) as ViewSnapshot<'threads'>;
      const stacks = rows.flatMap(({ id, stack, stackHighWater = 0 }) =>
        stack ? [{ id, ...stack, stackHighWater }] : [],
      );
      expect(stacks.length).toBeGreaterThan(5);
      for (const { id, base, size, stackHighWater } of stacks) {
        const memory = { memoryReference: formatAddress(base), count: size };
        const { data } = (await session.request('readMemory', memory)) as { data: string };
        const first = Buffer.from(data, 'base64').findIndex((byte) => byte !== 0);
        // It is told in words of four bytes.
        expect([id, stackHighWater]).toEqual([id, size - (first & ~3)]);
        expect(stackHighWater).toBeGreaterThanOrEqual(deepest.get(id) ?? 1);
        deepest.set(id, stackHighWater);
      }
      await session.request('continue', { threadId: stop.threadId });
      stop = await session.run('pause', stop.threadId);
    }
  });

  test('all views at 10 Hz for 30 s: not one stop of the machine', async () => {
    await session.request('continue', { threadId: stop.threadId });
    const stops = witness.stops;
    const views = new LiveViews();
    const apply = (event: ViewChangedEvent): void => views.apply(event);
    session.connection.onCustom('unikernel/viewChanged', apply);
    const before = session.count('unikernel/viewChanged');
    const told = session.count('stopped');
    const { subscription } = await session.custom('unikernel/subscribe', { views: VIEWS, rate: 10 });
    await new Promise((resolve) => setTimeout(resolve, WATCHED)); // the window itself
    await session.custom('unikernel/unsubscribe', { subscription });
    session.connection.off('unikernel/viewChanged', apply);
    expect(witness.stops).toBe(stops);
    expect(session.count('stopped')).toBe(told);

    const events = session.events.filter(({ event }) => event === 'unikernel/viewChanged').slice(before);
    const threads = events.map(({ body }) => body as ViewChangedEvent).filter(({ view }) => view === 'threads');
    expect(threads.map(({ sequence }) => sequence)).toEqual(threads.map((_, index) => index + 1));
    // Ten a second were asked for; a busy host may get fewer, but the views stay alive.
    expect(threads.length).toBeGreaterThan(WATCHED / 1000);
    expect(new Set(threads.map(({ guestTime }) => guestTime)).size).toBeGreaterThan(WATCHED / 1000 - 5);

    // What the deltas add up to is what a whole reading tells.
    stop = await session.run('pause', stop.threadId);
    const whole = await session.custom('unikernel/view', { view: 'threads' });
    const ids = (rows: readonly unknown[]): number[] => (rows as ThreadRow[]).map(({ id }) => id).sort((a, b) => a - b);
    expect(ids(views.snapshots().find(({ view }) => view === 'threads')?.rows ?? [])).toEqual(ids(whole.rows));
  });

  test('stepping is not delayed by being watched', async () => {
    const stepTime = async (): Promise<number> => {
      const times: number[] = [];
      for (let step = 0; step < 30; step++) {
        const begin = performance.now();
        stop = await session.run('next', stop.threadId, { granularity: 'instruction' });
        await session.stack(stop.threadId, { levels: 20 });
        times.push(performance.now() - begin);
      }
      return times.sort((a, b) => a - b)[15] ?? 0;
    };
    const unwatched = await stepTime();
    const { subscription } = await session.custom('unikernel/subscribe', { views: VIEWS, rate: 10 });
    const watched = await stepTime();
    await session.custom('unikernel/unsubscribe', { subscription });
    // The median of 30 each, on a host with neighbours.
    expect(watched).toBeLessThan(2 * unwatched + 5);
  });

  test('an unsubscribed view is heard of no more', async () => {
    const { subscription } = await session.custom('unikernel/subscribe', { views: ['timerSets'], rate: 50 });
    await nextChange(subscription, 'timerSets');
    await session.custom('unikernel/unsubscribe', { subscription });
    await session.request('continue', { threadId: stop.threadId });
    const { subscription: other } = await session.custom('unikernel/subscribe', { views: ['threads'], rate: 20 });
    const count = (): number => session.events.filter(({ body }) => body?.subscription === subscription).length;
    const before = count();
    await nextChange(other, 'threads');
    await nextChange(other, 'threads');
    expect(count()).toBe(before);
    // One that is gone already is no error.
    await session.custom('unikernel/unsubscribe', { subscription });
    await session.custom('unikernel/unsubscribe', { subscription: other });
    stop = await session.run('pause', stop.threadId);
  });

  test('a restarted guest’s rows replace those of the one before, in the same subscription', async () => {
    const { subscription } = await session.custom('unikernel/subscribe', { views: ['threads'], rate: 20 });
    const views = new LiveViews();
    session.connection.onCustom(
      'unikernel/viewChanged',
      (event) => event.subscription === subscription && views.apply(event),
    );
    const old = await nextChange(subscription, 'threads');
    await session.breakAt({ name: 'sprout::workload::Workload::start' });
    await session.request('restart');
    stop = await session.stopped();
    const first = await session.event<ViewChangedEvent>(
      'unikernel/viewChanged',
      (event) => event.subscription === subscription && event.guestTime < old.guestTime,
    );
    expect(first.removed.length).toBeGreaterThanOrEqual(old.changed.length);
    const { rows } = await session.custom('unikernel/view', { view: 'threads' });
    const names = (list: readonly unknown[]): string => (list as ThreadRow[]).map(({ name }) => name).join();
    while (names(views.snapshots()[0]?.rows ?? []) !== names(rows)) {
      await nextChange(subscription, 'threads');
    }
    expect(names(rows)).toMatch(/^main,idle-0,idle-1/);
    await session.custom('unikernel/unsubscribe', { subscription });
    await session.breakAt();
  });

  test('bad arguments get one sentence each', async () => {
    for (const [command, parameters, sentence] of [
      ['unikernel/view', {}, /^There is no view "undefined": there are threads, /],
      ['unikernel/view', { view: 'x'.repeat(1000) }, /^There is no view "x{40}": /],
      ['unikernel/subscribe', { views: [], rate: 1 }, /^"views" must name at least one of /],
      ['unikernel/subscribe', { views: 'threads', rate: 1 }, /^"views" must name/],
      ['unikernel/subscribe', { views: ['threads'], rate: 1000 }, /^"rate" must be a number from 0.1 to 50/],
      ['unikernel/subscribe', { views: ['threads'] }, /^"rate" must be a number/],
      ['unikernel/poolPages', { pool: 'none', start: 0, count: 10 }, /none/],
      ['unikernel/nothing', {}, 'This debugger has no request "unikernel/nothing".'],
      ['toString', {}, 'This debugger has no request "toString".'],
    ] as const) {
      const told = await session.refusal(command, parameters);
      expect([command, told]).toEqual([command, expect.stringMatching(sentence)]);
    }
    expect((await session.custom('unikernel/symbols', { count: -5 })).symbols).toHaveLength(1);
  });
});

test('a deadlock is told as a cycle with both paths', async () => {
  const session = Session.start();
  await session.launchRunning({ commandLine: `${BUSY} --deadlock`, kernel: SPROUT_ELF });
  const { subscription } = await session.custom('unikernel/subscribe', { views: ['vnodeLocks'], rate: 20 });
  await session.event<ViewChangedEvent<'vnodeLocks'>>(
    'unikernel/viewChanged',
    ({ changed }) => changed.filter(({ cycle }) => cycle !== undefined).length === 2,
  );
  const { cycles } = await session.custom('unikernel/cycles', {});
  expect(JSON.stringify(cycles)).toMatch(/\/data\/a/);
  expect(JSON.stringify(cycles)).toMatch(/\/data\/b/);
  await session.custom('unikernel/unsubscribe', { subscription });
  await session.end();
});

test('a kernel that is not known has every DAP feature, and one sentence for each view', async () => {
  const session = Session.start();
  const stop = await session.launchTo('leaf', { kernel: THREADS_ELF, commandLine: '', cpus: 2 });
  expect(await session.threads()).toMatchObject([{ name: 'CPU 0' }, { name: 'CPU 1' }]);
  expect((await session.stack(stop.threadId)).slice(0, 2).map(({ name }) => name)).toEqual(['leaf', 'worker']);
  const frame = await session.top(stop.threadId);
  expect((await session.scope(frame.id, 'Locals')).map(({ name }) => name)).toEqual(['value']);
  expect((await session.evaluate('value * 2', { frameId: frame.id })).result).toMatch(/^\d+$/);
  await session.breakAt();
  expect(await session.run('next', stop.threadId)).toMatchObject({ reason: 'step' });
  for (const view of VIEWS) {
    expect(await session.refusal('unikernel/view', { view })).toMatch(
      /threads\.elf is no kernel that the views know: they know Sprout and OSv\.$/,
    );
  }
  expect(await session.refusal('unikernel/subscribe', { views: VIEWS, rate: 1 })).toMatch(/threads\.elf/);
  expect((await session.custom('unikernel/status', {})).kernel).toBeUndefined();
  expect((await session.custom('unikernel/symbols', { count: 3 })).symbols[0]?.name).toBe('g_stacks');
  await session.end();
});
