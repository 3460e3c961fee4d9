/** What is printed at a stop: call stacks, the four views, the largest symbols. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { formatAddress, type SymbolsResponse, type ViewName } from '../protocol.ts';
import { formatTable } from '../table.ts';
import { formatBytes } from '../units.ts';
import type { DapClient } from './dap-client.ts';
import { formatView } from './views.ts';

export const ALL_VIEWS: ViewName[] = ['threads', 'vnodeLocks', 'mallocPools', 'timerSets'];

const STACKS_SHOWN = 4;
const FRAMES_SHOWN = 8;
const ROWS_SHOWN = 12;
const SYMBOLS_SHOWN = 10;

/** Prints one round for the thread that stopped. */
export async function printStop(client: DapClient, stoppedThread: number): Promise<void> {
  await printStacks(client, stoppedThread);
  for (const view of ALL_VIEWS) {
    console.log(`\n${formatView(await client.custom('unikernel/view', { view }), ROWS_SHOWN).join('\n')}`);
  }
  console.log(`\n${formatSymbols(await client.custom('unikernel/symbols', { count: SYMBOLS_SHOWN })).join('\n')}`);
}

async function printStacks(client: DapClient, stoppedThread: number): Promise<void> {
  const { threads } = await client.request<DebugProtocol.ThreadsResponse['body']>('threads');
  const stoppedFirst = threads.toSorted((a, b) => Number(b.id === stoppedThread) - Number(a.id === stoppedThread));
  console.log(`\nCall stacks (${Math.min(STACKS_SHOWN, threads.length)} of ${threads.length} threads)`);
  for (const thread of stoppedFirst.slice(0, STACKS_SHOWN)) {
    const { stackFrames } = await client.request<DebugProtocol.StackTraceResponse['body']>('stackTrace', {
      threadId: thread.id,
      startFrame: 0,
      levels: FRAMES_SHOWN,
    });
    console.log(`  ${thread.name}`);
    for (const [index, frame] of stackFrames.entries()) {
      console.log(`    #${index} ${frame.name}${placeOf(frame)}`);
    }
  }
}

function placeOf(frame: DebugProtocol.StackFrame): string {
  return frame.source ? `  ${frame.source.name ?? frame.source.path}:${frame.line}` : '';
}

function formatSymbols({ symbols }: SymbolsResponse): string[] {
  return [
    `The ${symbols.length} largest symbols`,
    ...formatTable<SymbolsResponse['symbols'][number]>(
      [
        {
          title: 'size',
          align: 'right',
          cell: (symbol) => formatBytes(symbol.size),
        },
        { title: 'section', cell: (symbol) => symbol.section },
        { title: 'address', cell: (symbol) => formatAddress(symbol.address) },
        { title: 'symbol', cell: (symbol) => symbol.name },
      ],
      symbols,
    ),
  ];
}
