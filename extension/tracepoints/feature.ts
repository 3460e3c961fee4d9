/** *Choose Tracepoints*: what the kernel records, as a list with a check mark for each, and how often it was recorded so far. */
import * as vscode from 'vscode';
import { request, type Sessions, sentence } from '../sessions.ts';
import { changesTo, itemsOf, type TracepointItem } from './items.ts';

/** Between two readings of the counts, in milliseconds. */
const PERIOD = 1000;

export function registerTracepoints(context: vscode.ExtensionContext, sessions: Sessions): void {
  context.subscriptions.push(vscode.commands.registerCommand('unikernel.tracepoints.choose', () => choose(sessions)));
}

async function choose(sessions: Sessions): Promise<void> {
  const session = sessions.current;
  if (!session) {
    void vscode.window.showErrorMessage(vscode.l10n.t('No kernel is being debugged.'));
    return;
  }
  try {
    const chosen = await pick(session);
    if (chosen) {
      await apply(session, chosen);
    }
  } catch (error) {
    void vscode.window.showErrorMessage(sentence(error));
  }
}

/** The names that were chosen; undefined when nothing was. */
async function pick(session: vscode.DebugSession): Promise<ReadonlySet<string> | undefined> {
  const items = itemsOf((await request(session, 'unikernel/tracepoints', {})).tracepoints);
  const list = vscode.window.createQuickPick<TracepointItem>();
  list.title = vscode.l10n.t('Tracepoints of {0}', session.name);
  list.placeholder = vscode.l10n.t('Choose what the kernel records');
  list.canSelectMany = true;
  list.matchOnDescription = true;
  list.keepScrollPosition = true;
  list.items = items;
  list.selectedItems = items.filter(({ picked }) => picked);
  const counting = setInterval(() => void count(session, list), PERIOD);
  try {
    return await new Promise((resolve) => {
      list.onDidAccept(() => resolve(new Set(list.selectedItems.map(({ label }) => label))));
      list.onDidHide(() => resolve(undefined));
      list.show();
    });
  } finally {
    clearInterval(counting);
    list.dispose();
  }
}

/** Tells the counts anew; what is chosen, and the order, stay as they are. */
async function count(session: vscode.DebugSession, list: vscode.QuickPick<TracepointItem>): Promise<void> {
  const told = await request(session, 'unikernel/tracepoints', {}).catch(() => undefined);
  const descriptions = new Map(itemsOf(told?.tracepoints ?? []).map(({ label, description }) => [label, description]));
  const chosen = new Set(list.selectedItems.map(({ label }) => label));
  const active = new Set(list.activeItems.map(({ label }) => label));
  const items = list.items.map((item) => ({ ...item, description: descriptions.get(item.label) ?? item.description }));
  if (items.some(({ description }, index) => description !== list.items[index]?.description)) {
    list.items = items;
    list.selectedItems = items.filter(({ label }) => chosen.has(label));
    list.activeItems = items.filter(({ label }) => active.has(label));
  }
}

async function apply(session: vscode.DebugSession, chosen: ReadonlySet<string>): Promise<void> {
  const { tracepoints } = await request(session, 'unikernel/tracepoints', {});
  const progress = { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Setting tracepoints') };
  await vscode.window.withProgress(progress, async () => {
    for (const change of changesTo(tracepoints, chosen)) {
      await request(session, 'unikernel/setTracepoint', change);
    }
  });
}
