/** From a fresh adapter to the first stop. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { DEBUG_TYPE, type LaunchArguments } from '../protocol.ts';
import type { DapConnection } from './dap-connection.ts';

export type Stopped = DebugProtocol.StoppedEvent['body'];

/** The first request of a session: a client that has its answer knows that the adapter is up. */
export async function initialize(client: DapConnection): Promise<void> {
  await client.request('initialize', {
    clientID: 'unikernel-terminal',
    adapterID: DEBUG_TYPE,
    linesStartAt1: true,
    columnsStartAt1: true,
    pathFormat: 'path',
  });
}

/**
 * In an initialized session, launches the kernel and runs to a breakpoint at the function `breakFunction`, to the call with the number `hits`.
 * Rejects with the adapter's sentence when the launch fails, or with one of ours when the kernel ends first.
 */
export async function launchToBreakpoint(
  client: DapConnection,
  configuration: LaunchArguments,
  breakFunction: string,
  hits = 1,
): Promise<Stopped> {
  const initialized = client.next('initialized');
  const stopped = client.next<Stopped>('stopped');
  const ended = client.next('terminated').then(() => {
    throw new Error(`The kernel ended before it reached ${breakFunction}.`);
  });
  for (const promise of [initialized, stopped, ended]) {
    promise.catch(() => {}); // whichever loses the race is of no interest
  }
  const launched = client.request('launch', configuration);
  await Promise.race([initialized, launched.then(() => initialized)]);
  await client.request('setFunctionBreakpoints', {
    breakpoints: [{ name: breakFunction, ...(hits > 1 && { hitCondition: `${hits}` }) }],
  });
  await client.request('configurationDone');
  await launched;
  return Promise.race([stopped, ended]);
}
