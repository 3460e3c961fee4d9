/** The waits-for graph: who waits for what, held by whom, live in a panel of its own. */
import * as vscode from 'vscode';
import type { Query, ToHost, ToPage } from '../../webviews/waits-for/messages.ts';
import type { Sessions } from '../sessions.ts';
import { showThread } from '../show-thread.ts';
import { LiveView } from '../views/live-view.ts';
import { markup, openPage, type Page } from './page.ts';
import { select } from './waits-for-rows.ts';

const TYPE = 'unikernel.waitsFor';

export function registerWaitsFor(context: vscode.ExtensionContext, sessions: Sessions): void {
  let panel: WaitsForPanel | undefined;
  context.subscriptions.push(
    vscode.commands.registerCommand('unikernel.waitsFor.show', () => {
      if (panel) {
        panel.reveal();
      } else {
        panel = new WaitsForPanel(context.extensionUri, sessions, () => {
          panel = undefined;
        });
      }
    }),
    { dispose: () => panel?.dispose() },
  );
}

class WaitsForPanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #sessions: Sessions;
  readonly #live: LiveView<'waitsFor'>;
  readonly #disposables: vscode.Disposable[];
  #query: Query = { scope: 'all', filter: '' };
  /** What was shown last: it stays when its session ends. */
  #last: Extract<ToPage, { type: 'graph' }> | undefined;

  constructor(extension: vscode.Uri, sessions: Sessions, onDispose: () => void) {
    this.#sessions = sessions;
    this.#panel = openPage(extension, TYPE, page(), { viewColumn: besideCode(), preserveFocus: true });
    this.#live = new LiveView('waitsFor', sessions);
    this.#disposables = [
      this.#live,
      this.#live.onDidChange(() => this.#show()),
      this.#panel.webview.onDidReceiveMessage((message: ToHost) => this.#receive(message)),
      this.#panel.onDidChangeViewState(() => this.#live.setVisible(this.#panel.visible)),
      this.#panel.onDidDispose(() => {
        vscode.Disposable.from(...this.#disposables).dispose();
        onDispose();
      }),
    ];
    this.#live.setVisible(this.#panel.visible);
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
        this.#show();
        break;
      case 'query':
        this.#query = message.query;
        this.#show();
        break;
      case 'openThread':
        if (this.#live.session) {
          await showThread(this.#live.session, message.thread);
        }
        break;
      case 'openLock':
        await vscode.commands.executeCommand('unikernel.revealLock', message.lock);
    }
  }

  #show(): void {
    void this.#panel.webview.postMessage(this.#message());
  }

  #message(): ToPage {
    const { session, snapshot, error } = this.#live;
    if (!session) {
      return this.#last
        ? { ...this.#last, state: 'ended' }
        : nothing(vscode.l10n.t('Debug a kernel to see which threads wait for which locks, also while it runs.'));
    }
    if (error !== undefined) {
      return { type: 'nothing', message: error, isError: true };
    }
    if (!snapshot) {
      return nothing(vscode.l10n.t('Waiting for the guest…'));
    }
    this.#last = {
      type: 'graph',
      session: this.#sessions.several ? session.name : '',
      state: snapshot.running ? 'live' : 'stopped',
      isTorn: snapshot.quality === 'torn',
      guestTime: snapshot.guestTime,
      ...select(snapshot.rows, this.#query),
      total: snapshot.rows.length,
      query: this.#query,
      notes: snapshot.notes,
    };
    return this.#last;
  }
}

/** Beside what is open: a stop shows its source there, and would hide the graph. */
function besideCode(): vscode.ViewColumn {
  return vscode.window.tabGroups.activeTabGroup.activeTab ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active;
}

function nothing(message: string): ToPage {
  return { type: 'nothing', message, isError: false };
}

/** Translated when it is opened. */
function page(): Page {
  return {
    script: 'waits-for',
    title: vscode.l10n.t('Waits-For Graph'),
    // Places and the part that is seen are kept.
    livesHidden: true,
    style: STYLE,
    body: body(),
  };
}

const STYLE = `
header { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
#filter { flex: 1; min-width: 120px; max-width: 320px; }
.field { display: flex; gap: 6px; align-items: center; }
[hidden] { display: none !important; }
body { overflow: hidden; }
main { flex: 1; min-height: 0; display: flex; gap: 8px; }
#picture { flex: 1; min-width: 0; min-height: 0; position: relative; }
#graph { position: absolute; inset: 0; width: 100%; height: 100%; cursor: grab; touch-action: none; }
#tools { position: absolute; top: 0; right: 0; display: flex; gap: 4px; }
#graph.over { cursor: pointer; }
#message { position: absolute; inset: 0; display: flex; align-items: center; justify-content: center; text-align: center; padding: 24px; pointer-events: none; color: var(--vscode-descriptionForeground); }
#message.error { color: var(--vscode-errorForeground); }
aside { width: 34%; max-width: 420px; min-width: 200px; overflow: auto; border-left: 1px solid var(--vscode-widget-border, var(--vscode-contrastBorder, transparent)); padding-left: 8px; }
aside h2 { font-size: 11px; font-weight: 600; text-transform: uppercase; margin: 4px 0; color: var(--vscode-descriptionForeground); }
ul { list-style: none; margin: 0; padding: 0; }
li { padding: 1px 0; overflow-wrap: anywhere; color: var(--vscode-descriptionForeground); }
li.lock { margin-top: 8px; }
li.holder, li.waiter, li.cycle, li.more { padding-left: 14px; }
li.cycle { color: var(--vscode-charts-red); }
li button { all: unset; display: block; width: 100%; box-sizing: border-box; cursor: pointer; padding: 1px 4px; border-radius: 3px; color: var(--vscode-foreground); }
li.lock button { font-weight: 600; }
li.deadlocked button { color: var(--vscode-charts-red); }
li button:hover { background: var(--vscode-list-hoverBackground); }
footer { display: flex; flex-direction: column; gap: 2px; }
#status, #chosen, #notes { min-height: 1.4em; }
#chosen { line-height: 1.4; max-height: 2.8em; overflow: auto; }
#status, #legend { color: var(--vscode-descriptionForeground); }
.line { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 16px; }
#legend { display: flex; flex-wrap: wrap; gap: 4px 14px; }
#legend span::before { content: ''; display: inline-block; width: 22px; vertical-align: middle; margin-right: 5px; border-top: 2px solid; }
#legend .waits::before { border-top: 2px dashed var(--vscode-charts-yellow); }
#legend .holds::before { border-top-color: var(--vscode-charts-blue); }
#legend .shares::before { border-top-color: var(--vscode-charts-green); }
#legend .cycle::before { border-top: 4px solid var(--vscode-charts-red); }
@media (max-width: 640px) { main { flex-direction: column; } aside { width: auto; max-width: none; max-height: 40%; border-left: none; } }
`;

function body(): string {
  return markup`<header>
<div class="field"><label for="scope">${vscode.l10n.t('Show')}</label><vscode-dropdown id="scope" aria-label="${vscode.l10n.t('Show')}">
<vscode-option value="all">${vscode.l10n.t('everything')}</vscode-option><vscode-option value="contended">${vscode.l10n.t('only contended')}</vscode-option><vscode-option value="cycles">${vscode.l10n.t('only cycles')}</vscode-option>
</vscode-dropdown></div>
<vscode-text-field id="filter" placeholder="${vscode.l10n.t('Filter by lock or thread')}" aria-label="${vscode.l10n.t('Filter by the name of a lock or a thread')}"></vscode-text-field>
</header>
<main>
<div id="picture">
<canvas id="graph" tabindex="0" role="application" aria-roledescription="${vscode.l10n.t('graph')}" aria-describedby="chosen" aria-label="${vscode.l10n.t('Waits-for graph. Arrow keys choose a thread or a lock, Enter goes to it, plus and minus zoom, Shift and an arrow key move the picture, 0 shows all. The list beside it says the same.')}"></canvas>
<div id="message" hidden></div>
<div id="tools" role="toolbar" aria-label="${vscode.l10n.t('Picture')}">
<vscode-button id="smaller" appearance="secondary" aria-label="${vscode.l10n.t('Zoom out')}">−</vscode-button>
<vscode-button id="larger" appearance="secondary" aria-label="${vscode.l10n.t('Zoom in')}">+</vscode-button>
<vscode-button id="all" appearance="secondary">${vscode.l10n.t('Show All')}</vscode-button>
<vscode-button id="arrange" appearance="secondary">${vscode.l10n.t('Arrange')}</vscode-button>
</div>
</div>
<aside aria-labelledby="heading"><h2 id="heading">${vscode.l10n.t('Locks, holders and waiters')}</h2><ul id="list"></ul></aside>
</main>
<footer>
<div id="chosen" role="status" aria-live="polite" hidden></div>
<div class="line"><div id="status" hidden></div><div id="legend" aria-hidden="true"><span class="waits">${vscode.l10n.t('waits for')}</span><span class="holds">${vscode.l10n.t('held by')}</span><span class="shares">${vscode.l10n.t('shared with')}</span><span class="cycle">${vscode.l10n.t('deadlock')}</span></div></div>
<div id="notes" hidden></div>
</footer>`;
}
