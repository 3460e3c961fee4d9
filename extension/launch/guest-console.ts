/** The guest's console: a terminal for each session that shows what the guest prints. */
import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../../debug-adapter/protocol.ts';
import type { Sessions } from '../sessions.ts';
import { setting } from '../settings.ts';
import { TerminalText } from './terminal-text.ts';

/** Ends what the last session left: clears the screen and what was scrolled out of it. */
const CLEAR = '\x1b[2J\x1b[3J\x1b[H';

/** A terminal fed by the session's guest output. It outlives the session: the last words of a kernel are read after its death. */
class GuestTerminal implements vscode.Pseudoterminal, vscode.Disposable {
  readonly #written = new vscode.EventEmitter<string>();
  readonly #text = new TerminalText();
  #isOpen = false;
  /** The session that writes; undefined when it has ended. */
  session: vscode.DebugSession | undefined;
  readonly terminal: vscode.Terminal;
  readonly onDidWrite = this.#written.event;

  constructor(name: string) {
    this.terminal = vscode.window.createTerminal({ name, pty: this, iconPath: new vscode.ThemeIcon('server') });
  }

  open(): void {
    this.#isOpen = true;
    this.#written.fire(this.#text.all);
  }

  close(): void {
    this.#isOpen = false;
  }

  write(output: string): void {
    const shown = this.#text.append(output);
    if (this.#isOpen) {
      this.#written.fire(shown);
    }
  }

  clear(): void {
    this.#text.clear();
    if (this.#isOpen) {
      this.#written.fire(CLEAR);
    }
  }

  dispose(): void {
    this.terminal.dispose();
    this.#written.dispose();
  }
}

class GuestConsoles implements vscode.Disposable {
  readonly #consoles = new Set<GuestTerminal>();

  /** A new session's console: that of an ended session of the same name, or a new one. */
  begin(session: vscode.DebugSession): void {
    const name = `Guest: ${session.name}`;
    let console = [...this.#consoles].find((one) => one.terminal.name === name && !one.session);
    if (console) {
      console.clear();
    } else {
      console = new GuestTerminal(name);
      this.#consoles.add(console);
    }
    console.session = session;
    if (setting('console.reveal', session.workspaceFolder)) {
      console.terminal.show(true);
    }
  }

  write(session: vscode.DebugSession, output: string): void {
    this.of(session)?.write(output);
  }

  end(session: vscode.DebugSession): void {
    const console = this.of(session);
    if (console) {
      console.session = undefined;
      console.write('\x1b[2m— the session has ended —\x1b[0m\n');
    }
  }

  /** Forgets a terminal that the user closed; a running session gets another when the user asks for it. */
  closed(terminal: vscode.Terminal): void {
    for (const console of this.#consoles) {
      if (console.terminal === terminal) {
        this.#consoles.delete(console);
      }
    }
  }

  of(session: vscode.DebugSession): GuestTerminal | undefined {
    return [...this.#consoles].find((console) => console.session === session);
  }

  dispose(): void {
    vscode.Disposable.from(...this.#consoles).dispose();
  }
}

/** A DAP message that a tracker sees; only `output` events matter here. */
interface Message {
  type?: string;
  event?: string;
  body?: { category?: string; output?: string };
}

export function registerGuestConsole(context: vscode.ExtensionContext, sessions: Sessions): void {
  const consoles = new GuestConsoles();
  context.subscriptions.push(
    consoles,
    vscode.debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, {
      createDebugAdapterTracker: (session) => ({
        onWillStartSession: () => consoles.begin(session),
        onDidSendMessage: ({ type, event, body }: Message) => {
          if (type === 'event' && event === 'output' && body?.category === 'stdout' && body.output) {
            consoles.write(session, body.output);
          }
        },
        onWillStopSession: () => consoles.end(session),
        onExit: () => consoles.end(session),
      }),
    }),
    vscode.window.onDidCloseTerminal((terminal) => consoles.closed(terminal)),
    vscode.commands.registerCommand('unikernel.showConsole', () => {
      const session = sessions.current;
      if (!session) {
        void vscode.window.showErrorMessage('No kernel is being debugged.');
        return;
      }
      if (!consoles.of(session)) {
        consoles.begin(session);
      }
      consoles.of(session)?.terminal.show();
    }),
  );
}
