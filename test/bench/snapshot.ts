/** The observation road on a large guest: all four views at one stop, beside gdb Python reading the same. */
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ViewName } from '../../debug-adapter/protocol.ts';
import type { BareOptions } from './bare-gdb.ts';
import { AdapterSession } from './session.ts';
import { type Figure, formatMilliseconds, median, timed } from './table.ts';

const VIEWS: readonly ViewName[] = ['threads', 'vnodeLocks', 'mallocPools', 'timerSets'];
const READINGS = 5;

/** `options` asks for many threads, vnodes and objects. The peer leaves out the count of all pages, which our view has. */
export async function benchSnapshot(options: BareOptions): Promise<Figure> {
  const session = await AdapterSession.launch(await AdapterSession.start(), options);
  try {
    await untilWorkloadStands(session);
    const ours: number[] = [];
    for (let reading = 0; reading < READINGS; reading++) {
      ours.push(
        await timed(async () => {
          for (const view of VIEWS) {
            await session.client.custom('unikernel/view', { view });
          }
        }),
      );
    }
    let counted = '';
    const peer = await timed(async () => {
      const { result } = await session.client.request<DebugProtocol.EvaluateResponse['body']>('evaluate', {
        expression: `-exec source ${join(import.meta.dirname, 'snapshot_peer.py')}`,
        context: 'repl',
      });
      counted = result.trim();
    });
    return {
      name: `one snapshot of ${counted}`,
      ours: formatMilliseconds(median(ours)),
      peer: `gdb Python ${formatMilliseconds(peer)}`,
      ratio: `${(peer / median(ours)).toFixed(0)} × faster`,
      goal: '≥ 50 × faster',
    };
  } finally {
    await session.dispose();
  }
}

/** Lets the guest run until its workload says that everything is there, and stops it. */
async function untilWorkloadStands(session: AdapterSession): Promise<void> {
  const { client } = session;
  const said = new Promise<void>((resolve) => {
    client.on('output', ({ output }: DebugProtocol.OutputEvent['body']) => {
      if (/workload: \d+ workers/.test(output)) {
        resolve();
      }
    });
  });
  await client.request('setFunctionBreakpoints', { breakpoints: [] });
  await client.request('continue', { threadId: session.stopped.threadId });
  await said;
  await session.resume('pause');
}
