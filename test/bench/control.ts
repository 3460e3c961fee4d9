/** The control road: launch to stopped, and one step with what a client asks after it. */
import { BareGdb, type BareOptions } from './bare-gdb.ts';
import { AdapterSession } from './session.ts';
import { type Figure, formatMilliseconds, median, medianRatio, timed } from './table.ts';

const LAUNCHES = 9;
const STEPS = 40;

/** `launch` request to `stopped`, build up to date, index cache warm. The first pair warms both and is not counted. */
export async function benchLaunch(options: BareOptions): Promise<Figure> {
  const ours: number[] = [];
  const peer: number[] = [];
  for (let run = 0; run <= LAUNCHES; run++) {
    const bare = await measureBareLaunch(options);
    const mine = await measureOurLaunch(options);
    if (run > 0) {
      peer.push(bare);
      ours.push(mine);
    }
  }
  return {
    name: 'launch to stopped',
    ours: formatMilliseconds(median(ours)),
    peer: `bare qemu + gdb ${formatMilliseconds(median(peer))}`,
    ratio: `${medianRatio(ours, peer).toFixed(2)} ×`,
    goal: '≤ 1.5 ×',
  };
}

async function measureBareLaunch(options: BareOptions): Promise<number> {
  let bare: BareGdb | undefined;
  const duration = await timed(async () => {
    bare = await BareGdb.launch(options);
  });
  bare?.dispose();
  return duration;
}

async function measureOurLaunch(options: BareOptions): Promise<number> {
  const client = await AdapterSession.start();
  let session: AdapterSession | undefined;
  const duration = await timed(async () => {
    session = await AdapterSession.launch(client, options);
  });
  await session?.dispose();
  return duration;
}

/** `next`, then threads, stack, scopes and locals, against bare gdb's next + stack + locals. */
export async function benchNext(options: BareOptions, threads: number): Promise<Figure> {
  const session = await AdapterSession.launch(await AdapterSession.start(), options);
  const bare = await BareGdb.launch(options);
  const ours: number[] = [];
  const peer: number[] = [];
  try {
    for (let step = 0; step < STEPS; step++) {
      peer.push(
        await timed(async () => {
          await bare.resume('-exec-next');
          await bare.command('-stack-list-frames 0 20');
          await bare.command('-stack-list-variables --simple-values');
        }),
      );
      ours.push(
        await timed(async () => {
          await session.resume('next');
          await session.inspect();
        }),
      );
    }
  } finally {
    bare.dispose();
    await session.dispose();
  }
  return {
    name: `next and inspect, ${threads} threads`,
    ours: formatMilliseconds(median(ours)),
    peer: `bare gdb MI ${formatMilliseconds(median(peer))}`,
    ratio: `${(median(ours) / median(peer)).toFixed(2)} ×`,
    goal: '≤ 1.5 ×',
  };
}
