/**
 * The four views against the workload's own truth: at random stops, and in live readings that are marked whole.
 * The guest is stopped and continued by QMP alone.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../debug-adapter/guest/snapshot.ts';
import type { KernelViewName } from '../../debug-adapter/kernels/kernel.ts';
import type { Window } from '../../debug-adapter/worker/window.ts';
import { Agreement, type Views } from './awareness-agreement.ts';
import { SproutBuild } from './awareness-build.ts';
import { Guest } from './awareness-guest.ts';
import { compareWithOracle } from './awareness-oracle.ts';
import type { Truth } from './awareness-truth.ts';

/** More than 50, so that the share of settled entries says the same in each run. */
const STOPS = 120;
const LIVE_READINGS = 200;
const WORKERS = 20;
const ORACLE_STOPS = 2;
const VIEWS: readonly KernelViewName[] = ['threads', 'vnodeLocks', 'mallocPools', 'timerSets'];
/** Of all entries, in percent. */
const LEAST_SETTLED = 95;

let build: SproutBuild;
beforeAll(async () => {
  build = await SproutBuild.read();
});
afterAll(() => build.dispose());

/** Views and truth in one reading. */
function readAll(
  snapshot: Snapshot,
  views: readonly KernelViewName[],
): { views: Partial<Views>; truth: Truth; consistent: boolean } {
  const read: Record<string, unknown> = {};
  let consistent = true;
  for (const view of views) {
    const reading = build.kernel.view(view, snapshot);
    read[view] = reading.rows;
    consistent &&= reading.consistent;
  }
  return { views: read as Partial<Views>, truth: build.truth.read(snapshot), consistent };
}

/** Lets the guest run for a random time, so that it stops anywhere. */
function aMoment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2 + Math.random() * 20));
}

describe.each([1, 2, 4])('the four views of a Sprout under load on %i CPU(s)', (cpus) => {
  let guest: Guest;
  let window: Window;
  beforeAll(async () => {
    guest = await Guest.boot(`workload threads=${WORKERS} vnodes=64 objects=2000 load=90`, { cpus });
    window = build.window(guest.ram);
    // The console tells of the workers before all of them have begun.
    const begun = (): number =>
      window.take(true, 'begun', (snapshot) => readAll(snapshot, [])).value.truth.workers.length;
    while (begun() < WORKERS) {
      await aMoment();
    }
  });
  afterAll(async () => {
    window?.close();
    await guest?.dispose();
  });

  it(`agree with the truth at ${STOPS} random stops`, async () => {
    const agreement = new Agreement();
    for (let stop = 0; stop < STOPS; stop++) {
      await aMoment();
      await guest.stop();
      const { value } = window.take(false, 'everything', (snapshot) => readAll(snapshot, VIEWS));
      expect(value.truth.workers).toHaveLength(WORKERS);
      agreement.compare(value.truth, value.views);
      await guest.resume();
    }
    console.log(`${cpus} CPU(s), ${STOPS} stops: ${agreement}`);
    expect(agreement.disagreements).toEqual([]);
    for (const view of VIEWS) {
      expect(agreement.settled[view]).toBeGreaterThan(STOPS);
      expect(agreement.share(view)).toBeGreaterThanOrEqual(LEAST_SETTLED);
    }
    // Agreeing about nothing would prove nothing.
    expect(Math.min(...Object.values(agreement.telling))).toBeGreaterThan(STOPS / 5);
  });

  it('agree with the truth in live readings that are whole, and no reading stops the guest', async () => {
    const agreement = new Agreement();
    const before = guest.events.length;
    const whole: number[] = [];
    // The lock entries need both threads and vnodes at one moment.
    for (const views of [['threads', 'vnodeLocks'], ['mallocPools'], ['timerSets']] as const) {
      let count = 0;
      for (let reading = 0; reading < LIVE_READINGS; reading++) {
        const { value, quality } = window.take(true, views.join(), (snapshot) => readAll(snapshot, views));
        if (quality === 'whole') {
          count++;
          agreement.compare(value.truth, value.views);
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      whole.push(count);
    }
    console.log(`${cpus} CPU(s), live, whole ${whole.join(', ')} of ${LIVE_READINGS} each: ${agreement}`);
    expect(agreement.disagreements).toEqual([]);
    expect(Math.min(...whole)).toBeGreaterThan(LIVE_READINGS / 4);
    for (const view of VIEWS) {
      expect(agreement.share(view)).toBeGreaterThanOrEqual(LEAST_SETTLED);
    }
    expect(guest.events.slice(before)).toEqual([]);
  });

  it(`agree with gdb's own reading of the same stop, ${ORACLE_STOPS} times`, async () => {
    for (let compared = 0; compared < ORACLE_STOPS; ) {
      await aMoment();
      await guest.stop();
      const { value, quality } = window.take(false, 'everything', (snapshot) => readAll(snapshot, VIEWS));
      // In the middle of a change a list is half done, and each reader walks it in its own way.
      if (quality === 'whole') {
        await compareWithOracle(guest, value.views as Views);
        compared++;
      } else {
        await guest.resume();
      }
    }
  });

  it('find the threads on CPUs by their stacks, and the saved registers of all others', async () => {
    for (let stop = 0; stop < 10; stop++) {
      await aMoment();
      await guest.stop();
      const registers = await guest.registers(cpus);
      const pointers = registers.map((cpu) => cpu.get('RSP') ?? 0n);
      const { value } = window.take(false, 'threads', (snapshot) => ({
        threads: build.kernel.threadsAtStop(snapshot, pointers),
        parked: (id: number) => build.kernel.parkedRegisters(snapshot, id),
        consistent: true,
      }));
      const onCpu = value.threads.filter((thread) => thread.onCpu !== undefined);
      expect(onCpu.map((thread) => thread.onCpu).sort()).toEqual(registers.map((_, cpu) => cpu));
      for (const thread of value.threads) {
        const saved = value.parked(thread.id);
        if (thread.onCpu !== undefined || thread.state === 'finished') {
          expect(saved).toBeUndefined();
          continue;
        }
        const place = build.facts.symbolise(Number(BigInt.asIntN(64, saved?.rip ?? 0n)));
        expect(place?.symbol, `${thread.name}, ${thread.summary}`).toMatch(/switch_to_best|thread_begin|start/);
      }
      await guest.resume();
    }
  });
});
