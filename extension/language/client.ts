/** The client of the language server, in a bundle of its own. */
import * as vscode from 'vscode';
import { LanguageClient, RevealOutputChannelOn, type ServerOptions, TransportKind } from 'vscode-languageclient/node';
import { HOST_CHANGED, LAUNCH_PATTERN, MANIFEST_LANGUAGE, TRANSLATIONS, WORKSPACE_PATTERN } from './protocol.ts';

export interface LanguageFeatures {
  stop(): Promise<void>;
}

/** `server` is the path of the server's bundle, which runs in a process of its own. */
export async function startClient(server: string): Promise<LanguageFeatures> {
  const { uri } = vscode.l10n;
  const env = uri?.scheme === 'file' ? { [TRANSLATIONS]: uri.fsPath } : {};
  const run = { module: server, transport: TransportKind.ipc, options: { env } };
  const options: ServerOptions = { run, debug: run };
  const client = new LanguageClient('unikernel.languages', 'Unikernel Languages', options, {
    documentSelector: [
      { scheme: 'file', language: MANIFEST_LANGUAGE },
      { scheme: 'untitled', language: MANIFEST_LANGUAGE },
      { scheme: 'file', pattern: LAUNCH_PATTERN },
      { scheme: 'file', pattern: WORKSPACE_PATTERN },
    ],
    revealOutputChannelOn: RevealOutputChannelOn.Never,
  });
  await client.start();
  // A build, or another program, may have made what was missing.
  const changed = () => void client.sendNotification(HOST_CHANGED).catch(() => {});
  const watchers = vscode.Disposable.from(
    vscode.tasks.onDidEndTask(changed),
    vscode.window.onDidChangeWindowState(({ focused }) => focused && changed()),
  );
  return {
    async stop() {
      watchers.dispose();
      await client.dispose();
    },
  };
}
