/** A subscription to values: follows the current session, and runs only while somebody can see them. */
import * as vscode from 'vscode';
import type { ValuesChangedEvent } from '../../debug-adapter/protocol.ts';
import { request, type SessionEvent, type Sessions, sentence } from '../sessions.ts';
import { setting } from '../settings.ts';
import type { Wanted } from './rows.ts';

export interface FeedRequest extends Wanted {
  hexadecimal: boolean;
}

export class ValueFeed implements vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #wanted: () => FeedRequest;
  readonly #received = new vscode.EventEmitter<ValuesChangedEvent>();
  readonly #sessionChanged = new vscode.EventEmitter<void>();
  readonly #failed = new vscode.EventEmitter<string>();
  readonly #subscriptions: vscode.Disposable[];
  #visible = false;
  #hasFailed = false;
  #session: vscode.DebugSession | undefined;
  #subscription: number | undefined;
  /** Events that came before the answer to `subscribeValues`, which says whether they are ours. */
  #early: ValuesChangedEvent[] = [];
  /** Counts attempts: an answer to an older one is no longer wanted. */
  #attempt = 0;

  readonly onDidReceive = this.#received.event;
  /** Another session is shown, or none. */
  readonly onDidChangeSession = this.#sessionChanged.event;
  /** Why there are no values, in one sentence. */
  readonly onDidFail = this.#failed.event;

  /** @param wanted what to ask for, whenever a subscription begins */
  constructor(sessions: Sessions, wanted: () => FeedRequest) {
    this.#sessions = sessions;
    this.#wanted = wanted;
    this.#session = sessions.current;
    this.#subscriptions = [
      sessions.onDidChangeCurrent(() => this.restart()),
      sessions.onDidReceiveEvent((event) => this.#receive(event)),
      sessions.onDidMove((session) => {
        if (session === sessions.current && this.#hasFailed) {
          this.restart();
        }
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('unikernel.views.refreshRate')) {
          this.restart();
        }
      }),
      this.#received,
      this.#sessionChanged,
      this.#failed,
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
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  /** Ends what runs and asks for what is wanted now, where there is a session and somebody to see it. */
  restart(): void {
    const session = this.#sessions.current;
    this.#stop();
    if (session !== this.#session) {
      this.#session = session;
      this.#hasFailed = false;
      this.#sessionChanged.fire();
    }
    const wanted = this.#wanted();
    if (session && this.#visible && wanted.expressions.length > 0) {
      void this.#start(session, wanted);
    }
  }

  #stop(): void {
    this.#attempt++;
    this.#early = [];
    const subscription = this.#subscription;
    this.#subscription = undefined;
    if (subscription !== undefined && this.#session) {
      unsubscribe(this.#session, subscription);
    }
  }

  async #start(session: vscode.DebugSession, wanted: FeedRequest): Promise<void> {
    const attempt = this.#attempt;
    try {
      const rate = setting('views.refreshRate');
      const { subscription } = await request(session, 'unikernel/subscribeValues', { ...wanted, rate });
      if (attempt !== this.#attempt) {
        unsubscribe(session, subscription);
        return;
      }
      this.#subscription = subscription;
      this.#hasFailed = false;
      for (const event of this.#early.splice(0)) {
        this.#apply(event);
      }
    } catch (error) {
      if (attempt === this.#attempt) {
        this.#hasFailed = true;
        this.#failed.fire(sentence(error));
      }
    }
  }

  #receive({ session, name, body }: SessionEvent): void {
    if (name !== 'unikernel/valuesChanged' || session !== this.#session || !this.#visible) {
      return;
    }
    const event = body as ValuesChangedEvent;
    if (this.#subscription === undefined) {
      this.#early.push(event);
    } else {
      this.#apply(event);
    }
  }

  #apply(event: ValuesChangedEvent): void {
    if (event.subscription === this.#subscription) {
      this.#received.fire(event);
    }
  }
}

/** Nobody waits for the answer, and a session that has ended has no subscription to end. */
function unsubscribe(session: vscode.DebugSession, subscription: number): void {
  request(session, 'unikernel/unsubscribeValues', { subscription }).catch(() => {});
}
