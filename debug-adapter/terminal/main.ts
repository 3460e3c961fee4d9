/** A terminal client of the debug adapter: the same session and views as in VS Code, by DAP alone. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { DapClient } from './dap-client.ts';
import { initialize, launchToBreakpoint } from './launch.ts';
import { LiveScreen } from './live.ts';
import { LiveViews } from './live-views.ts';
import { parseOptions, type TerminalOptions, USAGE } from './options.ts';
import { ALL_VIEWS, printStop } from './report.ts';

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
  const screen = new LiveScreen();
  let show = (text: string): void => void process.stdout.write(text);
  client.on('output', ({ category, output }: DebugProtocol.OutputEvent['body']) => {
    if (category !== 'telemetry') {
      show(output);
    }
  });
  const ended = client.next<void>('terminated');
  ended.catch(() => {});
  await initialize(client);
  const stopped = await launchToBreakpoint(client, options.launch, options.breakFunction, options.hits);
  console.log(`\nStopped: ${stopped.description ?? stopped.reason}${stopped.text ? `: ${stopped.text}` : ''}`);
  await printStop(client, stopped.threadId ?? 0);
  if (!options.once) {
    show = (text) => screen.write(text);
    await goLive(client, screen, stopped.threadId ?? 0, options.rate, Promise.race([interrupted, ended]));
  }
}

/** The views at the chosen rate, while the guest runs, until `until`. */
async function goLive(
  client: DapClient,
  screen: LiveScreen,
  threadId: number,
  rate: number,
  until: Promise<void>,
): Promise<void> {
  await client.request('setFunctionBreakpoints', { breakpoints: [] });
  const views = new LiveViews();
  let pending = false;
  client.onCustom('unikernel/viewChanged', (event) => {
    views.apply(event);
    if (!pending) {
      // The views of one round come one after the other: one picture for them all.
      pending = true;
      setTimeout(() => {
        pending = false;
        screen.draw(views.snapshots());
      }, 20);
    }
  });
  await client.custom('unikernel/subscribe', { views: ALL_VIEWS, rate });
  await client.request('continue', { threadId });
  await until;
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
