/** The subscription to the map of all pages: follows the current session, and runs only while somebody sees it. */
import * as vscode from 'vscode';
import type { PagesChangedEvent } from '../../debug-adapter/protocol.ts';
import { request, type SessionEvent, type Sessions, sentence } from '../sessions.ts';
import { setting } from '../settings.ts';

export class PagesFeed implements vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #received = new vscode.EventEmitter<PagesChangedEvent>();
  readonly #failed = new vscode.EventEmitter<string>();
  readonly #subscriptions: vscode.Disposable[];
  #visible = false;
  #hasFailed = false;
  #session: vscode.DebugSession | undefined;
  #subscription: number | undefined;
  /** Events that came before the answer to `subscribePages`. */
  #early: PagesChangedEvent[] = [];
  /** Counts attempts: an answer to an older one is no longer wanted. */
  #attempt = 0;

  /** What changed; the first after each start has every page. */
  readonly onDidReceive = this.#received.event;
  /** Why there is none, in one sentence. */
  readonly onDidFail = this.#failed.event;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
    this.#subscriptions = [
      sessions.onDidChangeCurrent(() => this.restart()),
      sessions.onDidReceiveEvent((event) => this.#receive(event)),
      sessions.onDidMove((session) => {
        if (session === sessions.current && this.#hasFailed) {
          this.restart();
        }
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('unikernel.memoryPools.refreshRate')) {
          this.restart();
        }
      }),
      this.#received,
      this.#failed,
    ];
  }

  setVisible(visible: boolean): void {
    if (visible !== this.#visible) {
      this.#visible = visible;
      this.restart();
    }
  }

  /** Subscribes anew: every page is told again. */
  restart(): void {
    this.#stop();
    this.#session = this.#sessions.current;
    if (this.#session && this.#visible) {
      void this.#start(this.#session);
    }
  }

  dispose(): void {
    this.#visible = false;
    this.#stop();
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  #stop(): void {
    this.#attempt++;
    this.#early = [];
    this.#hasFailed = false;
    const subscription = this.#subscription;
    this.#subscription = undefined;
    if (subscription !== undefined && this.#session) {
      unsubscribe(this.#session, subscription);
    }
  }

  async #start(session: vscode.DebugSession): Promise<void> {
    const attempt = this.#attempt;
    const rate = setting('memoryPools.refreshRate');
    try {
      const { subscription } = await request(session, 'unikernel/subscribePages', { rate });
      if (attempt !== this.#attempt) {
        unsubscribe(session, subscription);
        return;
      }
      this.#subscription = subscription;
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
    if (name !== 'unikernel/pagesChanged' || session !== this.#session || !this.#visible) {
      return;
    }
    const event = body as PagesChangedEvent;
    if (this.#subscription === undefined) {
      this.#early.push(event);
    } else {
      this.#tell(event);
    }
  }

  #tell(event: PagesChangedEvent): void {
    if (event.subscription === this.#subscription) {
      this.#received.fire(event);
    }
  }
}

/** Nobody waits for the answer, and a session that has ended has no subscription to end. */
function unsubscribe(session: vscode.DebugSession, subscription: number): void {
  request(session, 'unikernel/unsubscribe', { subscription }).catch(() => {});
}
