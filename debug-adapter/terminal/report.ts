/** What is printed at a stop: call stacks, the four views, the largest symbols. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { formatAddress, type SymbolsResponse, type ThreadRow, type ViewName } from '../protocol.ts';
import { formatTable } from '../table.ts';
import { formatBytes } from '../units.ts';
import { type DapConnection, RequestFailed } from './dap-connection.ts';
import { print } from './screen.ts';
import { formatView } from './views.ts';

export const ALL_VIEWS: ViewName[] = ['threads', 'vnodeLocks', 'mallocPools', 'timerSets'];

const STACKS_SHOWN = 5;
const FRAMES_SHOWN = 8;
const ROWS_SHOWN = 12;
const SYMBOLS_SHOWN = 10;

/** Prints one round for the thread that stopped. What this kernel does not have is told in the adapter's sentence. */
export async function printStop(client: DapConnection, stoppedThread: number): Promise<void> {
  const rows = await threadRows(client);
  await printStacks(client, stoppedThread, rows);
  for (const view of ALL_VIEWS) {
    await printOrTell(async () => formatView(await client.custom('unikernel/view', { view }), ROWS_SHOWN));
  }
  await printOrTell(async () => formatSymbols(await client.custom('unikernel/symbols', { count: SYMBOLS_SHOWN })));
}

async function printOrTell(make: () => Promise<string[]>): Promise<void> {
  try {
    print(['', ...(await make())]);
  } catch (error) {
    if (!(error instanceof RequestFailed)) {
      throw error;
    }
    print(['', error.message]);
  }
}

/** Empty for a kernel without views. */
async function threadRows(client: DapConnection): Promise<ThreadRow[]> {
  try {
    return (await client.custom('unikernel/view', { view: 'threads' })).rows as ThreadRow[];
  } catch {
    return [];
  }
}

async function printStacks(client: DapConnection, stoppedThread: number, rows: ThreadRow[]): Promise<void> {
  const { threads } = await client.request<DebugProtocol.ThreadsResponse['body']>('threads');
  const rank = (id: number): number => (id === stoppedThread ? 0 : rankOf(rows.find((row) => row.id === id)));
  const shown = [...threads].sort((a, b) => rank(a.id) - rank(b.id)).slice(0, STACKS_SHOWN);
  print(['', `Call stacks (${shown.length} of ${threads.length} threads)`]);
  for (const thread of shown) {
    const { stackFrames } = await client.request<DebugProtocol.StackTraceResponse['body']>('stackTrace', {
      threadId: thread.id,
      startFrame: 0,
      levels: FRAMES_SHOWN,
    });
    print([`  ${thread.name}`, ...stackFrames.map((frame, index) => `    #${index} ${frame.name}${placeOf(frame)}`)]);
  }
}

/** Who waits for another is told first, then who sleeps while it holds something, then who sleeps; idle threads last. */
function rankOf(row: ThreadRow | undefined): number {
  if (row?.waitsFor) {
    const rank = row.waitsFor.kind === 'sleep' ? 3 : 1;
    return row.holds.length > 0 ? rank - 0.5 : rank;
  }
  return row?.name.startsWith('idle') ? 5 : 4;
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
