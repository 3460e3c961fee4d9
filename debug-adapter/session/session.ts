/** The debug adapter as a DAP server: requests go to the family that answers them, events come back. */
import { DebugSession, Event, OutputEvent, Response, TerminatedEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { sentence } from '../sentence.ts';
import { Breakpoints } from './breakpoints.ts';
import { disassemblyHandlers } from './disassembly.ts';
import { EXCEPTION_FILTERS, Exceptions } from './exceptions.ts';
import { Execution } from './execution.ts';
import { Frames } from './frames.ts';
import { KernelViews, statusOf } from './kernel-views.ts';
import { Lifecycle } from './lifecycle.ts';
import { LiveValues } from './live-values.ts';
import { memoryHandlers } from './memory.ts';
import type { Handlers, Requests } from './requests.ts';
import { Snapshots } from './snapshots.ts';
import type { Stop } from './stop.ts';
import { Variables } from './variables.ts';

const CAPABILITIES: DebugProtocol.Capabilities = {
  supportsConfigurationDoneRequest: true,
  exceptionBreakpointFilters: EXCEPTION_FILTERS,
  supportsExceptionInfoRequest: true,
  supportsFunctionBreakpoints: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsInstructionBreakpoints: true,
  supportsEvaluateForHovers: true,
  supportsSetVariable: true,
  supportsSetExpression: true,
  supportsValueFormattingOptions: true,
  supportsCompletionsRequest: true,
  completionTriggerCharacters: ['.', ':', '>'],
  supportsDelayedStackTraceLoading: true,
  supportsSteppingGranularity: true,
  supportsDisassembleRequest: true,
  supportsReadMemoryRequest: true,
  supportsWriteMemoryRequest: true,
  supportsRestartRequest: true,
  supportsTerminateRequest: true,
  supportTerminateDebuggee: true,
};

/** Requests that write registers or memory. */
const CHANGES: ReadonlySet<string> = new Set([
  'setVariable',
  'setExpression',
  'writeMemory',
  'unikernel/setLiveValue',
  'unikernel/setTracepoint',
]);

/** One session: one guest at a time. `end` leaves nothing behind. */
export class UnikernelSession extends DebugSession {
  readonly #lifecycle: Lifecycle;
  readonly #frames: Frames;
  readonly #variables: Variables;
  readonly #breakpoints: Breakpoints;
  readonly #exceptions: Exceptions;
  readonly #execution: Execution;
  readonly #views: KernelViews;
  readonly #values: LiveValues;
  readonly #snapshots: Snapshots;
  readonly #handlers: Handlers<keyof Requests>;
  #initialized = false;
  #knowsInvalidation = false;

  constructor() {
    super();
    // The process ends when main.ts says so.
    this.setRunAsServer(true);
    this.#lifecycle = new Lifecycle({
      initialized: () => this.#send('initialized'),
      stopped: (stop) => void this.#explain(stop),
      resumed: () => this.#resumed(),
      rebooted: async (boot) => {
        this.#forget();
        await this.#breakpoints.insertAll(boot.debuggee);
        await boot.programs?.watch(this.#breakpoints.awaitPrograms);
        await this.#exceptions.restore(boot);
        void this.#views.move(boot);
      },
      ended: (exitCode) => {
        this.#send('exited', { exitCode });
        this.sendEvent(new TerminatedEvent());
      },
      output: (category, text) => this.sendEvent(new OutputEvent(text, category)),
      logged: (breakpoint, text) => this.#logged(breakpoint, text),
      symbolsAdded: (debuggee) => this.#breakpoints.bind(debuggee),
      statusChanged: () => this.#sendStatus(),
    });
    const { current } = this.#lifecycle;
    this.#exceptions = new Exceptions(current);
    this.#frames = new Frames(current, this.#exceptions.isPanic);
    this.#values = new LiveValues(current, {
      valuesChanged: (event) => this.#send('unikernel/valuesChanged', event),
      written: () => this.#invalidate(),
    });
    this.#variables = new Variables(current, this.#frames, this.#values);
    this.#breakpoints = new Breakpoints(current, (breakpoint) =>
      this.#send('breakpoint', { reason: 'changed', breakpoint }),
    );
    this.#execution = new Execution(current, (threadId) =>
      this.#send('stopped', { reason: 'pause', description: 'Paused', threadId, allThreadsStopped: true }),
    );
    this.#views = new KernelViews(current, {
      viewChanged: (event) => this.#send('unikernel/viewChanged', event),
      pagesChanged: (event) => this.#send('unikernel/pagesChanged', event),
    });
    const tell = (text: string): void => this.sendEvent(new OutputEvent(`${text}\n`, 'console'));
    this.#snapshots = new Snapshots(this.#lifecycle, tell);
    this.#handlers = {
      initialize: (given) => this.#initialize(given),
      ...this.#lifecycle.handlers,
      ...this.#breakpoints.handlers,
      ...this.#exceptions.handlers,
      ...this.#execution.handlers,
      ...this.#frames.handlers,
      ...this.#variables.handlers,
      ...disassemblyHandlers(current),
      ...memoryHandlers(this.#values.memoryGdb),
      ...this.#views.handlers,
      ...this.#values.handlers,
      ...this.#snapshots.handlers,
    };
  }

  /** Ends the guest, or lets go of it. Idempotent. */
  async end(): Promise<void> {
    this.#values.end();
    await this.#lifecycle.end();
    await this.#snapshots.end();
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    void this.#answer(request);
  }

  async #answer(request: DebugProtocol.Request): Promise<void> {
    const response: DebugProtocol.Response = new Response(request);
    try {
      response.body = await this.#handle(request.command, request.arguments ?? {});
      this.sendResponse(response);
    } catch (error) {
      // Braces in the sentence are no placeholders; a name with an underscore is told to every client.
      const variables = { _sentence: refusalOf(request.command, error) };
      this.sendErrorResponse(response, { id: 1, format: '{_sentence}', variables });
    }
  }

  #handle(command: string, given: object): Promise<unknown> {
    if (!Object.hasOwn(this.#handlers, command)) {
      throw new Error(`This debugger has no request "${command}".`);
    }
    if (CHANGES.has(command) && this.#lifecycle.boot?.debuggee.machine.kind === 'core') {
      throw new Error('This is a snapshot of a guest: it cannot be changed.');
    }
    const handler = this.#handlers[command as keyof Requests] as (given: object) => Promise<unknown>;
    return handler(given);
  }

  async #initialize(given: DebugProtocol.InitializeRequestArguments): Promise<DebugProtocol.Capabilities> {
    if (this.#initialized) {
      throw new Error('This session is initialized already.');
    }
    if (given.linesStartAt1 === false || (given.pathFormat ?? 'path') !== 'path') {
      throw new Error('This debugger counts lines from 1 and takes plain paths.');
    }
    this.#initialized = true;
    this.#knowsInvalidation = given.supportsInvalidatedEvent === true;
    return CAPABILITIES;
  }

  /** A snapshot of a panic is saved before anybody hears of the stop, and could let the guest go. */
  async #explain(stop: Stop): Promise<void> {
    // Frames have names then. A stop is told without them too.
    await this.#lifecycle.boot?.programs?.sync().catch(() => undefined);
    const told = await this.#exceptions.explain(stop);
    if (told.isFatal) {
      await this.#snapshots.saveAtEnd();
    }
    this.#stopped(told);
  }

  #stopped(stop: Stop): void {
    this.#forget();
    const { reason, thread, description, text, breakpoint } = stop;
    if (breakpoint !== undefined) {
      void this.#breakpoints.countAgain(breakpoint).catch(() => undefined);
    }
    this.#send('stopped', {
      reason,
      threadId: thread,
      allThreadsStopped: true,
      ...(description !== undefined && { description }),
      ...(text !== undefined && { text }),
      ...(breakpoint !== undefined && { hitBreakpointIds: this.#breakpoints.idsOf(breakpoint) }),
    } satisfies DebugProtocol.StoppedEvent['body']);
    this.#sendStatus();
  }

  #resumed(): void {
    this.#forget();
    this.#exceptions.forget();
    if (!this.#execution.takeRequested()) {
      this.#send('continued', { threadId: 0, allThreadsContinued: true });
    }
    this.#sendStatus();
  }

  #logged(breakpoint: string, text: string): void {
    const { source, line } = this.#breakpoints.placeOf(breakpoint) ?? {};
    this.#send('output', {
      category: 'console',
      output: `${text}\n`,
      ...(source && { source }),
      ...(line !== undefined && { line }),
    } satisfies DebugProtocol.OutputEvent['body']);
  }

  #sendStatus(): void {
    const { boot } = this.#lifecycle;
    if (boot) {
      this.#send('unikernel/status', statusOf(boot));
    }
  }

  /** Variables were told that are others now. */
  #invalidate(): void {
    if (this.#knowsInvalidation) {
      this.#send('invalidated', { areas: ['variables'] } satisfies DebugProtocol.InvalidatedEvent['body']);
    }
  }

  #forget(): void {
    this.#frames.forget();
    this.#variables.forget();
  }

  #send(event: string, body?: object): void {
    this.sendEvent(new Event(event, body));
  }
}

/** Arguments come from outside: a field that is missing or of another type fails as a TypeError where it is used. */
function refusalOf(command: string, error: unknown): string {
  return error instanceof TypeError || error instanceof RangeError
    ? `The arguments of "${command}" are not what they should be (${error.message}).`
    : sentence(error);
}
