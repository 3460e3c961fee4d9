/** A view's newest snapshot: follows the current session, and runs only while somebody can see the view. */
import * as vscode from 'vscode';
import type { ViewChangedEvent, ViewName, ViewSnapshot } from '../../debug-adapter/protocol.ts';
import { request, type Sessions } from '../sessions.ts';
import { Subscription } from '../subscription.ts';
import { ViewStore } from './store.ts';

export class LiveView<V extends ViewName> implements vscode.Disposable {
  readonly #subscription: Subscription<'unikernel/viewChanged'>;
  readonly #store = new ViewStore<V>();
  readonly #changed = new vscode.EventEmitter<void>();
  #error: string | undefined;

  readonly onDidChange = this.#changed.event;

  constructor(view: V, sessions: Sessions) {
    this.#subscription = new Subscription(sessions, {
      event: 'unikernel/viewChanged',
      rate: 'views.refreshRate',
      subscribe: (session, rate) => request(session, 'unikernel/subscribe', { views: [view], rate }),
      unsubscribe: 'unikernel/unsubscribe',
    });
    this.#subscription.onDidChangeSession(() => this.#forget());
    // Rows stay until new ones come.
    this.#subscription.onDidStart(() => {
      this.#error = undefined;
      this.#store.clear();
    });
    this.#subscription.onDidReceive((event) => {
      if (this.#store.apply(event as ViewChangedEvent<V>)) {
        this.#changed.fire();
      }
    });
    this.#subscription.onDidFail((reason) => {
      this.#error = reason;
      this.#changed.fire();
    });
  }

  get session(): vscode.DebugSession | undefined {
    return this.#subscription.session;
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
    this.#subscription.setVisible(visible);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  #forget(): void {
    this.#store.clear();
    this.#error = undefined;
    this.#changed.fire();
  }
}
