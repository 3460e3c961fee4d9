/** Brings a kernel thread's interesting frame to the front: its source, and in the call stack the thread. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import * as vscode from 'vscode';
import { formatAddress, type SymbolPlace, type ThreadRow } from '../debug-adapter/protocol.ts';
import { request, sentence } from './sessions.ts';

/** Where a thread's interesting frame is looked for: no plumbing is deeper. */
const MOST_FRAMES = 20;

/** `thread` is the DAP thread id. What cannot be shown is said in one sentence. */
export async function showThread(session: vscode.DebugSession, thread: number): Promise<void> {
  try {
    const { running } = await request(session, 'unikernel/status', {});
    await (running ? showWaitingThread(session, thread) : showStoppedThread(session, thread));
  } catch (error) {
    void vscode.window.showErrorMessage(sentence(error));
  }
}

/** Opens the line of a place in the program. @throws Error with one sentence when there is no such file here. */
export async function openPlace({ symbol, file, line = 1 }: SymbolPlace): Promise<void> {
  if (file === undefined) {
    throw new Error(vscode.l10n.t('The debug information does not tell where {0} is.', symbol));
  }
  await openLine(vscode.Uri.file(file), line);
}

/** `line` counts from 1. */
async function openLine(uri: vscode.Uri, line: number): Promise<void> {
  const position = new vscode.Position(Math.max(0, line - 1), 0);
  try {
    await vscode.window.showTextDocument(uri, {
      selection: new vscode.Range(position, position),
      // Beside a panel that was clicked in, where there is an editor already.
      viewColumn: editorColumn(),
    });
  } catch {
    throw new Error(vscode.l10n.t('{0} is not on this machine: name its folder in "sourceMap".', uri.fsPath));
  }
}

/** The source is opened beside what was clicked first, and there VS Code finds it when it shows the thread. */
async function showStoppedThread(session: vscode.DebugSession, thread: number): Promise<void> {
  const given: DebugProtocol.StackTraceArguments = { threadId: thread, startFrame: 0, levels: MOST_FRAMES };
  const { stackFrames }: DebugProtocol.StackTraceResponse['body'] = await session.customRequest('stackTrace', given);
  const frame = stackFrames.find(({ source }) => source?.path && source.presentationHint !== 'deemphasize');
  if (frame?.source?.path) {
    const { path } = frame.source;
    // VS Code makes URIs of the paths in answers.
    await openLine(/^[a-z][\w+.-]+:/i.test(path) ? vscode.Uri.parse(path) : vscode.Uri.file(path), frame.line);
  }
  await request(session, 'unikernel/focusThread', { thread });
}

/** While the guest runs there is no call stack: its memory tells where a thread waits. */
async function showWaitingThread(session: vscode.DebugSession, thread: number): Promise<void> {
  const { rows } = await request(session, 'unikernel/view', { view: 'threads' });
  const row = (rows as ThreadRow[]).find(({ id }) => id === thread);
  if (!row) {
    throw new Error(vscode.l10n.t('The thread has ended.'));
  }
  if (row.frameAddress === undefined) {
    throw new Error(vscode.l10n.t('{0} is not waiting: pause the guest to see where it is.', row.name));
  }
  const addresses = [formatAddress(row.frameAddress)];
  const [place] = (await request(session, 'unikernel/symbolise', { addresses })).places;
  await openPlace(place ?? { symbol: addresses[0] ?? '', offset: 0 });
}

/** The column of an editor that is in sight; undefined where there is none. */
function editorColumn(): vscode.ViewColumn {
  return vscode.window.visibleTextEditors.at(0)?.viewColumn ?? vscode.ViewColumn.Beside;
}
