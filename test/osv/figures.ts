/** What the design promises of a real OSv, measured: threads beside OSv's own script, and what watching costs its work. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ViewChangedEvent, ViewName } from '../../debug-adapter/protocol.ts';
import { bundle } from '../../scripts/build.mjs';
import { QmpWitness } from '../bench/qmp-witness.ts';
import { type Figure, formatMilliseconds, median, timed } from '../bench/table.ts';
import { OsvGuest } from './guest.ts';
import { makeAppImage } from './image.ts';

const VIEWS: ViewName[] = ['threads', 'vnodeLocks', 'mallocPools', 'timerSets'];
const RATE = 10;
const PAIRS = 6;
const WINDOW_MILLISECONDS = 3000;
const READINGS = 5;

/** Boots an application of ours, and measures it. */
export async function osvFigures(tree: string): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'unikernel-osv-'));
  try {
    await bundle(join(folder, 'bundle'), { sourcemap: true });
    const { kernel, disk, commandLine } = makeAppImage(tree, join(folder, 'image'));
    const socket = join(folder, 'qmp');
    const extraQemuArguments = ['-qmp', `unix:${socket},server=on,wait=off`];
    const guest = await OsvGuest.launch(
      folder,
      {
        kernel,
        disks: [disk],
        commandLine,
        cwd: tree,
        build: [],
        memory: '128M',
        accelerator: 'tcg',
        extraQemuArguments,
      },
      'app_work',
    );
    const witness = await QmpWitness.connect(socket);
    try {
      // In the kernel's own code: OSv's script finds its types there.
      await guest.runTo('rofs_read_with_cache');
      return [await threadsFigure(guest), await liveFigure(guest, witness), memoryFigure(guest)];
    } finally {
      witness.close();
      await guest.dispose();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The view with frames and lines beside `osv info threads`, at the guest's stop, both warm. */
export async function threadsFigure(guest: OsvGuest): Promise<Figure> {
  const ours: number[] = [];
  const peer: number[] = [];
  let count = 0;
  await guest.view('threads');
  await guest.command('osv info threads');
  for (let reading = 0; reading < READINGS; reading++) {
    ours.push(await timed(async () => (count = (await guest.view('threads')).rows.length)));
    peer.push(await timed(() => guest.command('osv info threads')));
  }
  return {
    name: `${count} threads of OSv with frame and line`,
    ours: formatMilliseconds(median(ours)),
    peer: `osv info threads ${formatMilliseconds(median(peer))}`,
    ratio: `${(median(peer) / median(ours)).toFixed(0)} × faster`,
    goal: '≥ 20 × faster',
  };
}

/** The adapter's memory after all of that, at its highest, beside its gdb. */
function memoryFigure(guest: OsvGuest): Figure {
  const adapter = guest.client.adapter.pid ?? 0;
  const gdbs = childrenOf(adapter).filter((pid) => statusOf(pid, 'Name') === 'gdb');
  const gdb = gdbs.reduce((sum, pid) => sum + megabytes(pid, 'VmRSS'), 0);
  return {
    name: "the adapter's memory, OSv's loader.elf read",
    ours: `${megabytes(adapter, 'VmRSS')} MB, at most ${megabytes(adapter, 'VmHWM')} MB`,
    peer: `its ${gdbs.length} gdb ${gdb} MB`,
    ratio: '',
    goal: '≤ 200 MB beside gdb',
  };
}

function childrenOf(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  const lists = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'));
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}

function statusOf(pid: number, field: string): string {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
}

function megabytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  return Math.round(Number.parseInt(statusOf(pid, field), 10) / 1000);
}

/** Operations of the application in windows watched and unwatched by turns. */
async function liveFigure(guest: OsvGuest, witness: QmpWitness): Promise<Figure> {
  const ratios: number[] = [];
  const rates: number[] = [];
  let stops = 0;
  for (let pair = 0; pair < PAIRS; pair++) {
    const unwatched = await workDone(guest);
    // Clocks of threads always move: of them each reading is told.
    let readings = 0;
    const count = ({ view }: ViewChangedEvent): void => {
      readings += view === 'threads' ? 1 : 0;
    };
    guest.client.onCustom('unikernel/viewChanged', count);
    const { subscription } = await guest.client.custom('unikernel/subscribe', { views: VIEWS, rate: RATE });
    const stopsBefore = witness.stops;
    const watched = await workDone(guest);
    stops += witness.stops - stopsBefore - 1; // the window's own end is a stop
    await guest.client.custom('unikernel/unsubscribe', { subscription });
    guest.client.off('unikernel/viewChanged', count);
    ratios.push(watched / unwatched);
    rates.push((readings * 1000) / WINDOW_MILLISECONDS);
  }
  return {
    name: `four views of OSv live, ${RATE} Hz asked for`,
    ours: `${median(rates).toFixed(1)} Hz, ${stops} VM stops`,
    peer: 'the same guest unwatched',
    ratio: `${((1 - median(ratios)) * 100).toFixed(1)} % of work lost`,
    goal: '10 Hz, 0 stops, ≤ 1 %',
  };
}

/** Operations a second over one window. The guest is stopped before and after. */
async function workDone(guest: OsvGuest): Promise<number> {
  const before = await guest.number('operations');
  const start = performance.now();
  await guest.runWhile(() => new Promise((resolve) => setTimeout(resolve, WINDOW_MILLISECONDS))); // the window itself
  const seconds = (performance.now() - start) / 1000;
  return ((await guest.number('operations')) - before) / seconds;
}
