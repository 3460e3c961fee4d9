/** *Identify Address*: says what lies at an address, and goes there. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { formatAddress, type Identification, type SymbolPlace } from '../../debug-adapter/protocol.ts';
import { formatBytes } from '../../debug-adapter/units.ts';
import { request, type Sessions, sentence } from '../sessions.ts';
import { denote, type VariableContext } from './denoted.ts';
import type { WatchRow } from './rows.ts';

const ADDRESS = /^(0x[0-9a-f]{1,16}|\d+)$/i;

interface Action extends vscode.QuickPickItem {
  run?: () => Thenable<unknown>;
}

/** Registers the command, and the one of menus, which needs another title. */
export function registerIdentify(sessions: Sessions): vscode.Disposable {
  const run = async (given?: string | VariableContext | WatchRow): Promise<string | undefined> => {
    try {
      return await identify(sessions, given);
    } catch (error) {
      void vscode.window.showErrorMessage(sentence(error));
      return undefined;
    }
  };
  return vscode.Disposable.from(
    vscode.commands.registerCommand('unikernel.identify', (given?: unknown) =>
      // An editor's menu passes its file.
      run(typeof given === 'string' ? given : undefined),
    ),
    vscode.commands.registerCommand('unikernel.identifyVariable', run),
  );
}

/** Returns what was found, for whoever ran the command by name. */
async function identify(
  sessions: Sessions,
  given: string | VariableContext | WatchRow | undefined,
): Promise<string | undefined> {
  const session = sessions.current;
  if (!session) {
    throw new Error(vscode.l10n.t('No kernel is being debugged.'));
  }
  const text = typeof given === 'string' ? given : (pointedAt(given) ?? (await ask()));
  if (!text) {
    return undefined;
  }
  const address = await addressIn(session, text);
  const found = await request(session, 'unikernel/identify', { address });
  // Whoever gave the address as a text wants the answer, not a menu.
  if (typeof given !== 'string') {
    await show(session, found);
  }
  return found.description;
}

/** What a variable points to, or where it lies. */
function pointedAt(given: VariableContext | WatchRow | undefined): string | undefined {
  if (given && 'history' in given) {
    return given.value?.memoryReference;
  }
  return given?.variable?.memoryReference ?? given?.variable?.evaluateName;
}

async function ask(): Promise<string | undefined> {
  const editor = vscode.window.activeTextEditor;
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Identify Address'),
    prompt: vscode.l10n.t('An address such as 0xffff800000123000, or an expression that has one.'),
    value: editor?.document.getText(editor.selection).trim() ?? '',
    ignoreFocusOut: true,
  });
  return text?.trim();
}

/** An address as it is; of an expression what it points to, or where it lies. */
async function addressIn(session: vscode.DebugSession, text: string): Promise<string> {
  if (ADDRESS.test(text)) {
    return text;
  }
  const { memoryReference } = await denote(session, text);
  if (memoryReference === undefined) {
    throw new Error(vscode.l10n.t('{0} has no address.', text));
  }
  return memoryReference;
}

async function show(session: vscode.DebugSession, found: Identification): Promise<void> {
  const place = found.kind === 'symbol' ? await placeOf(session, found.address) : undefined;
  const chosen = await vscode.window.showQuickPick([...facts(found), ...actions(found, place)], {
    title: formatAddress(found.address),
    placeHolder: found.description,
    matchOnDetail: true,
  });
  await chosen?.run?.();
}

/** What was found, in rows; choosing one copies it. */
function facts({ address, kind, description, base, size, allocation }: Identification): Action[] {
  const rows: Action[] = [{ label: `$(info) ${description}`, detail: kind }];
  if (base !== undefined && size !== undefined) {
    const place = `${formatAddress(base)} – ${formatAddress(base + size)}`;
    rows.push({
      label: `$(symbol-ruler) ${place}`,
      detail: `${formatBytes(size)}, +0x${(address - base).toString(16)}`,
    });
  }
  for (const caller of allocation?.callers ?? []) {
    rows.push({ label: `$(arrow-small-right) ${caller}` });
  }
  return rows.map((row) => ({ ...row, run: () => copy(row.label.replace(/^\$\([\w-]+\) /, '')) }));
}

function actions(found: Identification, place: SymbolPlace | undefined): Action[] {
  const { address, base = address, thread, pool } = found;
  const rows: Action[] = [
    { label: vscode.l10n.t('Actions'), kind: vscode.QuickPickItemKind.Separator },
    { label: `$(copy) ${vscode.l10n.t('Copy Address')}`, run: () => copy(formatAddress(address)) },
  ];
  if (place?.file !== undefined) {
    const { file, line = 1 } = place;
    const label = `$(go-to-file) ${vscode.l10n.t('Go to Source')}`;
    rows.push({ label, description: `${basename(file)}:${line}`, run: () => open(file, line) });
  }
  if (found.kind !== 'nothing') {
    const label = `$(eye) ${vscode.l10n.t('Watch Its First Words')}`;
    const expression = `{unsigned long [8]}${formatAddress(base)}`;
    rows.push({ label, run: () => vscode.commands.executeCommand('unikernel.liveWatch.add', expression) });
  }
  if (thread) {
    const label = `$(list-tree) ${vscode.l10n.t('Show Threads')}`;
    rows.push({ label, description: thread.threadName, run: () => focus('threads') });
  }
  if (pool !== undefined) {
    const label = `$(list-tree) ${vscode.l10n.t('Show Malloc Pools')}`;
    rows.push({ label, description: pool, run: () => focus('mallocPools') });
  }
  return rows;
}

function copy(text: string): Thenable<void> {
  return vscode.env.clipboard.writeText(text);
}

function focus(view: string): Thenable<unknown> {
  return vscode.commands.executeCommand(`unikernel.${view}.focus`);
}

/** Of code its line; data has none. */
async function placeOf(session: vscode.DebugSession, address: number): Promise<SymbolPlace | undefined> {
  const { places } = await request(session, 'unikernel/symbolise', { addresses: [formatAddress(address)] });
  return places[0] ?? undefined;
}

async function open(file: string, line: number): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(file));
  const selection = new vscode.Range(line - 1, 0, line - 1, 0);
  await vscode.window.showTextDocument(document, { selection, preview: true });
}
