/** How the user likes the *Threads* view: its group, sort and filter commands, and the choice that the workspace keeps. */
import * as vscode from 'vscode';
import type { ViewSnapshot } from '../../debug-adapter/protocol.ts';
import { CpuShares } from './cpu-shares.ts';
import { formatCount, type ViewNode } from './node.ts';
import { arrange, GROUPINGS, type Grouping, SORTINGS, type Sorting, type ThreadOrder } from './thread-order.ts';
import { threadNodes } from './threads.ts';
import type { Rendering } from './tree.ts';

const STATE_KEY = 'unikernel.threads.order';
/** True while a filter hides threads: for `when` clauses. */
const FILTERED_CONTEXT = 'unikernel.threads.filtered';
const PLAIN: ThreadOrder = { group: 'none', sort: 'kernel', filter: '' };

export class ThreadOptions implements Rendering<'threads'> {
  readonly #state: vscode.Memento;
  readonly #shares = new CpuShares();
  #order: ThreadOrder;
  #hidden = 0;

  /** @param state keeps the choice of the workspace */
  constructor(state: vscode.Memento) {
    this.#state = state;
    this.#order = checked(state.get(STATE_KEY));
    this.#tellContext();
  }

  nodes(snapshot: ViewSnapshot<'threads'>): ViewNode[] {
    this.#shares.take(snapshot);
    const share = (thread: number): number | undefined => this.#shares.of(thread);
    const groups = arrange(snapshot.rows, this.#order, snapshot.guestTime, share);
    this.#hidden = snapshot.rows.length - groups.reduce((shown, { rows }) => shown + rows.length, 0);
    return threadNodes(snapshot, groups, share);
  }

  message(): string | undefined {
    const { filter } = this.#order;
    return filter === '' ? undefined : vscode.l10n.t('Filter: {0} ({1} hidden)', filter, formatCount(this.#hidden));
  }

  forget(): void {
    this.#shares.clear();
    this.#hidden = 0;
  }

  /** The commands of the view; `redraw` is called after each choice. */
  commands(redraw: () => void): vscode.Disposable[] {
    const choose = async (part: Partial<ThreadOrder> | undefined): Promise<void> => {
      if (part) {
        this.#order = { ...this.#order, ...part };
        this.#tellContext();
        redraw();
        await this.#state.update(STATE_KEY, this.#order);
      }
    };
    const { registerCommand } = vscode.commands;
    return [
      registerCommand('unikernel.threads.group', async () => choose(await this.#askGroup())),
      registerCommand('unikernel.threads.sort', async () => choose(await this.#askSort())),
      registerCommand('unikernel.threads.filter', async () => choose(await this.#askFilter())),
      registerCommand('unikernel.threads.clearFilter', () => choose({ filter: '' })),
    ];
  }

  #tellContext(): void {
    void vscode.commands.executeCommand('setContext', FILTERED_CONTEXT, this.#order.filter !== '');
  }

  async #askGroup(): Promise<Partial<ThreadOrder> | undefined> {
    const labels: Record<Grouping, string> = {
      none: vscode.l10n.t('Not at all'),
      state: vscode.l10n.t('By state'),
      cpu: vscode.l10n.t('By CPU'),
      waitsFor: vscode.l10n.t('By what they wait for'),
    };
    const group = await pick(vscode.l10n.t('Group Threads'), GROUPINGS, labels, this.#order.group);
    return group && { group };
  }

  async #askSort(): Promise<Partial<ThreadOrder> | undefined> {
    const labels: Record<Sorting, string> = {
      kernel: vscode.l10n.t('As the kernel lists them'),
      name: vscode.l10n.t('By name'),
      cpuShare: vscode.l10n.t('By CPU share now, most first'),
      cpuTime: vscode.l10n.t('By CPU time, most first'),
      waiting: vscode.l10n.t('By time waited, longest first'),
      stack: vscode.l10n.t('By stack used, most first'),
    };
    const sort = await pick(vscode.l10n.t('Sort Threads'), SORTINGS, labels, this.#order.sort);
    return sort && { sort };
  }

  async #askFilter(): Promise<Partial<ThreadOrder> | undefined> {
    const filter = await vscode.window.showInputBox({
      title: vscode.l10n.t('Filter Threads'),
      prompt: vscode.l10n.t('Words of name, #id, state, what is waited for or where. Empty: all threads.'),
      value: this.#order.filter,
    });
    return filter === undefined ? undefined : { filter };
  }
}

async function pick<T extends string>(
  title: string,
  values: readonly T[],
  labels: Record<T, string>,
  current: T,
): Promise<T | undefined> {
  const items = values.map((value) => ({
    label: labels[value],
    value,
    ...(value === current && { description: vscode.l10n.t('now') }),
  }));
  return (await vscode.window.showQuickPick(items, { title }))?.value;
}

/** What an earlier version may have kept is no surprise. */
function checked(kept: unknown): ThreadOrder {
  const { group, sort, filter } = { ...PLAIN, ...(kept as Partial<ThreadOrder> | undefined) };
  return {
    group: GROUPINGS.find((known) => known === group) ?? PLAIN.group,
    sort: SORTINGS.find((known) => known === sort) ?? PLAIN.sort,
    filter: typeof filter === 'string' ? filter : PLAIN.filter,
  };
}
