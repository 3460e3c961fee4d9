/** A subscription in the session that the views show: follows that session, and runs only while somebody can see what it tells. */
import * as vscode from 'vscode';
import type { CustomEvents } from '../debug-adapter/protocol.ts';
import { request, type SessionEvent, type Sessions, sentence } from './sessions.ts';
import { type SettingName, setting } from './settings.ts';

/** The adapter's events that belong to a subscription. */
type SubscriptionEvent = {
  [E in keyof CustomEvents]: CustomEvents[E] extends { subscription: number } ? E : never;
}[keyof CustomEvents];

interface Source<E extends SubscriptionEvent> {
  event: E;
  /** The setting with its rate in Hz: a change begins it anew. */
  rate: SettingName & `${string}.refreshRate`;
  /** Asks for it; undefined when nothing is wanted now. */
  subscribe(session: vscode.DebugSession, rate: number): Promise<{ subscription: number }> | undefined;
  unsubscribe: 'unikernel/unsubscribe' | 'unikernel/unsubscribeValues';
}

export class Subscription<E extends SubscriptionEvent> implements vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #source: Source<E>;
  readonly #received = new vscode.EventEmitter<CustomEvents[E]>();
  readonly #started = new vscode.EventEmitter<void>();
  readonly #failed = new vscode.EventEmitter<string>();
  readonly #sessionChanged = new vscode.EventEmitter<void>();
  readonly #listening: vscode.Disposable[];
  #visible = false;
  #hasFailed = false;
  /** The session and number of the subscription in force. */
  #session: vscode.DebugSession | undefined;
  #number: number | undefined;
  /** Events that came before the answer, which says whether they are ours. */
  #early: CustomEvents[E][] = [];
  /** Counts attempts: an answer to an older one is no longer wanted. */
  #attempt = 0;

  /** What it tells; the first after each start has everything. */
  readonly onDidReceive = this.#received.event;
  /** It runs (again): what was told before is old. */
  readonly onDidStart = this.#started.event;
  /** Why there is none, in one sentence. */
  readonly onDidFail = this.#failed.event;
  /** Another session is shown, or none. */
  readonly onDidChangeSession = this.#sessionChanged.event;

  constructor(sessions: Sessions, source: Source<E>) {
    this.#sessions = sessions;
    this.#source = source;
    this.#session = sessions.current;
    this.#listening = [
      sessions.onDidChangeCurrent(() => this.restart()),
      sessions.onDidReceiveEvent((event) => this.#receive(event)),
      sessions.onDidMove((session) => {
        if (session === sessions.current && this.#hasFailed) {
          this.restart();
        }
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(`unikernel.${source.rate}`)) {
          this.restart();
        }
      }),
      this.#received,
      this.#started,
      this.#failed,
      this.#sessionChanged,
    ];
  }

  get session(): vscode.DebugSession | undefined {
    return this.#session;
  }

  setVisible(visible: boolean): void {
    if (visible !== this.#visible) {
      this.#visible = visible;
      this.restart();
    }
  }

  dispose(): void {
    this.#visible = false;
    this.#stop();
    vscode.Disposable.from(...this.#listening).dispose();
  }

  /** Ends what runs, and begins anew where there is a session and somebody to see it. */
  restart(): void {
    const session = this.#sessions.current;
    this.#stop();
    if (session !== this.#session) {
      this.#session = session;
      this.#hasFailed = false;
      this.#sessionChanged.fire();
    }
    const begun = session && this.#visible && this.#source.subscribe(session, setting(this.#source.rate));
    if (begun) {
      void this.#start(session, begun);
    }
  }

  #stop(): void {
    this.#attempt++;
    this.#early = [];
    const number = this.#number;
    this.#number = undefined;
    if (number !== undefined && this.#session) {
      this.#unsubscribe(this.#session, number);
    }
  }

  async #start(session: vscode.DebugSession, begun: Promise<{ subscription: number }>): Promise<void> {
    const attempt = this.#attempt;
    try {
      const { subscription } = await begun;
      if (attempt !== this.#attempt) {
        this.#unsubscribe(session, subscription);
        return;
      }
      this.#number = subscription;
      this.#hasFailed = false;
      this.#started.fire();
      for (const event of this.#early.splice(0)) {
        this.#tell(event);
      }
    } catch (error) {
      if (attempt === this.#attempt) {
        this.#hasFailed = true;
        this.#failed.fire(sentence(error));
      }
    }
  }

  #receive({ session, name, body }: SessionEvent): void {
    if (name !== this.#source.event || session !== this.#session || !this.#visible) {
      return;
    }
    const event = body as CustomEvents[E];
    if (this.#number === undefined) {
      this.#early.push(event);
    } else {
      this.#tell(event);
    }
  }

  #tell(event: CustomEvents[E]): void {
    if ('subscription' in event && event.subscription === this.#number) {
      this.#received.fire(event);
    }
  }

  /** Nobody waits for the answer, and a session that has ended has no subscription to end. */
  #unsubscribe(session: vscode.DebugSession, subscription: number): void {
    request(session, this.#source.unsubscribe, { subscription }).catch(() => {});
  }
}
