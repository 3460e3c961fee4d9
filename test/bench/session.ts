/** Our side of the figures: the bundled adapter, driven by DAP. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { DapClient } from '../../debug-adapter/terminal/dap-client.ts';
import { initialize, launchToBreakpoint, type Stopped } from '../../debug-adapter/terminal/launch.ts';
import type { BareOptions } from './bare-gdb.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export class AdapterSession {
  readonly client: DapClient;
  /** The last stop. */
  stopped: Stopped;

  private constructor(client: DapClient, stopped: Stopped) {
    this.client = client;
    this.stopped = stopped;
  }

  /** An adapter that is up: an editor has one before it sends `launch`. */
  static async start(): Promise<DapClient> {
    const client = new DapClient([process.execPath, join(ROOT, 'dist/adapter.cjs')]);
    await initialize(client);
    return client;
  }

  /** The same guest and breakpoint as the bare peer's. */
  static async launch(
    client: DapClient,
    options: BareOptions,
    extraQemuArguments: string[] = [],
  ): Promise<AdapterSession> {
    const { elf, breakpoint, ...guest } = options;
    const stopped = await launchToBreakpoint(
      client,
      { kernel: elf, cwd: ROOT, build: [], machine: 'q35', accelerator: 'tcg', extraQemuArguments, ...guest },
      breakpoint,
    );
    return new AdapterSession(client, stopped);
  }

  /** Runs an execution request and waits for the stop that ends it. */
  async resume(command: 'next' | 'stepIn' | 'stepOut' | 'continue' | 'pause'): Promise<void> {
    const stop = this.client.next<Stopped>('stopped');
    await this.client.request(command, { threadId: this.stopped.threadId });
    this.stopped = await stop;
  }

  /** What a client asks after each stop: threads, stack, scopes and the locals. */
  async inspect(): Promise<void> {
    await this.client.request('threads');
    const { stackFrames } = await this.client.request<DebugProtocol.StackTraceResponse['body']>('stackTrace', {
      threadId: this.stopped.threadId,
      startFrame: 0,
      levels: 20,
    });
    const { scopes } = await this.client.request<DebugProtocol.ScopesResponse['body']>('scopes', {
      frameId: stackFrames[0]?.id,
    });
    await this.client.request('variables', { variablesReference: scopes[0]?.variablesReference });
  }

  async dispose(): Promise<void> {
    const exited = new Promise((resolve) => this.client.once('exit', resolve));
    await this.client.request('disconnect', { terminateDebuggee: true });
    this.client.adapter.stdin?.end();
    await exited;
  }
}
