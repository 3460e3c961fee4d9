/** A terminal client of the debug adapter: the same session and views as in VS Code, by DAP alone. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { DapClient } from './dap-client.ts';
import { launchToBreakpoint } from './launch.ts';
import { LiveViews } from './live-views.ts';
import { parseOptions, type TerminalOptions, USAGE } from './options.ts';
import { ALL_VIEWS, printStop } from './report.ts';
import { formatView } from './views.ts';

const LIVE_ROWS = 8;
/** Clears the screen and what scrolled off it, cursor to the top. */
const CLEAR_SCREEN = '\x1b[2J\x1b[3J\x1b[H';

/** This file runs from dist/, beside the adapter; the tree is one up. */
const bundleFolder = dirname(process.argv[1] ?? '');

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), dirname(bundleFolder));
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const adapter = join(bundleFolder, 'adapter.cjs');
  if (!existsSync(adapter)) {
    throw new Error('The debug adapter is not built: run "npm run build".');
  }
  const client = new DapClient([process.execPath, adapter]);
  const interrupted = onInterrupt();
  try {
    await Promise.race([runSession(client, options, interrupted), interrupted]);
  } finally {
    await endSession(client);
  }
}

async function runSession(client: DapClient, options: TerminalOptions, interrupted: Promise<void>): Promise<void> {
  printOutput(client);
  const ended = client.next<void>('terminated');
  ended.catch(() => {});
  const stopped = await launchToBreakpoint(client, options.launch, options.breakFunction);
  console.log(`\nStopped: ${stopped.description ?? stopped.reason}${stopped.text ? `: ${stopped.text}` : ''}`);
  await printStop(client, stopped.threadId ?? 0);
  if (!options.once) {
    await goLive(client, stopped.threadId ?? 0, options.rate, Promise.race([interrupted, ended]));
  }
}

/** The views at the chosen rate, while the guest runs, until `until`. */
async function goLive(client: DapClient, threadId: number, rate: number, until: Promise<void>): Promise<void> {
  await client.request('setFunctionBreakpoints', { breakpoints: [] });
  const views = new LiveViews();
  let pending = false;
  client.onCustom('unikernel/viewChanged', (event) => {
    views.apply(event);
    if (!pending) {
      pending = true;
      setImmediate(() => {
        pending = false;
        drawLive(views);
      });
    }
  });
  await client.custom('unikernel/subscribe', {
    views: ALL_VIEWS,
    rate,
  });
  await client.request('continue', { threadId });
  await until;
}

function drawLive(views: LiveViews): void {
  const text = views
    .snapshots()
    .map((snapshot) => formatView(snapshot, LIVE_ROWS).join('\n'))
    .join('\n\n');
  console.log(`${process.stdout.isTTY ? CLEAR_SCREEN : '\n'}${text}\n\nCtrl-C ends.`);
}

/** The guest's console and the adapter's messages, as they come. */
function printOutput(client: DapClient): void {
  client.on('output', (body: DebugProtocol.OutputEvent['body']) => {
    if (body.category !== 'telemetry') {
      process.stdout.write(body.output);
    }
  });
}

/** Resolves at the first Ctrl-C or SIGTERM. */
function onInterrupt(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}

/** Ends the guest and the adapter in order; an adapter that is gone already is no error here. */
async function endSession(client: DapClient): Promise<void> {
  const exited = new Promise<void>((resolve) => client.once('exit', () => resolve()));
  try {
    await client.request('disconnect', { terminateDebuggee: true });
    client.adapter.stdin?.end();
    await exited;
  } catch {
    client.adapter.kill('SIGTERM');
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
