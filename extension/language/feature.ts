/** Starts the languages when the first of their documents is opened, and not before: nothing of the client is loaded till then. */
import { createRequire } from 'node:module';
import * as vscode from 'vscode';
import type * as client from './client.ts';
import { isLaunchFile, MANIFEST_LANGUAGE } from './protocol.ts';

function isOurs(document: vscode.TextDocument): boolean {
  return (
    document.languageId === MANIFEST_LANGUAGE || (document.uri.scheme === 'file' && isLaunchFile(document.uri.path))
  );
}

/** Image manifests, and the kernel command lines in launch configurations. Files are read, nothing is run. */
export function registerLanguages(context: vscode.ExtensionContext): void {
  let running: Promise<client.LanguageFeatures> | undefined;
  const start = () => {
    const load = createRequire(__filename);
    const { startClient }: typeof client = load(context.asAbsolutePath('dist/language-client.cjs'));
    running ??= startClient(context.asAbsolutePath('dist/language.cjs'));
    running.catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      void vscode.window.showErrorMessage(
        vscode.l10n.t('Image manifests are shown without help: their language server did not start ({0}).', why),
      );
    });
  };
  const look = (document: vscode.TextDocument) => {
    if (!running && isOurs(document)) {
      start();
    }
  };
  vscode.workspace.textDocuments.forEach(look);
  context.subscriptions.push(vscode.workspace.onDidOpenTextDocument(look), {
    dispose: () => void running?.then((features) => features.stop()).catch(() => {}),
  });
}
