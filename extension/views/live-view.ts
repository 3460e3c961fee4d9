/** A view's subscription: follows the current session, and runs only while somebody can see the view. */
import * as vscode from 'vscode';
import type { ViewChangedEvent, ViewName, ViewSnapshot } from '../../debug-adapter/protocol.ts';
import { request, type SessionEvent, type Sessions, sentence } from '../sessions.ts';
import { setting } from '../settings.ts';
import { ViewStore } from './store.ts';

export class LiveView<V extends ViewName> implements vscode.Disposable {
  readonly #view: V;
  readonly #sessions: Sessions;
  readonly #store = new ViewStore<V>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable[];
  #visible = false;
  #error: string | undefined;
  /** The session and number of the subscription in force. */
  #session: vscode.DebugSession | undefined;
  #subscription: number | undefined;
  /** Events that came before the answer to `subscribe`, which says whether they are ours. */
  #early: ViewChangedEvent<V>[] = [];
  /** Counts attempts: an answer to an older one is no longer wanted. */
  #attempt = 0;

  readonly onDidChange = this.#changed.event;

  constructor(view: V, sessions: Sessions) {
    this.#view = view;
    this.#sessions = sessions;
    this.#subscriptions = [
      sessions.onDidChangeCurrent(() => this.#restart()),
      sessions.onDidReceiveEvent((event) => this.#receive(event)),
      sessions.onDidMove((session) => {
        if (session === sessions.current && this.#error !== undefined) {
          this.#restart();
        }
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('unikernel.views.refreshRate')) {
          this.#restart();
        }
      }),
      this.#changed,
    ];
  }

  get session(): vscode.DebugSession | undefined {
    return this.#session;
  }

  /** The newest snapshot, undefined until one came. */
  get snapshot(): ViewSnapshot<V> | undefined {
    return this.#store.snapshot;
  }

  /** Why there is no snapshot, in one sentence. */
  get error(): string | undefined {
    return this.#error;
  }

  setVisible(visible: boolean): void {
    if (visible !== this.#visible) {
      this.#visible = visible;
      this.#restart();
    }
  }

  dispose(): void {
    this.#visible = false;
    this.#stop();
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  /** Ends what runs and subscribes anew where there is a session and somebody to see it. Rows stay until new ones come. */
  #restart(): void {
    const session = this.#sessions.current;
    this.#stop();
    if (session !== this.#session) {
      this.#session = session;
      this.#store.clear();
      this.#error = undefined;
      this.#changed.fire();
    }
    if (session && this.#visible) {
      void this.#start(session);
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

  async #start(session: vscode.DebugSession): Promise<void> {
    const attempt = this.#attempt;
    const rate = setting('views.refreshRate');
    try {
      const { subscription } = await request(session, 'unikernel/subscribe', { views: [this.#view], rate });
      if (attempt !== this.#attempt) {
        unsubscribe(session, subscription);
        return;
      }
      this.#subscription = subscription;
      this.#error = undefined;
      this.#store.clear();
      for (const event of this.#early.splice(0)) {
        this.#apply(event);
      }
    } catch (error) {
      if (attempt === this.#attempt) {
        this.#error = sentence(error);
        this.#changed.fire();
      }
    }
  }

  #receive({ session, name, body }: SessionEvent): void {
    if (name !== 'unikernel/viewChanged' || session !== this.#session || !this.#visible) {
      return;
    }
    const event = body as ViewChangedEvent<V>;
    if (event.view !== this.#view) {
      return;
    }
    if (this.#subscription === undefined) {
      this.#early.push(event);
    } else {
      this.#apply(event);
    }
  }

  #apply(event: ViewChangedEvent<V>): void {
    if (event.subscription === this.#subscription && this.#store.apply(event)) {
      this.#changed.fire();
    }
  }
}

/** Nobody waits for the answer, and a session that has ended has no subscription to end. */
function unsubscribe(session: vscode.DebugSession, subscription: number): void {
  request(session, 'unikernel/unsubscribe', { subscription }).catch(() => {});
}
