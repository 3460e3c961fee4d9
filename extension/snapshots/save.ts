/** *Save Snapshot…*: the guest as a file. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { formatBytes } from '../../debug-adapter/units.ts';
import { request } from '../sessions.ts';
import { openSnapshot, SNAPSHOT_FILTER } from './open.ts';

/** Saves the guest of `session` and offers to open the file. @returns where it is; undefined when the user chose no place */
export async function saveSnapshot(
  session: vscode.DebugSession | undefined,
  given: vscode.Uri | undefined,
): Promise<vscode.Uri | undefined> {
  if (!session) {
    throw new Error(vscode.l10n.t('No kernel is being debugged.'));
  }
  const target = given ?? (await chooseTarget(session));
  if (!target) {
    return undefined;
  }
  const title = vscode.l10n.t('Saving a snapshot of {0}', session.name);
  const size = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, () =>
    write(session, target),
  );
  void offerToOpen(session, target, size);
  return target;
}

async function chooseTarget(session: vscode.DebugSession): Promise<vscode.Uri | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const kernel = basename(String(session.configuration.kernel ?? 'guest')).replace(/\.elf$/, '');
  const name = `${kernel}-${timestamp(new Date())}.core`;
  const options: vscode.SaveDialogOptions = { title: vscode.l10n.t('Save Snapshot'), filters: SNAPSHOT_FILTER() };
  return await vscode.window.showSaveDialog(
    folder ? { ...options, defaultUri: vscode.Uri.joinPath(folder, name) } : options,
  );
}

/** `20261123-184007`, local time. */
function timestamp(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map(two).join('');
  return `${date}-${[now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join('')}`;
}

/** A file that the user wants replaced stays until the new one is whole. */
async function write(session: vscode.DebugSession, target: vscode.Uri): Promise<number> {
  const isThere = await vscode.workspace.fs.stat(target).then(
    () => true,
    () => false,
  );
  const written = isThere ? target.with({ path: `${target.path}.new` }) : target;
  const { size } = await request(session, 'unikernel/saveSnapshot', { file: written.fsPath });
  if (isThere) {
    await vscode.workspace.fs.rename(written, target, { overwrite: true });
  }
  return size;
}

async function offerToOpen(session: vscode.DebugSession, target: vscode.Uri, size: number): Promise<void> {
  const open = vscode.l10n.t('Open');
  const saved = vscode.l10n.t('Saved a snapshot: {0} ({1}).', basename(target.fsPath), formatBytes(size));
  if ((await vscode.window.showInformationMessage(saved, open)) === open) {
    await openSnapshot(session, target);
  }
}
