/** The *Live Watch* view: values of the current session's guest, stopped or running, as expressions that the user pinned. */
import * as vscode from 'vscode';
import { request, type Sessions, sentence } from '../sessions.ts';
import { Subscription } from '../subscription.ts';
import { watchItem, watchTooltip } from './item.ts';
import { MOST_EXPRESSIONS, moved, type Pin, rangeOf, rangesBelow, rowId, type WatchRow, WatchRows } from './rows.ts';

const PINS_KEY = 'unikernel.liveWatch.pins';
const HEXADECIMAL_KEY = 'unikernel.liveWatch.hexadecimal';
/** What rows that are dragged carry: their ids. VS Code wants the view's name in it. */
const DRAGGED = 'application/vnd.code.tree.unikernel.livewatch';
/** True while the rows stand still: for `when` clauses. */
const PAUSED_CONTEXT = 'unikernel.liveWatch.paused';
/** Rows that open and close together ask once. */
const SETTLE_MILLISECONDS = 50;

export class LiveWatch
  implements vscode.TreeDataProvider<WatchRow>, vscode.TreeDragAndDropController<WatchRow>, vscode.Disposable
{
  readonly #state: vscode.Memento;
  readonly #sessions: Sessions;
  readonly #rows = new WatchRows();
  readonly #feed: Subscription<'unikernel/valuesChanged'>;
  readonly #tree: vscode.TreeView<WatchRow>;
  readonly #drawn = new vscode.EventEmitter<WatchRow[] | undefined>();
  readonly #subscriptions: vscode.Disposable[];
  #pins: Pin[];
  #failure: string | undefined;
  #isPaused = false;
  #asking: NodeJS.Timeout | undefined;

  readonly onDidChangeTreeData = this.#drawn.event;
  readonly dragMimeTypes = [DRAGGED];
  readonly dropMimeTypes = [DRAGGED];

  /** @param state keeps the pins of the workspace */
  constructor(state: vscode.Memento, sessions: Sessions) {
    this.#state = state;
    this.#sessions = sessions;
    this.#pins = state.get<Pin[]>(PINS_KEY, []);
    this.#rows.setPins(this.#pins);
    this.#feed = new Subscription(sessions, {
      event: 'unikernel/valuesChanged',
      rate: 'views.refreshRate',
      subscribe: (session, rate) => this.#subscribe(session, rate),
      unsubscribe: 'unikernel/unsubscribeValues',
    });
    this.#tree = vscode.window.createTreeView('unikernel.liveWatch', {
      treeDataProvider: this,
      dragAndDropController: this,
      showCollapseAll: true,
      canSelectMany: true,
    });
    this.#subscriptions = [
      this.#tree,
      this.#feed,
      this.#drawn,
      this.#tree.onDidChangeVisibility(({ visible }) => this.#feed.setVisible(visible)),
      this.#tree.onDidExpandElement(({ element }) => this.#setExpanded(element, true)),
      this.#tree.onDidCollapseElement(({ element }) => this.#setExpanded(element, false)),
      this.#feed.onDidReceive((event) => {
        this.#failure = undefined;
        this.#draw(this.#rows.apply(event, performance.now()));
      }),
      this.#feed.onDidChangeSession(() => this.#forget()),
      this.#feed.onDidFail((reason) => {
        this.#failure = reason;
        this.#drawn.fire(undefined);
      }),
    ];
    this.#feed.setVisible(this.#tree.visible);
    this.#describe();
  }

  get session(): vscode.DebugSession | undefined {
    return this.#feed.session;
  }

  get selection(): readonly WatchRow[] {
    return this.#tree.selection;
  }

  get isHexadecimal(): boolean {
    return this.#state.get(HEXADECIMAL_KEY, false);
  }

  async toggleHexadecimal(): Promise<void> {
    await this.#state.update(HEXADECIMAL_KEY, !this.isHexadecimal);
    this.#describe();
    this.#feed.restart();
  }

  /** Rows that stand still can be read and hovered, however often their values change; what happens meanwhile is remembered. */
  async setPaused(isPaused: boolean): Promise<void> {
    this.#isPaused = isPaused;
    await vscode.commands.executeCommand('setContext', PAUSED_CONTEXT, isPaused);
    this.#describe();
    if (!isPaused) {
      this.#drawn.fire(undefined);
    }
  }

  /** Pins an expression at the end; one that is pinned already is shown. */
  async add(expression: string, label?: string): Promise<void> {
    if (!this.#pins.some((pin) => pin.expression === expression)) {
      if (this.#pins.length >= MOST_EXPRESSIONS) {
        throw new Error(vscode.l10n.t('Live Watch follows {0} expressions at most: remove some.', MOST_EXPRESSIONS));
      }
      const id = 1 + Math.max(0, ...this.#pins.map((pin) => pin.id));
      await this.#setPins([...this.#pins, { id, expression, ...(label !== undefined && { label }) }]);
    }
    const row = this.#rows.pins.find((pin) => pin.expression === expression);
    if (row) {
      await this.#tree.reveal(row, { select: true, focus: false });
    }
  }

  async edit(row: WatchRow, expression: string): Promise<void> {
    await this.#setPins(this.#pins.map((pin) => (rowId(pin) === row.id ? { id: pin.id, expression } : pin)));
  }

  async remove(rows: readonly WatchRow[]): Promise<void> {
    await this.#setPins(this.#pins.filter((pin) => !rows.some((row) => row.id === rowId(pin))));
  }

  async removeAll(): Promise<void> {
    await this.#setPins([]);
  }

  /** Writes to the guest's memory, also while it runs. Rejects with gdb's sentence. */
  async setValue(row: WatchRow, value: string): Promise<void> {
    const session = this.#requireSession();
    await request(session, 'unikernel/setLiveValue', { expression: row.expression, value });
    this.#feed.restart();
  }

  dispose(): void {
    clearTimeout(this.#asking);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  getTreeItem(row: WatchRow): vscode.TreeItem {
    const note = this.session ? (this.#failure ?? '') : vscode.l10n.t('not available');
    return watchItem(row, this.#rows.isExpanded(row), note, performance.now());
  }

  getParent(row: WatchRow): WatchRow | undefined {
    return row.parent;
  }

  async getChildren(row?: WatchRow): Promise<WatchRow[]> {
    if (!row) {
      return [...this.#rows.pins];
    }
    return rangesBelow(row) ?? row.children ?? (await this.#open(row));
  }

  resolveTreeItem(item: vscode.TreeItem, row: WatchRow): vscode.TreeItem {
    const tooltip = watchTooltip(row, performance.now());
    if (tooltip) {
      item.tooltip = tooltip;
    }
    return item;
  }

  handleDrag(rows: readonly WatchRow[], data: vscode.DataTransfer): void {
    const ids = rows.filter(({ kind }) => kind === 'pin').map(({ id }) => id);
    data.set(DRAGGED, new vscode.DataTransferItem(ids));
  }

  /** Puts what was dragged ahead of the pin it was dropped on, or at the end. */
  async handleDrop(target: WatchRow | undefined, data: vscode.DataTransfer): Promise<void> {
    const ids: unknown = data.get(DRAGGED)?.value;
    if (!Array.isArray(ids)) {
      return;
    }
    await this.#setPins(moved(this.#pins, ids, target));
  }

  #requireSession(): vscode.DebugSession {
    if (!this.session) {
      throw new Error(vscode.l10n.t('No kernel is being debugged.'));
    }
    return this.session;
  }

  async #setPins(pins: Pin[]): Promise<void> {
    this.#pins = pins;
    this.#rows.setPins(pins);
    this.#drawn.fire(undefined);
    this.#feed.restart();
    await this.#state.update(PINS_KEY, pins);
  }

  /** Another session, or none: its values are not those of the one before. */
  #subscribe(session: vscode.DebugSession, rate: number): Promise<{ subscription: number }> | undefined {
    const wanted = this.#rows.wanted();
    return wanted.expressions.length === 0
      ? undefined
      : request(session, 'unikernel/subscribeValues', { ...wanted, hexadecimal: this.isHexadecimal, rate });
  }

  #forget(): void {
    this.#failure = undefined;
    this.#rows.clear();
    this.#describe();
    this.#drawn.fire(undefined);
  }

  #draw(rows: WatchRow[]): void {
    this.#describe();
    if (rows.length > 0 && !this.#isPaused) {
      this.#drawn.fire(rows);
    }
  }

  #describe(): void {
    const { session } = this;
    const facts = [
      this.#sessions.several && session ? session.name : '',
      this.#isPaused ? vscode.l10n.t('paused') : '',
      this.isHexadecimal ? vscode.l10n.t('hexadecimal') : '',
    ];
    this.#tree.description = facts.filter((fact) => fact !== '').join(' · ');
  }

  #setExpanded(row: WatchRow, isExpanded: boolean): void {
    if (this.#rows.setExpanded(row, isExpanded)) {
      clearTimeout(this.#asking);
      this.#asking = setTimeout(() => this.#feed.restart(), SETTLE_MILLISECONDS);
    }
  }

  /** The children of a row that is opened for the first time; from then on the subscription tells them. */
  async #open(row: WatchRow): Promise<WatchRow[]> {
    const range = rangeOf(row);
    const { session } = this;
    if (!session || !range) {
      return [];
    }
    try {
      const hexadecimal = this.isHexadecimal;
      const given = { expression: row.expression, ...range, hexadecimal };
      const { children } = await request(session, 'unikernel/liveChildren', given);
      return this.#rows.open(row, children, performance.now());
    } catch (error) {
      void vscode.window.showErrorMessage(sentence(error));
      return [];
    }
  }
}
