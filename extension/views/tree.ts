/** Shows a view's rows as a VS Code tree. The only thing that differs from view to view is how a snapshot becomes rows. */
import * as vscode from 'vscode';
import { formatAddress, type PoolPageRow, type ViewName, type ViewSnapshot } from '../../debug-adapter/protocol.ts';
import { request, type Sessions, sentence } from '../sessions.ts';
import { LiveView } from './live-view.ts';
import { slabNodes } from './malloc-pools.ts';
import { formatCount, type RowTone, type SlabPages, type ViewNode } from './node.ts';
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

export class ViewTree<V extends ViewName> implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  readonly #view: V;
  readonly #build: (snapshot: ViewSnapshot<V>) => ViewNode[];
  readonly #sessions: Sessions;
  readonly #live: LiveView<V>;
  readonly #tree: vscode.TreeView<Row>;
  readonly #changed = new vscode.EventEmitter<Row[] | undefined>();
  readonly #rows = new Rows();
  #running: boolean | undefined;
  /** How many rows of which parent are shown, where it is more than the usual. */
  readonly #limits = new Map<string, number>();

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(view: V, sessions: Sessions, build: (snapshot: ViewSnapshot<V>) => ViewNode[]) {
    this.#view = view;
    this.#build = build;
    this.#sessions = sessions;
    this.#live = new LiveView(view, sessions);
    this.#tree = vscode.window.createTreeView(`unikernel.${view}`, { treeDataProvider: this, showCollapseAll: true });
    this.#tree.onDidChangeVisibility(({ visible }) => this.#live.setVisible(visible));
    this.#live.onDidChange(() => this.#refresh());
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

  /** Rows of the view's own level are revealed, no others. */
  getParent(): undefined {
    return undefined;
  }

  /** Shows the view, and in it selects and opens the row of its own level with this id. */
  async reveal(id: string): Promise<void> {
    await vscode.commands.executeCommand(`unikernel.${this.#view}.focus`);
    await this.#filled();
    const row = (await this.getChildren()).find(({ node }) => node.id === id);
    if (row) {
      await this.#tree.reveal(row, { select: true, focus: true, expand: true });
    }
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
    const running = this.#live.snapshot?.running;
    if (running !== this.#running) {
      // A stop: hovers that were read while the guest ran are old now, though their rows may look the same.
      this.#running = running;
      this.#changed.fire(undefined);
      return;
    }
    const changed = this.#rows.update(this.#below(undefined) ?? [], (parent) => this.#below(parent));
    if (changed === 'all') {
      this.#changed.fire(undefined);
    } else if (changed.length > 0) {
      this.#changed.fire(changed);
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
    const rows = this.#build(snapshot);
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
  if (node.address !== undefined) {
    row.contextValue = 'unikernel.address';
  }
  return row;
}

/** What *Copy Address* copies for a row. */
export function addressOf(row: unknown): string | undefined {
  const address = (row as Row | undefined)?.node?.address;
  return address === undefined ? undefined : formatAddress(address);
}
