/**
 * The kernels being debugged, and the one that the views show: that which the user chose, else the active session, or the last that was
 * active and lives.
 */
import * as vscode from 'vscode';
import { type CustomEvents, type CustomRequests, DEBUG_TYPE } from '../debug-adapter/protocol.ts';

/** True while a kernel is debugged, and while several are: for `when` clauses. */
const CONTEXT_KEY = 'unikernel.session';
const SEVERAL_CONTEXT = 'unikernel.severalSessions';

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
  #chosen: vscode.DebugSession | undefined;
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
      debug.onDidChangeActiveDebugSession(() => this.#select()),
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

  get all(): vscode.DebugSession[] {
    return [...this.#live];
  }

  /** The session that the user wants to see whichever is active; undefined: the active one. */
  get chosen(): vscode.DebugSession | undefined {
    return this.#chosen;
  }

  /** It stays chosen until it ends. */
  choose(session: vscode.DebugSession | undefined): void {
    this.#chosen = session;
    this.#select();
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
      this.#select();
    }
  }

  #remove(session: vscode.DebugSession): void {
    if (this.#live.delete(session)) {
      this.#select();
    }
  }

  #select(): void {
    void vscode.commands.executeCommand('setContext', SEVERAL_CONTEXT, this.several);
    if (this.#chosen && !this.#live.has(this.#chosen)) {
      this.#chosen = undefined;
    }
    const wanted = [this.#chosen, vscode.debug.activeDebugSession, this.#current, [...this.#live].at(-1)];
    const next = wanted.find((session) => session && this.#live.has(session));
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
