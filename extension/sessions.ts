/** The kernels being debugged, and the one that the views show: the active session, or the last that was active and lives. */
import * as vscode from 'vscode';
import { type CustomEvents, type CustomRequests, DEBUG_TYPE } from '../debug-adapter/protocol.ts';

/** True while a kernel is debugged: for `when` clauses. */
const CONTEXT_KEY = 'unikernel.session';

type EventName = keyof CustomEvents;

export interface SessionEvent<E extends EventName = EventName> {
  session: vscode.DebugSession;
  name: E;
  body: CustomEvents[E];
}

/** One custom request, typed. Rejects with the adapter's sentence. */
export async function request<R extends keyof CustomRequests>(
  session: vscode.DebugSession,
  name: R,
  given: CustomRequests[R][0],
): Promise<CustomRequests[R][1]> {
  return await session.customRequest(name, given);
}

/** The sentence of whatever was thrown. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export class Sessions implements vscode.Disposable {
  readonly #live = new Set<vscode.DebugSession>();
  #current: vscode.DebugSession | undefined;
  readonly #currentChanged = new vscode.EventEmitter<vscode.DebugSession | undefined>();
  readonly #received = new vscode.EventEmitter<SessionEvent>();
  readonly #moved = new vscode.EventEmitter<vscode.DebugSession>();
  readonly #subscriptions: vscode.Disposable[];

  /** Fires when the views must show another session, or none. */
  readonly onDidChangeCurrent = this.#currentChanged.event;
  /** The adapter's own events. */
  readonly onDidReceiveEvent = this.#received.event;
  /** Fires when a session stopped, went on or began anew, or its status changed: what failed before may work now. */
  readonly onDidMove = this.#moved.event;

  constructor() {
    const { debug } = vscode;
    this.#subscriptions = [
      debug.onDidStartDebugSession((session) => this.#add(session)),
      debug.onDidTerminateDebugSession((session) => this.#remove(session)),
      debug.onDidChangeActiveDebugSession(() => this.#choose()),
      debug.onDidReceiveDebugSessionCustomEvent((event) => this.#receive(event)),
      debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, {
        createDebugAdapterTracker: (session) => ({
          onDidSendMessage: (message: { event?: string; command?: string; success?: boolean }) => {
            const hasMoved = message.event === 'stopped' || message.event === 'continued';
            if (hasMoved || (message.command === 'restart' && message.success)) {
              this.#moved.fire(session);
            }
          },
        }),
      }),
      this.#currentChanged,
      this.#received,
      this.#moved,
    ];
    const active = debug.activeDebugSession;
    if (active) {
      this.#add(active);
    }
  }

  get current(): vscode.DebugSession | undefined {
    return this.#current;
  }

  /** Whether the views must say which session they show. */
  get several(): boolean {
    return this.#live.size > 1;
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  #add(session: vscode.DebugSession): void {
    if (session.type === DEBUG_TYPE) {
      this.#live.add(session);
      this.#choose();
    }
  }

  #remove(session: vscode.DebugSession): void {
    if (this.#live.delete(session)) {
      this.#choose();
    }
  }

  #choose(): void {
    const active = vscode.debug.activeDebugSession;
    const next = [active, this.#current, [...this.#live].at(-1)].find((session) => session && this.#live.has(session));
    if (next !== this.#current) {
      this.#current = next;
      void vscode.commands.executeCommand('setContext', CONTEXT_KEY, next !== undefined);
      this.#currentChanged.fire(next);
    }
  }

  #receive({ session, event, body }: vscode.DebugSessionCustomEvent): void {
    if (session.type !== DEBUG_TYPE) {
      return;
    }
    this.#received.fire({ session, name: event as EventName, body });
    if (event === 'unikernel/status') {
      this.#moved.fire(session);
    }
  }
}
