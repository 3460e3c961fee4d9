/** The symbol-size tree: what an ELF file's bytes are. Works with no session running; a worker thread reads the file. */
import { isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';
import { SizesWorker } from '../../debug-adapter/elf/sizes/client.ts';
import type { Row, SizeRequestName, SizeRequests, Summary } from '../../debug-adapter/elf/sizes/messages.ts';
import { DEFAULT_QUERY, type TreeQuery } from '../../debug-adapter/elf/sizes/tree.ts';
import { newest, newestKernel } from '../built-kernels.ts';
import { sentence } from '../sessions.ts';
import { setting } from '../settings.ts';
import { formatCount } from '../views/node.ts';
import { homeLabel, rowText, rowTooltip, symbolLabel, viewDescription, viewMessage } from './rows.ts';

const VIEW = 'unikernel.symbolSizes';
const ROWS_AT_ONCE = 500;
const STATE = 'unikernel.sizes.state';
/** A linker writes a large file for a while. */
const SETTLE_MS = 300;

/** What is remembered for a workspace. */
interface State {
  path?: string;
  query?: Partial<TreeQuery>;
}

/** A row, or what stands for rows that cannot be shown. */
export type SizeElement = { row: Row } | { more: { parent: string; hidden: number } } | { error: string };

export class SymbolSizes implements vscode.TreeDataProvider<SizeElement>, vscode.Disposable {
  readonly #state: vscode.Memento;
  readonly #worker: SizesWorker;
  readonly #tree: vscode.TreeView<SizeElement>;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #opened = new vscode.EventEmitter<void>();
  readonly #limits = new Map<string, number>();
  readonly #disposables: vscode.Disposable[] = [];
  #watcher: vscode.FileSystemWatcher | undefined;
  #settling: NodeJS.Timeout | undefined;
  #path: string | undefined;
  #compareWith: string | undefined;
  #summary: Promise<Summary> | undefined;
  #known: Summary | undefined;
  query: TreeQuery;

  readonly onDidChangeTreeData: vscode.Event<undefined>;
  /** A file was opened, or built anew, or is shown in another way. */
  readonly onDidChange = this.#opened.event;

  constructor(context: vscode.ExtensionContext) {
    this.onDidChangeTreeData = this.#changed.event as unknown as vscode.Event<undefined>;
    this.#state = context.workspaceState;
    this.query = { ...DEFAULT_QUERY, ...this.#remembered().query };
    this.#worker = new SizesWorker(join(context.globalStorageUri.fsPath, 'sizes'));
    this.#tree = vscode.window.createTreeView(VIEW, { treeDataProvider: this, showCollapseAll: true });
    this.#disposables.push(
      this.#tree,
      this.#changed,
      this.#opened,
      this.#tree.onDidChangeVisibility(({ visible }) => {
        if (visible && !this.#summary) {
          this.#changed.fire();
        }
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('unikernel.sizes.sourceMap')) {
          this.reload();
        }
      }),
    );
  }

  dispose(): void {
    clearTimeout(this.#settling);
    this.#watcher?.dispose();
    for (const disposable of this.#disposables) {
      disposable.dispose();
    }
    void this.#worker.stop();
  }

  /** What is told of the open file; undefined when none is open. */
  get summary(): Summary | undefined {
    return this.#known;
  }

  get path(): string | undefined {
    return this.#path;
  }

  /** Opens `path`, or the file that is chosen, remembered or found. Undefined when there is none. Rejects with one sentence. */
  async open(path?: string): Promise<Summary | undefined> {
    if (path !== undefined) {
      this.#path = path;
      this.#compareWith = undefined;
      this.#summary = undefined;
      this.#watch(path);
      await this.#remember();
      this.#changed.fire();
    }
    this.#path ??= await this.#find();
    if (this.#path === undefined) {
      return undefined;
    }
    if (!this.#watcher) {
      this.#watch(this.#path);
    }
    this.#summary ??= this.#read(this.#path);
    return this.#summary;
  }

  /** Compares with another build; undefined ends that. */
  async compare(path: string | undefined): Promise<void> {
    this.#compareWith = path;
    this.reload();
    await this.open();
  }

  /** Shows the rows in another way. */
  async show(change: Partial<TreeQuery>): Promise<void> {
    this.query = { ...this.query, ...change };
    this.#limits.clear();
    await this.#remember();
    this.#describe();
    this.#changed.fire();
    this.#opened.fire();
  }

  /** Reads the file again: it was built anew. */
  reload(): void {
    this.#summary = undefined;
    this.#changed.fire();
    this.#opened.fire();
  }

  showMore(parent: string): void {
    this.#limits.set(parent, (this.#limits.get(parent) ?? ROWS_AT_ONCE) + ROWS_AT_ONCE);
    this.#changed.fire();
  }

  /** Asks about the open file. Rejects with one sentence. */
  async ask<N extends SizeRequestName>(
    name: N,
    parameters: SizeRequests[N]['parameters'],
  ): Promise<SizeRequests[N]['result']> {
    if (!(await this.open())) {
      throw new Error(vscode.l10n.t('No ELF file is chosen: use Unikernel: Show Sizes of an ELF File.'));
    }
    return this.#worker.ask(name, parameters);
  }

  async getChildren(element?: SizeElement): Promise<SizeElement[]> {
    if (element && !('row' in element)) {
      return [];
    }
    try {
      if (!(await this.open())) {
        return [];
      }
      const parent = element?.row.id ?? '';
      const limit = this.#limits.get(parent) ?? ROWS_AT_ONCE;
      const { rows, hidden } = await this.#worker.ask('rows', { query: this.query, parent, limit });
      const elements: SizeElement[] = rows.map((row) => ({ row }));
      return hidden > 0 ? [...elements, { more: { parent, hidden } }] : elements;
    } catch (error) {
      return [{ error: sentence(error) }];
    }
  }

  getTreeItem(element: SizeElement): vscode.TreeItem {
    if ('error' in element) {
      const item = new vscode.TreeItem(element.error);
      item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('errorForeground'));
      item.tooltip = element.error;
      return item;
    }
    if ('more' in element) {
      const item = new vscode.TreeItem(vscode.l10n.t('Show more ({0} hidden)', formatCount(element.more.hidden)));
      item.iconPath = new vscode.ThemeIcon('ellipsis');
      item.command = {
        command: 'unikernel.sizes.showMore',
        title: vscode.l10n.t('Show More'),
        arguments: [element.more.parent],
      };
      return item;
    }
    return this.#rowItem(element.row);
  }

  resolveTreeItem(item: vscode.TreeItem, element: SizeElement): vscode.TreeItem {
    if ('row' in element && this.#known) {
      item.tooltip = new vscode.MarkdownString(rowTooltip(element.row, this.#known));
    }
    return item;
  }

  /** What a row is called in this window. */
  labelOf(label: string): string {
    const folders = vscode.workspace.workspaceFolders ?? [];
    return homeLabel(
      label,
      folders.map(({ name, uri }) => ({ name, path: uri.fsPath })),
    );
  }

  #rowItem(row: Row): vscode.TreeItem {
    const { None, Collapsed } = vscode.TreeItemCollapsibleState;
    const label = row.item ? symbolLabel(row.item, this.query.grouping) : this.labelOf(row.label);
    const item = new vscode.TreeItem(label, row.hasChildren ? Collapsed : None);
    // The file's key is part of it: another build is another tree, and what was open stays open in the same one.
    item.id = `${this.#path}\n${this.query.grouping}${row.id}`;
    if (!this.#known) {
      return item;
    }
    const text = rowText(row, this.#known, this.query);
    item.description = text.description;
    item.iconPath = new vscode.ThemeIcon(
      text.icon,
      text.color === undefined ? undefined : new vscode.ThemeColor(text.color),
    );
    item.contextValue = text.context;
    item.accessibilityInformation = { label: text.spoken };
    if (!row.hasChildren && text.context.includes(' source')) {
      item.command = {
        command: 'unikernel.sizes.openSource',
        title: vscode.l10n.t('Open Source'),
        arguments: [{ row }],
      };
    }
    return item;
  }

  async #read(path: string): Promise<Summary> {
    const reading = vscode.window.withProgress(
      { location: { viewId: VIEW }, title: vscode.l10n.t('Reading sizes') },
      async () => {
        this.#worker.onProgress = (step, fraction) => {
          this.#tree.message = `${step}: ${Math.round(100 * fraction)}%`;
        };
        const compareWith = this.#compareWith;
        // Copied: VS Code's own object cannot go to another thread.
        const sourceMap = { ...setting('sizes.sourceMap') };
        return this.#worker.ask('open', { path, sourceMap, ...(compareWith !== undefined && { compareWith }) });
      },
    );
    try {
      this.#known = await reading;
      this.#limits.clear();
      return this.#known;
    } catch (error) {
      // The next one tries anew: the file may be built by then.
      this.#summary = undefined;
      this.#known = undefined;
      throw error;
    } finally {
      this.#describe();
      void vscode.commands.executeCommand('setContext', 'unikernel.sizes.comparing', this.#compareWith !== undefined);
      void vscode.commands.executeCommand('setContext', 'unikernel.sizes.opened', this.#known !== undefined);
      this.#opened.fire();
    }
  }

  #describe(): void {
    this.#tree.description = this.#known ? viewDescription(this.#known, this.query) : '';
    (this.#tree as { message?: string | undefined }).message = this.#known && viewMessage(this.#known, this.query);
  }

  /** The setting, what was open before, or the newest kernel that is built. */
  async #find(): Promise<string | undefined> {
    const folder = vscode.workspace.workspaceFolders?.[0];
    const chosen = setting('sizes.file', folder?.uri);
    if (chosen !== '') {
      return isAbsolute(chosen) || !folder ? chosen : join(folder.uri.fsPath, chosen);
    }
    const { path } = this.#remembered();
    return path === undefined ? newestKernel() : newest([vscode.Uri.file(path)]);
  }

  #watch(path: string): void {
    this.#watcher?.dispose();
    const uri = vscode.Uri.file(path);
    const pattern = new vscode.RelativePattern(vscode.Uri.joinPath(uri, '..'), uri.path.split('/').at(-1) ?? '');
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const changed = (): void => {
      clearTimeout(this.#settling);
      this.#settling = setTimeout(() => this.reload(), SETTLE_MS);
    };
    watcher.onDidChange(changed);
    watcher.onDidCreate(changed);
    watcher.onDidDelete(changed);
    this.#watcher = watcher;
  }

  #remembered(): State {
    return this.#state.get<State>(STATE) ?? {};
  }

  async #remember(): Promise<void> {
    const state: State = { query: this.query };
    if (this.#path !== undefined) {
      state.path = this.#path;
    }
    await this.#state.update(STATE, state);
  }
}
