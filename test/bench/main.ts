/** `npm run bench`: the figures of the design, each as a ratio to its peer in the same run. Gates nothing. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { osvFigures } from '../osv/figures.ts';
import type { BareOptions } from './bare-gdb.ts';
import { benchLaunch, benchNext } from './control.ts';
import { benchLive } from './live.ts';
import { ROOT } from './session.ts';
import { benchSizes } from './sizes.ts';
import { benchSnapshots } from './snapshot.ts';
import { type Figure, printFigures } from './table.ts';

const BREAKPOINT = 'sprout::workload::Worker::write_shared_file';

/** Sprout as it is debugged by default. */
function buildKernel(): string {
  const kernel = join(ROOT, 'kernel');
  execFileSync('cmake', ['--preset', 'debug'], { cwd: kernel, stdio: ['ignore', 'ignore', 'inherit'] });
  execFileSync('cmake', ['--build', '--preset', 'debug'], { cwd: kernel, stdio: ['ignore', 'ignore', 'inherit'] });
  return join(kernel, 'build/debug/sprout.elf');
}

function guest(elf: string, workload: string, cpus = 1, memory = '256M'): BareOptions {
  return { elf, commandLine: `workload ${workload} --seconds=forever`, cpus, memory, breakpoint: BREAKPOINT };
}

async function main(): Promise<void> {
  const elf = buildKernel();
  const figures: Figure[] = [];
  figures.push(await benchLaunch(guest(elf, '--load=20 --threads=8')));
  figures.push(await benchNext(guest(elf, '--load=20 --threads=33'), 33));
  figures.push(await benchNext(guest(elf, '--load=20 --threads=10000', 1, '1G'), 10_000));
  figures.push(await benchLive(guest(elf, '--load=50 --threads=8')));
  const crowd = { threads: 10_000, vnodes: 100_000, objects: 1_000_000 };
  figures.push(...(await benchSnapshots((workload, memory) => guest(elf, workload, 1, memory), crowd)));
  figures.push(...(await benchSizes()));
  const { UNIKERNEL_OSV } = process.env;
  if (UNIKERNEL_OSV) {
    figures.push(...(await osvFigures(UNIKERNEL_OSV)));
  }
  printFigures(figures);
}

await main();
