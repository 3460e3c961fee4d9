/**
 * `npm run test:osv`: the awareness of OSv against a real, built tree, whose path UNIKERNEL_OSV gives. Boots it on each machine with
 * 1, 2 and 4 CPUs; at several stops tells what each view has, how long it takes, and whether an independent reading by gdb agrees.
 * Then watches the running guest. Fails when something differs. UNIKERNEL_OSV_MACHINES and UNIKERNEL_OSV_CPUS (`pc`, `1,4`) narrow it.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LaunchArguments, ViewChangedEvent, ViewName } from '../../debug-adapter/protocol.ts';
import { bundle } from '../../scripts/build.mjs';
import { QmpWitness } from '../bench/qmp-witness.ts';
import { printFigures } from '../bench/table.ts';
import { type Agreement, comparePools, compareThreads, compareTimers, compareVnodes } from './agreement.ts';
import { checkAllocations } from './allocations.ts';
import { osvFigures } from './figures.ts';
import { checkFrames } from './frames.ts';
import { OsvGuest } from './guest.ts';
import { checkPrograms } from './programs.ts';
import { checkTracepoints } from './tracepoints.ts';

const VIEWS: ViewName[] = ['threads', 'vnodeLocks', 'mallocPools', 'timerSets', 'waitsFor'];
/** Early in the boot; while a vnode is locked; before the application. Later the guest idles. */
const STOPS = ['main_cont', 'rofs_read_with_cache', 'osv::application::main'];
const WATCHED_SECONDS = 10;
const RATE = 10;

let failures = 0;

async function main(): Promise<void> {
  const tree = process.env.UNIKERNEL_OSV;
  if (tree === undefined || tree === '') {
    console.log('Skipped: set UNIKERNEL_OSV to the path of a built OSv tree (fs=rofs image=native-example).');
    return;
  }
  if (!existsSync(join(tree, 'scripts/build'))) {
    throw new Error(`UNIKERNEL_OSV=${tree} is no OSv tree: it has no scripts/build.`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'unikernel-osv-'));
  try {
    await bundle(join(folder, 'bundle'), { sourcemap: true });
    console.log('== programs: breakpoints that were set before the boot ==');
    for (const difference of await checkPrograms(folder, tree)) {
      check(false, difference);
    }
    for (const cpus of [1, 4]) {
      console.log(`\n== tracepoints, ${cpus} CPU${cpus === 1 ? '' : 's'} ==`);
      for (const difference of await checkTracepoints(folder, tree, cpus)) {
        check(false, difference);
      }
    }
    console.log('\n== allocations ==');
    for (const difference of await checkAllocations(folder, tree)) {
      check(false, difference);
    }
    console.log('\n== figures ==');
    printFigures(await osvFigures(tree));
    for (const machine of listed('UNIKERNEL_OSV_MACHINES', ['q35', 'pc'])) {
      for (const cpus of listed('UNIKERNEL_OSV_CPUS', ['1', '2', '4'])) {
        await oneMachine(folder, tree, machine as 'q35' | 'pc', Number(cpus));
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(failures === 0 ? 'Everything agrees.' : `${failures} things differ.`);
  process.exitCode = failures === 0 ? 0 : 1;
}

function listed(variable: string, all: string[]): string[] {
  return process.env[variable]?.split(',') ?? all;
}

async function oneMachine(folder: string, tree: string, machine: 'q35' | 'pc', cpus: number): Promise<void> {
  console.log(`\n== ${machine}, ${cpus} CPU${cpus === 1 ? '' : 's'} ==`);
  const socket = join(folder, `${machine}-${cpus}`);
  const launch: LaunchArguments = {
    cwd: tree,
    build: [],
    machine,
    cpus,
    memory: '128M',
    accelerator: 'tcg',
    commandLine: '--rootfs=rofs --noshutdown /hello',
    extraQemuArguments: ['-qmp', `unix:${socket},server=on,wait=off`],
  };
  const start = performance.now();
  const guest = await OsvGuest.launch(folder, launch, STOPS[0] ?? '');
  let witness: QmpWitness | undefined;
  try {
    console.log(`booted to ${STOPS[0]} in ${since(start)}`);
    await compare(guest, STOPS[0] ?? '');
    for (const stop of STOPS.slice(1)) {
      await guest.runTo(stop);
      await compare(guest, stop);
    }
    for (const difference of await checkFrames(guest)) {
      check(false, difference);
    }
    witness = await QmpWitness.connect(socket);
    const stopsBefore = witness.stops;
    // The end of the watching is a stop of its own.
    const stops = await guest.runWhile(async () => {
      await watch(guest);
      return (witness?.stops ?? 0) - stopsBefore;
    });
    check(stops === 0, `the guest was stopped ${stops} times while it was watched`);
    await compare(guest, 'idle');
  } finally {
    witness?.close();
    await guest.dispose();
  }
}

async function compare(guest: OsvGuest, stop: string): Promise<void> {
  const { snapshot: threads, time: threadsTime } = await timed(guest, 'threads');
  const { snapshot: vnodes, time: vnodesTime } = await timed(guest, 'vnodeLocks');
  const { snapshot: pools, time: poolsTime } = await timed(guest, 'mallocPools');
  const { snapshot: timers, time: timersTime } = await timed(guest, 'timerSets');
  const { snapshot: graph, time: graphTime } = await timed(guest, 'waitsFor');
  const start = performance.now();
  const reading = await guest.gdbReading();
  console.log(`-- ${stop}: gdb's own reading took ${since(start)}`);
  tell(compareThreads(threads, reading), threadsTime, threads.quality);
  tell(compareVnodes(vnodes, reading), vnodesTime, vnodes.quality);
  tell(comparePools(pools, reading), poolsTime, pools.quality);
  tell(compareTimers(timers, reading), timersTime, timers.quality);
  console.log(`   waits-for: ${graph.rows.length} rows, ${graph.quality}; ${graphTime}`);
}

/** The view, and how long it took for the first time at this stop and again. */
async function timed<V extends ViewName>(guest: OsvGuest, view: V) {
  const start = performance.now();
  await guest.view(view);
  const first = since(start);
  const again = performance.now();
  const snapshot = await guest.view(view);
  return { snapshot, time: `${first}, then ${since(again)}` };
}

function tell({ view, counts, differences }: Agreement, time: string, quality: string): void {
  console.log(`   ${view}: ${counts}; ${quality}; ${time}; ${differences.length === 0 ? 'agrees' : 'DIFFERS'}`);
  for (const difference of differences) {
    check(false, difference);
  }
}

/** All views at a rate, while the guest runs. */
async function watch(guest: OsvGuest): Promise<void> {
  const counts = new Map(VIEWS.map((view) => [view, { events: 0, whole: 0 }]));
  const count = ({ view, quality }: ViewChangedEvent): void => {
    const entry = counts.get(view);
    if (entry) {
      entry.events++;
      entry.whole += quality === 'whole' ? 1 : 0;
    }
  };
  guest.client.onCustom('unikernel/viewChanged', count);
  const { subscription } = await guest.client.custom('unikernel/subscribe', { views: VIEWS, rate: RATE });
  await new Promise((resolve) => setTimeout(resolve, WATCHED_SECONDS * 1000)); // the window itself
  await guest.client.custom('unikernel/unsubscribe', { subscription });
  guest.client.off('unikernel/viewChanged', count);
  const parts = [...counts].map(([view, { events, whole }]) => `${view} ${events} (${whole} whole)`);
  // Clocks of threads always move: of them each reading is told.
  const reached = Math.max(...[...counts.values()].map(({ events }) => events)) / WATCHED_SECONDS;
  console.log(
    `-- live, ${RATE} Hz asked for, ${reached.toFixed(1)} Hz reached, ${WATCHED_SECONDS} s; deltas that came: ${parts.join(', ')}`,
  );
  // What did not change since is not sent again: an idle guest has little to tell.
  for (const [view, { events, whole }] of counts) {
    check(events > 0 && whole > 0, `of ${view} ${events} readings came, ${whole} of them whole`);
  }
}

function check(holds: boolean, difference: string): void {
  if (!holds) {
    failures++;
    console.log(`      DIFFERS: ${difference}`);
  }
}

function since(start: number): string {
  return `${(performance.now() - start).toFixed(1)} ms`;
}

await main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
