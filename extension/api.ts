/** What other extensions get from this one: see docs/api.md. Nothing here changes a guest but what the adapter's own requests do. */
import * as vscode from 'vscode';
import type {
  CustomEvents,
  CustomRequests,
  StatusResponse,
  ViewChangedEvent,
  ViewName,
  ViewSnapshot,
} from '../debug-adapter/protocol.ts';
import { request, type Sessions } from './sessions.ts';

/** Grows when something that was here is gone or means something else; what is only added leaves it as it is. */
export const API_VERSION = 1;

/** What `extensions.getExtension('unikernel-workbench.unikernel-workbench').activate()` resolves to. */
export interface WorkbenchApi {
  readonly version: typeof API_VERSION;
  /** The kernel that the views show: the active debug session, or the last that was. Undefined: none is debugged. */
  readonly session: KernelSession | undefined;
  readonly onDidChangeSession: vscode.Event<KernelSession | undefined>;
}

/** A kernel that is debugged. Every method rejects with one sentence for the user. */
export interface KernelSession {
  readonly debugSession: vscode.DebugSession;
  /** What is known of the kernel. */
  status(): Promise<StatusResponse>;
  /** One view now, also while the guest runs: reading does not stop it. */
  view<V extends ViewName>(view: V): Promise<ViewSnapshot<V>>;
  /**
   * What changes in a view, `rate` times a second (0.1 to 50), until the subscription is disposed or the session ends. The first
   * event has every row.
   */
  watch<V extends ViewName>(
    view: V,
    rate: number,
    listener: (change: ViewChangedEvent<V>) => void,
  ): Promise<vscode.Disposable>;
  /** Any custom request of the adapter. */
  request<R extends keyof CustomRequests>(name: R, given: CustomRequests[R][0]): Promise<CustomRequests[R][1]>;
  /** Every custom event of the adapter in this session. */
  readonly onDidReceiveEvent: vscode.Event<AdapterEvent>;
}

export type AdapterEvent = { [E in keyof CustomEvents]: { name: E; body: CustomEvents[E] } }[keyof CustomEvents];

/** The API over the sessions that the views show. Disposed with `subscriptions`. */
export function createApi(sessions: Sessions, subscriptions: vscode.Disposable[]): WorkbenchApi {
  const made = new WeakMap<vscode.DebugSession, KernelSession>();
  const sessionOf = (debugSession: vscode.DebugSession | undefined): KernelSession | undefined => {
    if (!debugSession) {
      return undefined;
    }
    const session = made.get(debugSession) ?? new ApiSession(debugSession, sessions);
    made.set(debugSession, session);
    return session;
  };
  const changed = new vscode.EventEmitter<KernelSession | undefined>();
  subscriptions.push(
    changed,
    sessions.onDidChangeCurrent((current) => changed.fire(sessionOf(current))),
  );
  return Object.freeze({
    version: API_VERSION,
    get session() {
      return sessionOf(sessions.current);
    },
    onDidChangeSession: changed.event,
  });
}

class ApiSession implements KernelSession {
  readonly debugSession: vscode.DebugSession;
  readonly onDidReceiveEvent: vscode.Event<AdapterEvent>;

  constructor(debugSession: vscode.DebugSession, sessions: Sessions) {
    this.debugSession = debugSession;
    this.onDidReceiveEvent = (listener, self, disposables) => {
      const listening = sessions.onDidReceiveEvent(({ session, name, body }) => {
        if (session.id === debugSession.id) {
          listener.call(self, { name, body } as AdapterEvent);
        }
      });
      disposables?.push(listening);
      return listening;
    };
  }

  request<R extends keyof CustomRequests>(name: R, given: CustomRequests[R][0]): Promise<CustomRequests[R][1]> {
    return request(this.debugSession, name, given);
  }

  status(): Promise<StatusResponse> {
    return this.request('unikernel/status', {});
  }

  async view<V extends ViewName>(view: V): Promise<ViewSnapshot<V>> {
    // The answer is of the view that was asked for.
    return (await this.request('unikernel/view', { view })) as ViewSnapshot<V>;
  }

  async watch<V extends ViewName>(
    view: V,
    rate: number,
    listener: (change: ViewChangedEvent<V>) => void,
  ): Promise<vscode.Disposable> {
    // The first event may come before the answer that tells which subscription is ours.
    const early: ViewChangedEvent[] = [];
    let own: number | undefined;
    const listening = this.onDidReceiveEvent(({ name, body }) => {
      if (name !== 'unikernel/viewChanged') {
        return;
      }
      if (own === undefined) {
        early.push(body);
      } else if (body.subscription === own) {
        listener(body as ViewChangedEvent<V>);
      }
    });
    try {
      const { subscription } = await this.request('unikernel/subscribe', { views: [view], rate });
      own = subscription;
      for (const body of early.filter((one) => one.subscription === own)) {
        listener(body as ViewChangedEvent<V>);
      }
      return new vscode.Disposable(() => {
        listening.dispose();
        // The session may have ended, and the subscription with it.
        void this.request('unikernel/unsubscribe', { subscription }).catch(() => {});
      });
    } catch (error) {
      listening.dispose();
      throw error;
    }
  }
}
