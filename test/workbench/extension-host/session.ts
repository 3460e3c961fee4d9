/** One session in the extension host: starts a configuration, and awaits what the adapter says. */
import * as vscode from 'vscode';
import type { CustomRequests } from '../../../debug-adapter/protocol.ts';

interface Message {
  type: string;
  event?: string;
  command?: string;
  success?: boolean;
  message?: string;
  body?: Record<string, unknown> & { error?: { format?: string } };
}

/** Waits this long for what the guest must do. */
const LIMIT_MS = 60_000;

/** What the adapter sent, and who waits for more. */
class MessageLog {
  readonly #messages: Message[] = [];
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  add(message: Message): void {
    this.#messages.push(message);
    for (const look of this.#waiting) {
      look();
    }
  }

  /** The responses that were refusals. */
  get failures(): string {
    return JSON.stringify(this.#messages.filter(({ success }) => success === false));
  }

  next(event: string): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.#messages.findIndex((message, index) => index >= this.#taken && message.event === event);
        if (found >= 0) {
          this.#taken = found + 1;
          this.#waiting.delete(look);
          clearTimeout(late);
          resolve(this.#messages[found]?.body ?? {});
        }
      };
      const late = setTimeout(() => {
        this.#waiting.delete(look);
        reject(
          new Error(`No event ${event} came; the last were ${this.#messages.slice(-5).map((last) => last.event)}`),
        );
      }, LIMIT_MS);
      this.#waiting.add(look);
      look();
    });
  }
}

export class Session implements AsyncDisposable {
  readonly session: vscode.DebugSession;
  readonly #log: MessageLog;

  private constructor(session: vscode.DebugSession, log: MessageLog) {
    this.session = session;
    this.#log = log;
  }

  /** Starts `parts` as a launch configuration of the opened folder. */
  static start(parts: Record<string, unknown> = {}): Promise<Session> {
    const folder = vscode.workspace.workspaceFolders?.[0];
    const name = String(parts.name ?? 'Sprout');
    const configuration = { type: 'unikernel', request: 'launch', name, ...parts };
    return Session.begun(name, () => vscode.debug.startDebugging(folder, configuration));
  }

  /** The session of that name which `begin` begins; `begin` tells whether it did. */
  static async begun(name: string, begin: () => Thenable<boolean>): Promise<Session> {
    const log = new MessageLog();
    let own: vscode.DebugSession | undefined;
    const tracker = vscode.debug.registerDebugAdapterTrackerFactory('unikernel', {
      createDebugAdapterTracker: (session) => {
        if (own || session.name !== name) {
          return undefined;
        }
        own = session;
        return { onDidSendMessage: (message: Message) => log.add(message) };
      },
    });
    try {
      if (!(await begin()) || !own) {
        throw new Error(`The session did not start: ${log.failures}`);
      }
      return new Session(own, log);
    } finally {
      tracker.dispose();
    }
  }

  /** The body of the next event of that name which no caller has taken. */
  next(event: string): Promise<Record<string, unknown>> {
    return this.#log.next(event);
  }

  async request<R extends keyof CustomRequests>(name: R, given: CustomRequests[R][0]): Promise<CustomRequests[R][1]> {
    return await this.session.customRequest(name, given);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      const listener = vscode.debug.onDidTerminateDebugSession((session) => {
        if (session.id === this.session.id) {
          listener.dispose();
          resolve();
        }
      });
    });
    await vscode.debug.stopDebugging(this.session);
    await ended;
  }
}
