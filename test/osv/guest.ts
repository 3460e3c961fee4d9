/** A real OSv under the bundled adapter, and the reading of it that gdb alone makes at the same stop. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { LaunchArguments, ViewName, ViewSnapshot } from '../../debug-adapter/protocol.ts';
import { DapClient } from '../../debug-adapter/terminal/dap-client.ts';
import { initialize, launchToBreakpoint, type Stopped } from '../../debug-adapter/terminal/launch.ts';

/** The longest that a stop may take, in milliseconds: a boot under TCG on a busy machine takes seconds. */
const STOP_LIMIT = 60_000;
const READING = fileURLToPath(new URL('reading.py', import.meta.url));

/** What reading.py prints: see there. */
export interface GdbReading {
  cpus: number;
  threads: { map: number; walked: number; rows: { key: number; id: number; name: string; status: string }[] };
  vnodes: { key: number; mount: string | null; path: string | null; references: number; mutex: GdbMutex }[];
  pools: {
    rows: { size: number; pages: number; live: number }[];
    levels: number[];
    free: number;
    ranges: number;
    freeMemory: number;
    scanned: number;
  };
  timers: { cpu: number; told: number; timers: Timer[]; tasksTold: number; tasks: Timer[] }[];
  callouts: { told: number; rows: Timer[] };
  /** How many allocations, and their bytes, each chain of callers has; null: the kernel cannot keep track. */
  allocations: [count: number, bytes: number][] | null;
}

export interface GdbMutex {
  owner: number;
  count: number;
  depth: number;
  waiters: number[];
  /** Whether the count is that of the owner and the waiters. */
  holds: boolean;
}

/** Its address, its deadline. */
export type Timer = [key: number, deadline: number];

export class OsvGuest {
  readonly client: DapClient;
  stopped: Stopped;

  readonly #folder: string;

  private constructor(folder: string, client: DapClient, stopped: Stopped) {
    this.#folder = folder;
    this.client = client;
    client.setMaxListeners(0); // each stop that is waited for leaves one for an end that does not come
    this.stopped = stopped;
  }

  /** @param folder where the bundle is, in `bundle`, and where readings are written */
  static async launch(folder: string, launch: LaunchArguments, breakFunction: string): Promise<OsvGuest> {
    const client = new DapClient([process.execPath, join(folder, 'bundle/adapter.cjs')]);
    try {
      await initialize(client);
      return new OsvGuest(folder, client, await launchToBreakpoint(client, launch, breakFunction));
    } catch (error) {
      await end(client);
      throw error;
    }
  }

  /** Runs to the next call of `name`. */
  async runTo(name: string): Promise<void> {
    await this.client.request('setFunctionBreakpoints', { breakpoints: [{ name }] });
    await this.#resume('continue');
  }

  /** Runs freely while `meanwhile` does, then stops. */
  async runWhile<T>(meanwhile: () => Promise<T>): Promise<T> {
    await this.client.request('setFunctionBreakpoints', { breakpoints: [] });
    await this.client.request('continue', { threadId: this.stopped.threadId });
    const result = await meanwhile();
    await this.#resume('pause');
    return result;
  }

  async view<V extends ViewName>(view: V): Promise<ViewSnapshot<V>> {
    return (await this.client.custom('unikernel/view', { view })) as ViewSnapshot<V>;
  }

  /** A command of gdb's, as typed in the debug console. */
  async command(command: string): Promise<string> {
    const { result } = await this.client.request<DebugProtocol.EvaluateResponse['body']>('evaluate', {
      expression: `-exec ${command}`,
      context: 'repl',
    });
    return result;
  }

  /** A whole number that the guest has. */
  async number(expression: string): Promise<number> {
    const { result } = await this.client.request<DebugProtocol.EvaluateResponse['body']>('evaluate', {
      expression,
      context: 'watch',
    });
    return Number(result);
  }

  async gdbReading(): Promise<GdbReading> {
    const file = join(this.#folder, 'reading.json');
    rmSync(file, { force: true });
    await this.command(`python reading_file = ${JSON.stringify(file)}`);
    await this.command(`source ${READING}`);
    if (!existsSync(file)) {
      throw new Error(`gdb could not read ${READING}.`);
    }
    const reading = JSON.parse(readFileSync(file, 'utf8')) as GdbReading | { error: string };
    if ('error' in reading) {
      throw new Error(`gdb's own reading failed: ${reading.error}`);
    }
    return reading;
  }

  async dispose(): Promise<void> {
    await this.client.request('disconnect', { terminateDebuggee: true }).catch(() => undefined);
    await end(this.client);
  }

  async #resume(command: 'continue' | 'pause'): Promise<void> {
    const stop = this.client.next<Stopped>('stopped');
    const ended = this.client.next('terminated').then(() => {
      throw new Error('The guest ended before it stopped.');
    });
    for (const promise of [stop, ended]) {
      promise.catch(() => undefined); // whichever loses the race is of no interest
    }
    await this.client.request(command, { threadId: this.stopped.threadId });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`No stop came within ${STOP_LIMIT / 1000} s.`)), STOP_LIMIT);
    });
    try {
      this.stopped = await Promise.race([stop, ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

async function end(client: DapClient): Promise<void> {
  if (client.adapter.exitCode === null && client.adapter.signalCode === null) {
    const exited = new Promise((resolve) => client.adapter.once('exit', resolve));
    client.adapter.stdin?.end();
    await exited;
  }
}
