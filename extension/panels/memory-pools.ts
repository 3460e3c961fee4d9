/** The memory-pool visualizer: every page of RAM, live, in a panel of its own. */
import * as vscode from 'vscode';
import { formatAddress, type SlabRow } from '../../debug-adapter/protocol.ts';
import { MOST_FRAMES, type SlabPurpose, type ToHost, type ToPage } from '../../webviews/memory-pools/messages.ts';
import { request, type Sessions, sentence } from '../sessions.ts';
import { openPlace, showThread } from '../show-thread.ts';
import { Subscription } from '../subscription.ts';
import { LiveView } from '../views/live-view.ts';
import { openCaller } from './callers.ts';
import { memoryPoolsPage } from './memory-pools-page.ts';
import { openPage } from './page.ts';

const TYPE = 'unikernel.memoryPools';
const PAGE_SIZE = 4096;

export function registerMemoryPools(context: vscode.ExtensionContext, sessions: Sessions): void {
  let panel: MemoryPoolsPanel | undefined;
  context.subscriptions.push(
    vscode.commands.registerCommand('unikernel.memoryPools.show', () => {
      if (panel) {
        panel.reveal();
      } else {
        panel = new MemoryPoolsPanel(context.extensionUri, sessions, () => {
          panel = undefined;
        });
      }
    }),
    { dispose: () => panel?.dispose() },
  );
}

class MemoryPoolsPanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #sessions: Sessions;
  readonly #pools: LiveView<'mallocPools'>;
  readonly #pages: Subscription<'unikernel/pagesChanged'>;
  readonly #disposables: vscode.Disposable[];
  /** Where the kernel maps frame 0. */
  #base = 0;
  #state: 'live' | 'stopped' | 'ended' = 'stopped';
  #isReady = false;
  /** No page of this session was told yet. */
  #isOther = true;

  constructor(extension: vscode.Uri, sessions: Sessions, onDispose: () => void) {
    this.#sessions = sessions;
    this.#panel = openPage(extension, TYPE, memoryPoolsPage());
    this.#pools = new LiveView('mallocPools', sessions);
    this.#pages = new Subscription(sessions, {
      event: 'unikernel/pagesChanged',
      rate: 'memoryPools.refreshRate',
      subscribe: (session, rate) => request(session, 'unikernel/subscribePages', { rate }),
      unsubscribe: 'unikernel/unsubscribe',
    });
    this.#disposables = [
      this.#pools,
      this.#pages,
      this.#pools.onDidChange(() => this.#showPools()),
      this.#pages.onDidReceive((event) => {
        this.#base = event.base ?? this.#base;
        this.#setState(event.running ? 'live' : 'stopped');
        this.#post({ type: 'pages', event, isOther: this.#isOther });
        this.#isOther = false;
      }),
      this.#pages.onDidChangeSession(() => {
        this.#isOther = true;
      }),
      this.#pages.onDidFail((message) => this.#post({ type: 'nothing', message, isError: true })),
      sessions.onDidChangeCurrent(() => this.#showState()),
      sessions.onDidMove(() => this.#showMovement()),
      this.#panel.webview.onDidReceiveMessage((message: ToHost) => this.#receive(message)),
      this.#panel.onDidChangeViewState(() => this.#watch()),
      this.#panel.onDidDispose(() => {
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

  /** Reads while the panel can be seen. */
  #watch(): void {
    const isWatched = this.#panel.visible && this.#isReady;
    this.#pools.setVisible(isWatched);
    this.#pages.setVisible(isWatched);
  }

  async #receive(message: ToHost): Promise<void> {
    try {
      await this.#answer(message);
    } catch (error) {
      void vscode.window.showErrorMessage(sentence(error));
    }
  }

  async #answer(message: ToHost): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#isReady = true;
        this.#showState();
        this.#watch();
        this.#showPools();
        break;
      case 'identify':
        await this.#identify(message.frame, message.offset);
        break;
      case 'slabs':
        await this.#showSlabs(message.purpose, message.frames);
        break;
      case 'leaks':
        await this.#showAllocations();
        break;
      case 'open':
        await this.#open(message.frame, message.offset);
        break;
      case 'openClass':
        await vscode.commands.executeCommand('unikernel.revealPool', message.key);
        break;
      case 'openCaller':
        if (this.#sessions.current) {
          await openCaller(this.#sessions.current, message.caller, message.call);
        }
    }
  }

  #post(message: ToPage): void {
    void this.#panel.webview.postMessage(message);
  }

  #setState(state: 'live' | 'stopped' | 'ended'): void {
    if (state !== this.#state) {
      this.#state = state;
      this.#showState();
    }
  }

  #showState(): void {
    const { current, several } = this.#sessions;
    if (!current) {
      this.#state = 'ended';
    }
    this.#post({ type: 'state', session: current && several ? current.name : '', state: this.#state });
    if (!current && this.#base === 0) {
      const message = vscode.l10n.t('Debug a kernel to see every page of its memory, also while it runs.');
      this.#post({ type: 'nothing', message, isError: false });
    }
  }

  /** A stop changes no page: it is told apart. */
  async #showMovement(): Promise<void> {
    const { current } = this.#sessions;
    const status = current && (await request(current, 'unikernel/status', {}).catch(() => undefined));
    if (status) {
      this.#setState(status.running ? 'live' : 'stopped');
    }
  }

  #showPools(): void {
    const { snapshot, error } = this.#pools;
    if (snapshot) {
      const { rows, quality, notes } = snapshot;
      this.#post({ type: 'pools', rows, isTorn: quality === 'torn', notes });
    } else if (error !== undefined) {
      this.#post({ type: 'nothing', message: error, isError: true });
    }
  }

  #address(frame: number, offset: number): string {
    return formatAddress(this.#base + frame * PAGE_SIZE + offset);
  }

  async #identify(frame: number, offset: number): Promise<void> {
    const session = this.#sessions.current;
    if (!session) {
      return;
    }
    const guestTime = this.#pools.snapshot?.guestTime ?? 0;
    try {
      const found = await request(session, 'unikernel/identify', { address: this.#address(frame, offset) });
      this.#post({ type: 'identity', frame, offset, found, text: '', guestTime });
    } catch (error) {
      this.#post({ type: 'identity', frame, offset, text: sentence(error), guestTime });
    }
  }

  /** Each slab once, though many of its pages are in sight. */
  async #showSlabs(purpose: SlabPurpose, frames: readonly number[]): Promise<void> {
    const session = this.#sessions.current;
    const slabs = new Map<number, SlabRow & { frame: number }>();
    let end = 0;
    try {
      for (const frame of session ? frames.slice(0, MOST_FRAMES[purpose]) : []) {
        if (session && frame >= end) {
          const { slab } = await request(session, 'unikernel/slab', { address: this.#address(frame, 0) });
          const first = slab ? (slab.address - this.#base) / PAGE_SIZE : frame;
          end = first + (slab?.pageCount ?? 1);
          if (slab) {
            slabs.set(first, { ...slab, frame: first });
          }
        }
      }
    } catch {
      // The guest has just ended, or the page is another's now: the page asks again while it is in sight.
    }
    this.#post({ type: 'slabs', purpose, slabs: [...slabs.values()] });
  }

  async #showAllocations(): Promise<void> {
    const session = this.#sessions.current;
    const guestTime = this.#pools.snapshot?.guestTime ?? 0;
    try {
      const { groups } = session ? await request(session, 'unikernel/allocations', {}) : { groups: [] };
      const message = groups.length === 0 ? vscode.l10n.t('No live allocations are tracked.') : '';
      this.#post({ type: 'leaks', groups, message, guestTime });
    } catch (error) {
      this.#post({ type: 'leaks', groups: [], message: sentence(error), guestTime });
    }
  }

  /** To what owns a place: the thread of a stack, the code that allocated, the class, the symbol. */
  async #open(frame: number, offset: number): Promise<void> {
    const session = this.#sessions.current;
    if (!session) {
      return;
    }
    const address = this.#address(frame, offset);
    const found = await request(session, 'unikernel/identify', { address });
    const { callers = [], calls = [] } = found.allocation ?? {};
    const asking = callers.findIndex((name) => !name.startsWith('operator new'));
    const caller = callers[asking];
    if (found.kind === 'stack' && found.thread) {
      await showThread(session, found.thread.thread);
    } else if (caller !== undefined) {
      await openCaller(session, caller, calls[asking]);
    } else if (found.kind === 'symbol') {
      const [place] = (await request(session, 'unikernel/symbolise', { addresses: [address] })).places;
      await openPlace(place ?? { symbol: found.description, offset: 0 });
    } else if (found.pool !== undefined) {
      await vscode.commands.executeCommand('unikernel.revealPool', found.pool);
    } else {
      void vscode.window.setStatusBarMessage(found.description, 5000);
    }
  }
}
