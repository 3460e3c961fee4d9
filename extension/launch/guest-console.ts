/** The guest's console: a terminal for each session that shows what the guest prints. */
import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../../debug-adapter/protocol.ts';
import type { Sessions } from '../sessions.ts';
import { setting } from '../settings.ts';
import { TerminalText } from './terminal-text.ts';

/** Clears the screen and what was scrolled out of it. */
const CLEAR = '\x1b[2J\x1b[3J\x1b[H';

/**
 * What one session's guest printed, and the terminal that shows it. Both outlive the session: the last words of a kernel are
 * read after its death. The text outlives the terminal too, so that a closed one can be opened again.
 */
class GuestConsole implements vscode.Pseudoterminal, vscode.Disposable {
  readonly name: string;
  /** The session that writes; undefined when it has ended. */
  session: vscode.DebugSession | undefined;
  readonly #text = new TerminalText();
  readonly #written = new vscode.EventEmitter<string>();
  #terminal: vscode.Terminal | undefined;
  #isOpen = false;
  readonly onDidWrite = this.#written.event;

  constructor(session: vscode.DebugSession) {
    this.name = consoleName(session);
    this.session = session;
  }

  /** VS Code calls this when the terminal is first seen. */
  open(): void {
    this.#isOpen = true;
    this.#written.fire(this.#text.all);
  }

  /** VS Code calls this when the user closes the terminal. */
  close(): void {
    this.#isOpen = false;
    this.#terminal = undefined;
  }

  /** Makes the terminal when there is none; `reveal` also brings it to the front, without the focus when `quietly`. */
  show(reveal: boolean, quietly: boolean): void {
    const options = { name: this.name, pty: this, iconPath: new vscode.ThemeIcon('server') };
    this.#terminal ??= vscode.window.createTerminal(options);
    if (reveal) {
      this.#terminal.show(quietly);
    }
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
    this.#terminal?.dispose();
    this.#written.dispose();
  }
}

/** Whether a terminal shows what a guest prints. */
export function isGuestConsole({ creationOptions }: vscode.Terminal): boolean {
  return 'pty' in creationOptions && creationOptions.pty instanceof GuestConsole;
}

function consoleName(session: vscode.DebugSession): string {
  return `Guest: ${session.name}`;
}

class GuestConsoles implements vscode.Disposable {
  readonly #consoles = new Set<GuestConsole>();

  /** The console appears with the guest's first word: a launch that fails leaves none. */
  write(session: vscode.DebugSession, output: string): void {
    const own = this.#of(session);
    const console = own ?? this.#begin(session);
    console.write(output);
    if (!own) {
      console.show(setting('console.reveal', session.workspaceFolder), true);
    }
  }

  /** The user asks for a session's console. */
  show(session: vscode.DebugSession): void {
    (this.#of(session) ?? this.#begin(session)).show(true, false);
  }

  end(session: vscode.DebugSession): void {
    const console = this.#of(session);
    if (console) {
      console.session = undefined;
      console.write('\x1b[2m— the session has ended —\x1b[0m\n');
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#consoles).dispose();
  }

  #of(session: vscode.DebugSession): GuestConsole | undefined {
    return [...this.#consoles].find((console) => console.session === session);
  }

  /** A new session takes over the console of an ended one of the same name. */
  #begin(session: vscode.DebugSession): GuestConsole {
    const name = consoleName(session);
    const left = [...this.#consoles].find((console) => console.name === name && !console.session);
    if (left) {
      left.clear();
      left.session = session;
      return left;
    }
    const console = new GuestConsole(session);
    this.#consoles.add(console);
    return console;
  }
}

/** A DAP message that a tracker sees; only `output` events matter here. */
interface Message {
  type?: string;
  event?: string;
  body?: { category?: string; output?: string };
}

/** The adapter tells the guest's console as output of the category `stdout`, which every DAP client shows in some way. */
export function registerGuestConsole(context: vscode.ExtensionContext, sessions: Sessions): void {
  const consoles = new GuestConsoles();
  context.subscriptions.push(
    consoles,
    vscode.debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, {
      createDebugAdapterTracker: (session) => ({
        onDidSendMessage: ({ type, event, body }: Message) => {
          if (type === 'event' && event === 'output' && body?.category === 'stdout' && body.output) {
            consoles.write(session, body.output);
          }
        },
        onWillStopSession: () => consoles.end(session),
        onExit: () => consoles.end(session),
      }),
    }),
    vscode.commands.registerCommand('unikernel.showConsole', () => {
      if (sessions.current) {
        consoles.show(sessions.current);
      } else {
        void vscode.window.showErrorMessage(vscode.l10n.t('No kernel is being debugged.'));
      }
    }),
  );
}
