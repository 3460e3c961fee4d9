/** A user of the debug adapter: drives the bundled one by DAP, as an editor does, and looks for what it leaves behind. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { inject } from 'vitest';
import type { AttachArguments, CustomRequests, LaunchArguments } from '../../debug-adapter/protocol.ts';
import { DapClient } from '../../debug-adapter/terminal/dap-client.ts';
import { DapConnection } from '../../debug-adapter/terminal/dap-connection.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const KERNEL_FOLDER = join(ROOT, 'kernel');
export const SPROUT_ELF = process.env.SPROUT_ELF ?? join(KERNEL_FOLDER, 'build/debug/sprout.elf');
/** A guest of threads that no awareness knows. */
export const THREADS_ELF = join(inject('folder'), 'threads.elf');
export const ADAPTER = join(inject('folder'), 'bundle/adapter.cjs');
export const TERMINAL = join(inject('folder'), 'bundle/terminal.cjs');

/** A busy guest: workers that block on files, sleep, allocate and run timers. */
export const BUSY = 'workload --load=50 --threads=8 --vnodes=32 --objects=500 --seconds=forever';
/** A function that each of its writers calls many times a second. */
export const BUSY_FUNCTION = 'sprout::workload::Worker::write_shared_file';

export type Stopped = DebugProtocol.StoppedEvent['body'] & { threadId: number };
export type Launch = Partial<LaunchArguments>;

/** The longest that an event may take, in milliseconds: far more than it should on a busy machine. */
const EVENT_LIMIT = 30_000;

/** A folder and a mark of one session: what has the mark or lies in the folder later was left behind. */
export class Traces {
  readonly mark = randomUUID();
  readonly folder = mkdtempSync(join(tmpdir(), 'ut-'));

  environment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return {
      ...process.env,
      XDG_RUNTIME_DIR: this.folder,
      XDG_CACHE_HOME: join(inject('folder'), 'cache'),
      UNIKERNEL_TEST: this.mark,
      ...extra,
    };
  }

  /** Every living process that the adapter or its children started, the adapter too: `pid name`. */
  processes(): string[] {
    return readdirSync('/proc').flatMap((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(this.mark)
          ? [`${pid} ${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()}`]
          : [];
      } catch {
        return []; // it ended while we looked
      }
    });
  }

  /** The process id of the child with this name. */
  processNamed(name: string): number {
    const found = this.processes().find((process) => process.endsWith(` ${name}`));
    if (found === undefined) {
      throw new Error(`There is no ${name} among: ${this.processes().join(', ')}.`);
    }
    return Number.parseInt(found, 10);
  }

  /** Waits until no process and no file is left; throws with what is. */
  async untilNothingIsLeft(): Promise<void> {
    const end = Date.now() + 5000;
    for (;;) {
      const left = [...this.processes(), ...readdirSync(this.folder)];
      if (left.length === 0) {
        rmSync(this.folder, { recursive: true });
        return;
      }
      if (Date.now() > end) {
        throw new Error(`Left behind: ${left.join(', ')}.`);
      }
      // Nothing tells when the last process is gone.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** A session with any adapter: events are kept until somebody asks for them, so none is missed. */
export class Session {
  readonly connection: DapConnection;
  readonly traces: Traces;
  /** Every event, in order. */
  readonly events: DebugProtocol.Event[] = [];
  /** Why the adapter is gone. */
  gone: string | undefined;
  readonly #taken = new Set<DebugProtocol.Event>();
  readonly #waiters = new Set<() => void>();

  /** An adapter of its own. `environment` is added to ours. */
  static start(environment: NodeJS.ProcessEnv = {}, traces = new Traces()): Session {
    return new Session(
      new DapClient([process.execPath, ADAPTER], { environment: traces.environment(environment) }),
      traces,
    );
  }

  /** A connection to an adapter that listens. */
  static async connect(address: string | number, traces: Traces): Promise<Session> {
    const socket = typeof address === 'number' ? createConnection(address, '127.0.0.1') : createConnection(address);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Session(new SocketConnection(socket), traces);
  }

  private constructor(connection: DapConnection, traces: Traces) {
    this.connection = connection;
    this.traces = traces;
    connection.on('event', (event: DebugProtocol.Event) => {
      this.events.push(event);
      this.#wake();
    });
    connection.on('exit', (reason: string) => {
      this.gone = reason;
      this.#wake();
    });
  }

  /** The adapter's process; only of a session that was started. */
  get adapter(): DapClient['adapter'] {
    return (this.connection as DapClient).adapter;
  }

  request<Body = object>(command: string, parameters: object = {}): Promise<Body> {
    return this.connection.request<Body>(command, parameters);
  }

  custom<Name extends keyof CustomRequests>(
    name: Name,
    parameters: CustomRequests[Name][0],
  ): Promise<CustomRequests[Name][1]> {
    return this.connection.custom(name, parameters);
  }

  /** The sentence with which a request is refused. Throws when it is not. */
  async refusal(command: string, parameters: object = {}): Promise<string> {
    const answer = await this.request(command, parameters).catch((error: Error) => error);
    if (!(answer instanceof Error)) {
      throw new Error(`${command} was not refused: ${JSON.stringify(answer)}`);
    }
    return answer.message;
  }

  /** The first event of this name that fits and that nobody took yet, now or later. */
  async event<Body = object>(name: string, fits: (body: Body) => boolean = () => true): Promise<Body> {
    const end = Date.now() + EVENT_LIMIT;
    for (;;) {
      const found = this.events.find((one) => one.event === name && !this.#taken.has(one) && fits(one.body as Body));
      if (found) {
        this.#taken.add(found);
        return found.body as Body;
      }
      if (this.gone !== undefined) {
        throw new Error(`No event "${name}": ${this.gone}`);
      }
      if (Date.now() > end) {
        throw new Error(
          `No event "${name}" came; these did: ${this.events
            .slice(-40)
            .map((one) => one.event)
            .join(', ')}.\n${this.output().slice(-3000)}`,
        );
      }
      await this.#change(end - Date.now());
    }
  }

  /** The next stop that nobody took yet. */
  stopped(): Promise<Stopped> {
    return this.event<Stopped>('stopped');
  }

  /** How many events of this name came so far. */
  count(name: string): number {
    return this.events.filter((one) => one.event === name).length;
  }

  /** What was shown so far, of one category or of all. */
  output(category?: string): string {
    return this.events
      .filter((one) => one.event === 'output' && (category === undefined || one.body.category === category))
      .map((one) => one.body.output as string)
      .join('');
  }

  /** Waits until what was shown matches. */
  async shown(pattern: RegExp, category?: string): Promise<RegExpExecArray> {
    const end = Date.now() + EVENT_LIMIT;
    for (;;) {
      const found = pattern.exec(this.output(category));
      if (found) {
        return found;
      }
      if (this.gone !== undefined || Date.now() > end) {
        throw new Error(`${pattern} was not shown, but: ${this.output().slice(-3000)} ${this.gone ?? ''}`);
      }
      await this.#change(end - Date.now());
    }
  }

  initialize(): Promise<DebugProtocol.Capabilities> {
    return this.request('initialize', { adapterID: 'unikernel', linesStartAt1: true, pathFormat: 'path' });
  }

  /** Initializes and launches Sprout's ELF as it is, up to where breakpoints can be set. */
  async launch(options: Launch = {}): Promise<void> {
    await this.initialize();
    await this.request('launch', launchArguments(options));
    await this.event('initialized');
  }

  /** Initializes and attaches, up to where breakpoints can be set. */
  async attach(options: AttachArguments): Promise<void> {
    await this.initialize();
    await this.request('attach', { kernel: SPROUT_ELF, cwd: ROOT, ...options });
    await this.event('initialized');
  }

  /** Launches and runs to a function. */
  async launchTo(breakFunction: string, options: Launch = {}): Promise<Stopped> {
    await this.launch(options);
    await this.breakAt({ name: breakFunction });
    await this.request('configurationDone');
    return this.stopped();
  }

  /** Launches and lets it run. */
  async launchRunning(options: Launch = {}): Promise<void> {
    await this.launch(options);
    await this.request('configurationDone');
  }

  async breakAt(...breakpoints: DebugProtocol.FunctionBreakpoint[]): Promise<DebugProtocol.Breakpoint[]> {
    const body = await this.request<DebugProtocol.SetBreakpointsResponse['body']>('setFunctionBreakpoints', {
      breakpoints,
    });
    return body.breakpoints;
  }

  async breakAtLines(
    path: string,
    ...breakpoints: DebugProtocol.SourceBreakpoint[]
  ): Promise<DebugProtocol.Breakpoint[]> {
    const parameters = { source: { path }, breakpoints };
    const body = await this.request<DebugProtocol.SetBreakpointsResponse['body']>('setBreakpoints', parameters);
    return body.breakpoints;
  }

  /** An execution request and the stop that ends it. */
  async run(
    command: 'continue' | 'next' | 'stepIn' | 'stepOut' | 'pause',
    threadId: number,
    more: object = {},
  ): Promise<Stopped> {
    await this.request(command, { threadId, ...more });
    return this.stopped();
  }

  async threads(): Promise<DebugProtocol.Thread[]> {
    return (await this.request<DebugProtocol.ThreadsResponse['body']>('threads')).threads;
  }

  async stack(threadId: number, more: object = {}): Promise<DebugProtocol.StackFrame[]> {
    const parameters = { threadId, ...more };
    return (await this.request<DebugProtocol.StackTraceResponse['body']>('stackTrace', parameters)).stackFrames;
  }

  /** The innermost frame of a thread. */
  async top(threadId: number): Promise<DebugProtocol.StackFrame> {
    const [frame] = await this.stack(threadId, { startFrame: 0, levels: 1 });
    if (!frame) {
      throw new Error(`Thread ${threadId} has no frame.`);
    }
    return frame;
  }

  /** The variables of one scope of a frame. */
  async scope(frameId: number, name: string, more: object = {}): Promise<DebugProtocol.Variable[]> {
    const { scopes } = await this.request<DebugProtocol.ScopesResponse['body']>('scopes', { frameId });
    const scope = scopes.find((one) => one.name === name);
    if (!scope) {
      throw new Error(`There is no scope ${name}, but ${scopes.map((one) => one.name).join(', ')}.`);
    }
    return this.variables(scope.variablesReference, more);
  }

  async variables(variablesReference: number, more: object = {}): Promise<DebugProtocol.Variable[]> {
    const parameters = { variablesReference, ...more };
    return (await this.request<DebugProtocol.VariablesResponse['body']>('variables', parameters)).variables;
  }

  evaluate(expression: string, more: object = {}): Promise<DebugProtocol.EvaluateResponse['body']> {
    return this.request('evaluate', { expression, context: 'watch', ...more });
  }

  /** Ends the session as an editor does, and holds it to leaving nothing. */
  async end(terminateDebuggee?: boolean): Promise<void> {
    if (this.gone === undefined) {
      await this.request('disconnect', terminateDebuggee === undefined ? {} : { terminateDebuggee });
      this.hangUp();
    }
    await this.traces.untilNothingIsLeft();
  }

  /** Closes the client's side. */
  hangUp(): void {
    if (this.connection instanceof SocketConnection) {
      this.connection.socket.end();
    } else {
      this.adapter.stdin?.end();
    }
  }

  #change(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.#waiters.add(wake);
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiters]) {
      wake();
    }
  }
}

class SocketConnection extends DapConnection {
  readonly socket: Socket;

  constructor(socket: Socket) {
    super(socket, socket);
    this.socket = socket;
    socket.on('close', () => this.end('The adapter closed the connection.'));
  }
}

/** Sprout's ELF as it was built, under TCG. */
export function launchArguments(options: Launch): LaunchArguments {
  return { kernel: SPROUT_ELF, cwd: ROOT, build: [], accelerator: 'tcg', commandLine: BUSY, ...options };
}

/** A source file's path, as the kernel's debug information has it. */
export function source(path: string): string {
  return join(KERNEL_FOLDER, path);
}

/** The number of the first line that contains `text`, counted from 1. */
export function lineOf(path: string, text: string): number {
  const index = readFileSync(path, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text));
  if (index < 0) {
    throw new Error(`${path} has no line with: ${text}`);
  }
  return index + 1;
}
