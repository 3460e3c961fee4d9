/** Shows a view's rows as a VS Code tree. The only thing that differs from view to view is how a snapshot becomes rows. */
import * as vscode from 'vscode';
import type { PoolPageRow, ViewName, ViewSnapshot } from '../../debug-adapter/protocol.ts';
import { request, type Sessions, sentence } from '../sessions.ts';
import { ERROR_ROW } from './error-rows.ts';
import { LiveView } from './live-view.ts';
import { slabNodes } from './malloc-pools.ts';
import { formatCount, GROUP, type RowTone, type SlabPages, type ViewNode } from './node.ts';
import { type Row, Rows } from './rows.ts';

/** How many rows a row shows at once; more are a click away. VS Code takes each visible level anew at every refresh. */
const ROWS_AT_ONCE = 500;
/** The adapter's bound for one answer. */
const SLABS_AT_ONCE = 1000;
/** A class with more slabs than this is shown in part. */
const SLABS_AT_MOST = 10_000;

const TONES: Record<RowTone, string> = {
  error: 'errorForeground',
  warning: 'list.warningForeground',
  running: 'testing.iconPassed',
  quiet: 'descriptionForeground',
};

/** How a snapshot becomes rows. */
export interface Rendering<V extends ViewName> {
  nodes(snapshot: ViewSnapshot<V>): ViewNode[];
  /** What stands above the rows: that some are hidden. */
  message?(): string | undefined;
  /** Another guest is shown, or none: what was learned of the last one is void. */
  forget?(): void;
}

export class ViewTree<V extends ViewName> implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  readonly #view: V;
  readonly #rendering: Rendering<V>;
  readonly #sessions: Sessions;
  readonly #live: LiveView<V>;
  readonly #tree: vscode.TreeView<Row>;
  readonly #changed = new vscode.EventEmitter<Row[] | undefined>();
  readonly #rows = new Rows();
  #running: boolean | undefined;
  /** How many rows of which parent are shown, where it is more than the usual. */
  readonly #limits = new Map<string, number>();

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(view: V, sessions: Sessions, rendering: Rendering<V>) {
    this.#view = view;
    this.#rendering = rendering;
    this.#sessions = sessions;
    this.#live = new LiveView(view, sessions);
    this.#tree = vscode.window.createTreeView(`unikernel.${view}`, { treeDataProvider: this, showCollapseAll: true });
    this.#tree.onDidChangeVisibility(({ visible }) => this.#live.setVisible(visible));
    this.#live.onDidChange(() => this.#refresh());
    sessions.onDidChangeCurrent(() => rendering.forget?.());
    this.#live.setVisible(this.#tree.visible);
  }

  dispose(): void {
    this.#live.dispose();
    this.#tree.dispose();
    this.#changed.dispose();
  }

  async getChildren(parent?: Row): Promise<Row[]> {
    const slabs = parent?.node.slabs;
    const nodes = slabs ? this.#limited(parent.node.id, await this.#slabs(slabs)) : this.#below(parent?.node);
    return this.#rows.open(parent, nodes ?? []);
  }

  getTreeItem({ node }: Row): vscode.TreeItem {
    const shown = item(node);
    if (node.moreBelow !== undefined) {
      const title = vscode.l10n.t('Show More Rows');
      shown.command = { command: 'unikernel.showMoreRows', title, arguments: [this.#view, node.moreBelow] };
    }
    return shown;
  }

  resolveTreeItem(item: vscode.TreeItem, { node }: Row): vscode.TreeItem {
    if (node.tooltip) {
      item.tooltip = new vscode.MarkdownString(node.tooltip());
    }
    return item;
  }

  getParent({ parent }: Row): Row | undefined {
    return parent;
  }

  /** The newest snapshot; undefined until one came. */
  get snapshot(): ViewSnapshot<V> | undefined {
    return this.#live.snapshot;
  }

  /** Draws the newest snapshot anew: the rendering would make other rows of it. */
  redraw(): void {
    this.#refresh();
  }

  /** Shows the view, and in it selects and opens the row with this id, of its own level or in one of its groups. */
  async reveal(id: string): Promise<void> {
    await vscode.commands.executeCommand(`unikernel.${this.#view}.focus`);
    await this.#filled();
    const row = await this.#find(id);
    if (row) {
      await this.#tree.reveal(row, { select: true, focus: true, expand: true });
    }
  }

  async #find(id: string): Promise<Row | undefined> {
    for (const row of await this.getChildren()) {
      if (row.node.id === id) {
        return row;
      }
      const below = row.node.id.startsWith(GROUP) ? await this.getChildren(row) : [];
      const found = below.find(({ node }) => node.id.endsWith(`/${id}`));
      if (found) {
        return found;
      }
    }
    return undefined;
  }

  /** Shows more of the rows below the row with the id `parent`; the empty id is the view's own level. */
  showMore(parent: string): void {
    this.#limits.set(parent, (this.#limits.get(parent) ?? ROWS_AT_ONCE) + ROWS_AT_ONCE);
    this.#changed.fire(undefined);
  }

  /** Resolves when the view has rows, or a sentence why not. */
  #filled(): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#live.snapshot || this.#live.error !== undefined || !this.#live.session) {
          subscription.dispose();
          resolve();
        }
      };
      const subscription = this.#live.onDidChange(look);
      look();
    });
  }

  #refresh(): void {
    this.#tree.description = this.#describe();
    const nodes = this.#below(undefined) ?? [];
    this.#showMessage();
    const running = this.#live.snapshot?.running;
    if (running !== this.#running) {
      // A stop: hovers that were read while the guest ran are old now, though their rows may look the same.
      this.#running = running;
      this.#changed.fire(undefined);
      return;
    }
    const changed = this.#rows.update(nodes, (parent) => this.#below(parent));
    if (changed === 'all') {
      this.#changed.fire(undefined);
    } else if (changed.length > 0) {
      this.#changed.fire(changed);
    }
  }

  /** Text above the rows, where there is any: VS Code takes an empty one for a line. */
  #showMessage(): void {
    const message = this.#live.snapshot && this.#rendering.message?.();
    if (message !== this.#tree.message) {
      (this.#tree as { message: string | undefined }).message = message;
    }
  }

  /** The nodes below `parent` as far as they are shown; undefined when the adapter has to be asked. */
  #below(parent: ViewNode | undefined): ViewNode[] | undefined {
    if (parent?.slabs) {
      return undefined;
    }
    return this.#limited(parent?.id ?? '', parent ? (parent.children?.() ?? []) : this.#roots());
  }

  #describe(): string {
    const { snapshot, session } = this.#live;
    if (!snapshot || !session) {
      return '';
    }
    const parts = [snapshot.running ? 'live' : 'stopped'];
    if (snapshot.quality === 'torn') {
      parts.push('torn');
    }
    if (this.#sessions.several) {
      parts.unshift(session.name);
    }
    return parts.join(' · ');
  }

  /** The view's rows, its notes last. Empty only when there is no session: then the welcome text shows. */
  #roots(): ViewNode[] {
    const { session, snapshot, error } = this.#live;
    if (!session) {
      return [];
    }
    if (error !== undefined) {
      return [{ id: 'error', label: error, icon: 'error', tone: 'error', tooltip: () => error }];
    }
    if (!snapshot) {
      return [{ id: 'waiting', label: vscode.l10n.t('Waiting for the guest…'), icon: 'loading~spin' }];
    }
    const rows = this.#rendering.nodes(snapshot);
    const notes = snapshot.notes.map(
      (note, index): ViewNode => ({ id: `note/${index}`, label: note, icon: 'info', tooltip: () => note }),
    );
    return rows.length + notes.length > 0
      ? [...rows, ...notes]
      : [{ id: 'none', label: vscode.l10n.t('Nothing yet.'), icon: 'info' }];
  }

  #limited(parent: string, nodes: ViewNode[]): ViewNode[] {
    const limit = this.#limits.get(parent) ?? ROWS_AT_ONCE;
    if (nodes.length <= limit) {
      return nodes;
    }
    const hidden = nodes.length - limit;
    const label = vscode.l10n.t(
      'Show {0} more ({1} hidden)',
      formatCount(Math.min(hidden, ROWS_AT_ONCE)),
      formatCount(hidden),
    );
    return [...nodes.slice(0, limit), { id: `more/${parent}`, label, icon: 'ellipsis', moreBelow: parent }];
  }

  async #slabs({ pool, cpu }: SlabPages): Promise<ViewNode[]> {
    const { session } = this.#live;
    if (!session) {
      return [];
    }
    try {
      const pages: PoolPageRow[] = [];
      let total = 1;
      for (let start = 0; start < Math.min(total, SLABS_AT_MOST); start += SLABS_AT_ONCE) {
        const answer = await request(session, 'unikernel/poolPages', { pool, start, count: SLABS_AT_ONCE });
        pages.push(...answer.pages.filter((page) => page.cpu === cpu));
        total = answer.total;
      }
      const nodes = slabNodes(pool, pages);
      if (total > SLABS_AT_MOST) {
        const label = vscode.l10n.t(
          'The class has {0} slabs; the first {1} were looked at.',
          formatCount(total),
          formatCount(SLABS_AT_MOST),
        );
        nodes.push({ id: `slab/${pool}/${cpu}/cut`, label, icon: 'info' });
      }
      return nodes;
    } catch (error) {
      return [{ id: `slab/${pool}/${cpu}/error`, label: sentence(error), icon: 'error', tone: 'error' }];
    }
  }
}

function item(node: ViewNode): vscode.TreeItem {
  const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const opens = node.children !== undefined || node.slabs !== undefined;
  const row = new vscode.TreeItem(node.label, opens ? (node.expanded ? Expanded : Collapsed) : None);
  row.id = node.id;
  if (node.description !== undefined) {
    row.description = node.description;
  }
  if (node.icon !== undefined) {
    row.iconPath = new vscode.ThemeIcon(node.icon, node.tone && new vscode.ThemeColor(TONES[node.tone]));
  }
  if (node.tone === 'error') {
    row.resourceUri = ERROR_ROW;
  }
  const offers = (['address', 'thread', 'code'] as const).filter((name) => node[name] !== undefined);
  if (offers.length > 0) {
    // For `when` clauses: unikernel.row.address.thread
    row.contextValue = ['unikernel.row', ...offers].join('.');
  }
  return row;
}

/** The node of a row that a command was run on; undefined when it was run by name. */
export function nodeOf(row: unknown): ViewNode | undefined {
  return (row as Row | undefined)?.node;
}
