/** Tracepoints turned on and off in a guest that booted without any: their records come, and come no more. */
import { join } from 'node:path';
import { comparePools } from './agreement.ts';
import { OsvGuest } from './guest.ts';
import { makeAppImage } from './image.ts';

/** Threads of the application contend for a mutex: each of these is hit some hundred times a second. */
const NAMES = ['sched_switch', 'mutex_lock_wait', 'memory_malloc'];
const WINDOW_MILLISECONDS = 500;

/** One sentence for each thing that is not as it should be. */
export async function checkTracepoints(folder: string, tree: string, cpus: number): Promise<string[]> {
  const { kernel, disk, commandLine } = makeAppImage(tree, join(folder, `traced-${cpus}`));
  const launch = { kernel, disks: [disk], commandLine, cwd: tree, build: [], memory: '128M', cpus };
  const guest = await OsvGuest.launch(folder, { ...launch, accelerator: 'tcg' }, 'app_work');
  try {
    const wrong: string[] = [];
    const check = async (when: string, isOn: boolean): Promise<void> => {
      const before = await records(guest);
      await guest.runWhile(() => new Promise((resolve) => setTimeout(resolve, WINDOW_MILLISECONDS))); // the window itself
      const counts = (await records(guest)).map((count, index) => count - (before[index] ?? 0));
      console.log(`   ${when}: ${NAMES.map((name, index) => `${name} ${counts[index]}`).join(', ')} records`);
      // Each CPU may have stood in the middle of a record when they were turned off.
      const most = isOn ? Number.POSITIVE_INFINITY : cpus;
      NAMES.forEach((name, index) => {
        const count = counts[index] ?? Number.NaN;
        if (!(count >= (isOn ? 1 : 0) && count <= most)) {
          wrong.push(`${when}, ${name} wrote ${count} records`);
        }
      });
    };
    await check('before', false);
    const start = performance.now();
    await turn(guest, true);
    console.log(`   turned on at a stop in ${(performance.now() - start).toFixed(1)} ms`);
    await check('turned on', true);
    await turn(guest, false);
    await check('turned off', false);
    const times = await guest.runWhile(async () => {
      const begin = performance.now();
      await turn(guest, true);
      return performance.now() - begin;
    });
    console.log(`   turned on while it ran in ${times.toFixed(1)} ms`);
    await check('turned on while it ran', true);
    await guest.runWhile(() => turn(guest, false));
    await check('turned off while it ran', false);
    // What was taken for the buffers is gone from the free ranges, and from what the kernel counts.
    const { differences, counts } = comparePools(await guest.view('mallocPools'), await guest.gdbReading());
    console.log(`   afterwards: ${counts}`);
    return [...wrong, ...differences];
  } finally {
    await guest.dispose();
  }
}

async function turn(guest: OsvGuest, enabled: boolean): Promise<void> {
  for (const name of NAMES) {
    await guest.client.custom('unikernel/setTracepoint', { name, enabled });
  }
}

async function records(guest: OsvGuest): Promise<number[]> {
  const { tracepoints } = await guest.client.custom('unikernel/tracepoints', {});
  return NAMES.map((name) => tracepoints.find((point) => point.name === name)?.records ?? Number.NaN);
}
