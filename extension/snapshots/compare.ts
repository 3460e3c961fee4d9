/** *Compare Snapshots…*: what changed between two files, or from a file to the guest that is debugged. */
import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import type { SnapshotComparison } from '../../debug-adapter/protocol.ts';
import { request } from '../sessions.ts';
import { kernelArguments } from './kernel.ts';
import { chooseSnapshot } from './open.ts';

/** The two moments; `after` undefined is the guest now. */
interface Choice {
  before: vscode.Uri;
  after: vscode.Uri | undefined;
}

/** Snapshots that are offered of a workspace. */
const MOST_OFFERED = 100;
/** A comparison of a million objects, as JSON. */
const LONGEST_ANSWER = 512 << 20;

/**
 * @param chosen what was chosen in the explorer: none, one, or two
 * @param program the terminal's client, which compares two files without a session
 * @returns undefined when the user chose nothing, or cancelled
 */
export async function compareSnapshots(
  session: vscode.DebugSession | undefined,
  chosen: readonly vscode.Uri[],
  program: string,
): Promise<SnapshotComparison | undefined> {
  const choice = chosen.length === 2 ? await inOrder(chosen) : await ask(session, chosen[0]);
  if (!choice) {
    return undefined;
  }
  const { before, after } = choice;
  const names = [basename(before.fsPath), after ? basename(after.fsPath) : vscode.l10n.t('the guest now')];
  const title = vscode.l10n.t('Comparing {0} with {1}', ...names);
  const location = vscode.ProgressLocation.Notification;
  return await vscode.window.withProgress({ location, title, cancellable: true }, (_, cancel) =>
    after || !session
      ? compareFiles(session, { before, after: after ?? before }, program, cancel)
      : request(session, 'unikernel/compareSnapshots', { before: before.fsPath }),
  );
}

/** The older file first. */
async function inOrder(files: readonly vscode.Uri[]): Promise<Choice | undefined> {
  const aged = await Promise.all(
    files.map(async (uri) => ({ uri, time: (await vscode.workspace.fs.stat(uri)).mtime })),
  );
  const [older, newer] = aged.sort((a, b) => a.time - b.time);
  return older && newer && { before: older.uri, after: newer.uri };
}

async function ask(
  session: vscode.DebugSession | undefined,
  given: vscode.Uri | undefined,
): Promise<Choice | undefined> {
  const before = given ?? (await choose(vscode.l10n.t('Compare Snapshots (1/2): The Earlier Moment'), undefined));
  if (!(before instanceof vscode.Uri)) {
    return undefined;
  }
  const after = await choose(vscode.l10n.t('Compare Snapshots (2/2): The Later Moment'), session, before);
  return after && { before, after: after instanceof vscode.Uri ? after : undefined };
}

interface Offer extends vscode.QuickPickItem {
  uri?: vscode.Uri;
  kind?: vscode.QuickPickItemKind;
  pick?: 'now' | 'file';
}

/** One of the workspace's snapshots, the newest first, another file, or the guest of `session`. */
async function choose(
  title: string,
  session: vscode.DebugSession | undefined,
  other?: vscode.Uri,
): Promise<vscode.Uri | 'now' | undefined> {
  const offers: Offer[] = (await snapshotsInWorkspace())
    .filter((uri) => uri.fsPath !== other?.fsPath)
    .map((uri) => ({
      label: basename(uri.fsPath),
      description: vscode.workspace.asRelativePath(vscode.Uri.joinPath(uri, '..')),
      uri,
    }));
  if (session) {
    offers.unshift({ label: `$(debug) ${vscode.l10n.t('The Guest Now')}`, description: session.name, pick: 'now' });
  }
  offers.push({ label: `$(folder-opened) ${vscode.l10n.t('Choose a File…')}`, pick: 'file' });
  const placeHolder = vscode.l10n.t('A memory dump of this kernel');
  const picked = await vscode.window.showQuickPick(offers, { title, placeHolder, matchOnDescription: true });
  return picked?.pick === 'file'
    ? await chooseSnapshot(title)
    : (picked?.uri ?? (picked?.pick === 'now' ? 'now' : undefined));
}

async function snapshotsInWorkspace(): Promise<vscode.Uri[]> {
  const found = await vscode.workspace.findFiles('**/*.core', '**/node_modules/**', MOST_OFFERED);
  const aged = await Promise.all(
    found.map(async (uri) => ({ uri, time: (await vscode.workspace.fs.stat(uri)).mtime })),
  );
  return aged.sort((a, b) => b.time - a.time).map(({ uri }) => uri);
}

/** In a process of its own, which ends when the user cancels. */
async function compareFiles(
  session: vscode.DebugSession | undefined,
  { before, after }: { before: vscode.Uri; after: vscode.Uri },
  program: string,
  cancel: vscode.CancellationToken,
): Promise<SnapshotComparison | undefined> {
  const abort = new AbortController();
  const listening = cancel.onCancellationRequested(() => abort.abort());
  const { kernel, cwd, gdb } = kernelArguments(session);
  const options = Object.entries({ kernel, cwd, gdb }).flatMap(([name, value]) =>
    value ? [`--${name}=${value}`] : [],
  );
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [program, '--json', ...options, before.fsPath, after.fsPath],
      { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' }, signal: abort.signal, maxBuffer: LONGEST_ANSWER },
    );
    return JSON.parse(stdout);
  } catch (error) {
    if (cancel.isCancellationRequested) {
      return undefined;
    }
    const { stderr } = error as { stderr?: string };
    throw stderr ? new Error(stderr.trim()) : error;
  } finally {
    listening.dispose();
  }
}
