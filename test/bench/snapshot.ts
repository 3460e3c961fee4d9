/** The observation road on a large guest: all four views at one stop, beside plain gdb's Python reading the same. */
import { join } from 'node:path';
import type { MallocPoolsRow } from '../../debug-adapter/protocol.ts';
import { BareGdb, type BareOptions } from './bare-gdb.ts';
import { AdapterSession } from './session.ts';
import { type Figure, formatMilliseconds, median, timed } from './table.ts';

/** The first ones warm our code: the adapter of an editor reads ten times a second. */
const READINGS = 15;
const PEER = join(import.meta.dirname, 'snapshot_peer.py');
/** Where the workload is when it has made everything. */
const ALL_THERE = 'wait_for_end';

/** `--threads=…`, `--vnodes=…` and `--objects=…` of the workload. */
export interface Crowd {
  threads: number;
  vnodes: number;
  objects: number;
}

/**
 * A guest with the whole crowd, and one with a tenth of it beside the peer: that takes minutes for the whole, ten times as long. The
 * peer leaves out the count of all pages, which our view has.
 * @param guest a guest with these options of the workload, and so much memory
 */
export async function benchSnapshots(
  guest: (workload: string, memory: string) => BareOptions,
  crowd: Crowd,
): Promise<Figure[]> {
  const few = { ...guest(workloadOf(crowd, 10), '1G'), breakpoint: ALL_THERE };
  const all = { ...guest(workloadOf(crowd, 1), '2G'), breakpoint: ALL_THERE };
  const peer = await measurePeer(few);
  return [
    figure(await measureOurs(few), peer, 'gdb Python'),
    figure(await measureOurs(all), peer * 10, 'gdb Python, ten times the above:'),
  ];
}

function workloadOf({ threads, vnodes, objects }: Crowd, part: number): string {
  return `--load=1 --threads=${threads / part} --vnodes=${vnodes / part} --objects=${objects / part}`;
}

function figure({ counted, milliseconds }: Measured, peer: number, peerName: string): Figure {
  return {
    name: `one snapshot of ${counted}`,
    ours: formatMilliseconds(milliseconds),
    peer: `${peerName} ${formatMilliseconds(peer)}`,
    ratio: `${(peer / milliseconds).toFixed(0)} × faster`,
    goal: '≥ 50 × faster',
  };
}

interface Measured {
  /** What there was. */
  counted: string;
  milliseconds: number;
}

async function measureOurs(options: BareOptions): Promise<Measured> {
  const session = await AdapterSession.launch(await AdapterSession.start(), options);
  try {
    const ours: number[] = [];
    let counted = '';
    for (let reading = 0; reading < READINGS; reading++) {
      const read = async (): Promise<void> => {
        counted = await readAll(session);
      };
      ours.push(await timed(read));
    }
    return { counted, milliseconds: median(ours) };
  } finally {
    await session.dispose();
  }
}

async function measurePeer(options: BareOptions): Promise<number> {
  const bare = await BareGdb.launch(options);
  try {
    return await timed(async () => {
      const result = await bare.command(`-interpreter-exec console "source ${PEER}"`);
      if (result.includes('^error')) {
        throw new Error(`gdb: ${result}`);
      }
    });
  } finally {
    bare.dispose();
  }
}

async function readAll({ client }: AdapterSession): Promise<string> {
  const threads = await client.custom('unikernel/view', { view: 'threads' });
  const vnodes = await client.custom('unikernel/view', { view: 'vnodeLocks' });
  const pools = await client.custom('unikernel/view', { view: 'mallocPools' });
  await client.custom('unikernel/view', { view: 'timerSets' });
  const objects = (pools.rows as MallocPoolsRow[]).map((row) => (row.kind === 'class' ? row.liveObjects : 0));
  const counts = {
    threads: threads.rows.length,
    vnodes: vnodes.rows.length,
    objects: objects.reduce((sum, count) => sum + count, 0),
  };
  return Object.entries(counts)
    .map(([what, count]) => `${count.toLocaleString('en-US')} ${what}`)
    .join(', ');
}
