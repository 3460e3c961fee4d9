/** The kernel's history in a panel of its own: timeline, latencies, profile and boot. */
import { Buffer } from 'node:buffer';
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import type { ToHost, ToPage } from '../../webviews/history/messages.ts';
import { request, type Sessions, sentence } from '../sessions.ts';
import { BootRuns } from './boot-runs.ts';
import { historyPage } from './history-page.ts';
import { openPage } from './page.ts';

const TYPE = 'unikernel.history';
/** Between two readings of a guest that runs, in milliseconds. */
const PERIOD = 500;

export function registerHistory(context: vscode.ExtensionContext, sessions: Sessions): void {
  const boots = new BootRuns(context.workspaceState, sessions);
  let panel: HistoryPanel | undefined;
  context.subscriptions.push(
    boots,
    vscode.commands.registerCommand('unikernel.history.show', () => {
      if (panel) {
        panel.reveal();
      } else {
        panel = new HistoryPanel(context.extensionUri, sessions, boots, () => {
          panel = undefined;
        });
      }
    }),
    { dispose: () => panel?.dispose() },
  );
}

class HistoryPanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #sessions: Sessions;
  readonly #boots: BootRuns;
  readonly #disposables: vscode.Disposable[];
  /** Whose history the page shows; it stays when that has ended. */
  #session: vscode.DebugSession | undefined;
  /** BootRun.id of the guest that is shown, once it is known. */
  #boot: string | undefined;
  #afterTrace: number[] = [];
  #afterProfile: number[] = [];
  #isReady = false;
  #isLive = true;
  #timer: NodeJS.Timeout | undefined;
  /** What is read now: readings follow each other. */
  #reading: Promise<void> = Promise.resolve();

  constructor(extension: vscode.Uri, sessions: Sessions, boots: BootRuns, onDispose: () => void) {
    this.#sessions = sessions;
    this.#boots = boots;
    this.#panel = openPage(extension, TYPE, historyPage());
    this.#disposables = [
      this.#panel.webview.onDidReceiveMessage((message: ToHost) => this.#receive(message)),
      sessions.onDidChangeCurrent(() => this.#begin()),
      sessions.onDidMove((session) => session === this.#session && this.#read()),
      boots.onDidChange((session) => session === this.#session && this.#follow(session)),
      this.#panel.onDidChangeViewState(() => this.#read()),
      this.#panel.onDidDispose(() => {
        clearTimeout(this.#timer);
        vscode.Disposable.from(...this.#disposables).dispose();
        onDispose();
      }),
    ];
  }

  reveal(): void {
    this.#panel.reveal();
  }

  dispose(): void {
    this.#panel.dispose();
  }

  async #receive(message: ToHost): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#isReady = true;
        this.#begin();
        break;
      case 'live':
        this.#isLive = message.live;
        this.#read();
        break;
      case 'open':
        await openSource(message.file, message.line);
        break;
      case 'save':
        await save(message.name, message.content, message.opens);
        break;
      case 'forgetBoots':
        if (this.#session) {
          await this.#boots.forget(this.#session);
        }
    }
  }

  /** Shows the session that is current now. One that ended goes on being shown until there is another. */
  #begin(): void {
    const { current } = this.#sessions;
    if (!this.#isReady) {
      return;
    }
    if (!current && this.#session) {
      void this.#post({ type: 'state', running: false, ended: true });
      return;
    }
    this.#session = current;
    this.#boot = current && this.#boots.current(current)?.id;
    this.#afterTrace = [];
    this.#afterProfile = [];
    void this.#post({ type: 'begin', session: current?.name });
    this.#showBoots();
    this.#read();
  }

  /** A guest that was restarted begins a history of its own. */
  #follow(session: vscode.DebugSession): void {
    const boot = this.#boots.current(session)?.id;
    const isAnother = this.#boot !== undefined && boot !== this.#boot;
    this.#boot = boot;
    if (isAnother) {
      this.#begin();
    } else {
      this.#showBoots();
    }
  }

  #showBoots(): void {
    const session = this.#session;
    if (session) {
      const current = this.#boots.current(session)?.id;
      void this.#post({ type: 'boots', runs: this.#boots.runs(session), current });
    }
  }

  /** Reads once, and again after a while as long as the guest runs. */
  #read(): void {
    clearTimeout(this.#timer);
    const session = this.#session;
    if (!session || session !== this.#sessions.current || !this.#panel.visible || !this.#isReady) {
      return;
    }
    this.#reading = this.#reading.then(() => this.#readOnce(session)).catch(() => undefined);
  }

  async #readOnce(session: vscode.DebugSession): Promise<void> {
    clearTimeout(this.#timer);
    const { running } = await request(session, 'unikernel/status', {}).catch(() => ({ running: false }));
    await this.#post({ type: 'state', running, ended: false });
    await this.#readTrace(session);
    await this.#readProfile(session);
    if (running && this.#isLive && this.#panel.visible && session === this.#session) {
      this.#timer = setTimeout(() => this.#read(), PERIOD);
    }
  }

  async #readTrace(session: vscode.DebugSession): Promise<void> {
    try {
      const reading = await request(session, 'unikernel/trace', { after: this.#afterTrace });
      if (session === this.#session) {
        this.#afterTrace = reading.cpus.map(({ next }) => next);
        await this.#post({ type: 'trace', reading });
      }
    } catch (error) {
      await this.#post({ type: 'missing', tab: 'timeline', message: sentence(error) });
    }
  }

  async #readProfile(session: vscode.DebugSession): Promise<void> {
    try {
      const reading = await request(session, 'unikernel/profile', { after: this.#afterProfile });
      if (session === this.#session) {
        this.#afterProfile = reading.cpus.map(({ next }) => next);
        await this.#post({ type: 'profile', reading });
      }
    } catch (error) {
      await this.#post({ type: 'missing', tab: 'profile', message: sentence(error) });
    }
  }

  async #post(message: ToPage): Promise<void> {
    await this.#panel.webview.postMessage(message);
  }
}

async function openSource(file: string, line: number): Promise<void> {
  try {
    const place = new vscode.Position(Math.max(0, line - 1), 0);
    await vscode.window.showTextDocument(vscode.Uri.file(file), {
      selection: new vscode.Range(place, place),
      viewColumn: vscode.ViewColumn.Beside,
    });
  } catch (error) {
    void vscode.window.showErrorMessage(sentence(error));
  }
}

async function save(name: string, content: string, opens: boolean): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
  const file = await vscode.window.showSaveDialog({ defaultUri: vscode.Uri.joinPath(folder, name) });
  if (!file) {
    return;
  }
  try {
    await vscode.workspace.fs.writeFile(file, Buffer.from(content));
    if (opens) {
      await vscode.commands.executeCommand('vscode.open', file);
    }
  } catch (error) {
    void vscode.window.showErrorMessage(sentence(error));
  }
}
