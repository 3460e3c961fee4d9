/** *Open Snapshot…*: debugs a file, with no QEMU. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../../debug-adapter/protocol.ts';
import { kernelArguments } from './kernel.ts';

/** For the dialogs of files. */
export const SNAPSHOT_FILTER = (): Record<string, string[]> => ({
  [vscode.l10n.t('Memory dumps')]: ['core', 'dump', 'elf'],
  [vscode.l10n.t('All files')]: ['*'],
});

/**
 * Starts a session on the snapshot `file`, or on one that the user picks. VS Code tells why when it cannot be opened.
 * @param like the kernel is that of this session, when there is one
 */
export async function openSnapshot(
  like: vscode.DebugSession | undefined,
  file: vscode.Uri | undefined,
): Promise<boolean> {
  const uri = file ?? (await chooseSnapshot(vscode.l10n.t('Open Snapshot')));
  return (
    uri !== undefined &&
    (await vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], {
      type: DEBUG_TYPE,
      request: 'attach',
      name: vscode.l10n.t('Snapshot {0}', basename(uri.fsPath)),
      ...kernelArguments(like),
      core: uri.fsPath,
    }))
  );
}

/** A snapshot that the user picks on disk. */
export async function chooseSnapshot(title: string): Promise<vscode.Uri | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const options: vscode.OpenDialogOptions = { title, filters: SNAPSHOT_FILTER(), openLabel: vscode.l10n.t('Open') };
  return (await vscode.window.showOpenDialog(folder ? { ...options, defaultUri: folder } : options))?.[0];
}
