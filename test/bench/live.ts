/** The observation road: what watching at 10 Hz costs the guest. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { ALL_VIEWS } from '../../debug-adapter/terminal/report.ts';
import type { BareOptions } from './bare-gdb.ts';
import { QmpWitness } from './qmp-witness.ts';
import { AdapterSession } from './session.ts';
import { type Figure, median } from './table.ts';

const RATE = 10;
const PAIRS = 8;
const WINDOW_MILLISECONDS = 3000;

/** Work done by the same guest in windows watched and unwatched by turns. */
export async function benchLive(options: BareOptions): Promise<Figure> {
  const folder = mkdtempSync(join(tmpdir(), 'unikernel-bench-'));
  const socket = join(folder, 'qmp');
  const session = await AdapterSession.launch(await AdapterSession.start(), options, [
    '-qmp',
    `unix:${socket},server=on,wait=off`,
  ]);
  const witness = await QmpWitness.connect(socket);
  const ratios: number[] = [];
  let stops = 0;
  try {
    await session.client.request('setFunctionBreakpoints', { breakpoints: [] });
    for (let pair = 0; pair < PAIRS; pair++) {
      const unwatched = await workDone(session);
      const { subscription } = await session.client.custom('unikernel/subscribe', { views: ALL_VIEWS, rate: RATE });
      const stopsBefore = witness.stops;
      const watched = await workDone(session);
      stops += witness.stops - stopsBefore - 1; // the window's own end is a stop
      await session.client.custom('unikernel/unsubscribe', { subscription });
      ratios.push(watched / unwatched);
    }
  } finally {
    witness.close();
    await session.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    name: `four views live at ${RATE} Hz`,
    ours: `${stops} VM stops`,
    peer: 'the same guest unwatched',
    ratio: `${((1 - median(ratios)) * 100).toFixed(1)} % of work lost`,
    goal: '0 stops, ≤ 1 %',
  };
}

/** Operations a second of the workload, over one window. The guest is stopped before and after. */
async function workDone(session: AdapterSession): Promise<number> {
  const before = await operations(session);
  const start = process.hrtime.bigint();
  await session.client.request('continue', { threadId: session.stopped.threadId });
  await new Promise((resolve) => setTimeout(resolve, WINDOW_MILLISECONDS)); // the window itself
  await session.resume('pause');
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  return ((await operations(session)) - before) / seconds;
}

async function operations(session: AdapterSession): Promise<number> {
  const { result } = await session.client.request<DebugProtocol.EvaluateResponse['body']>('evaluate', {
    expression: '(unsigned long)sprout::g_truth.operations._M_i',
    context: 'watch',
  });
  return Number(result);
}
