/** *Check Kernel Awareness*: what the views ask of the kernel's build, found or not, as a read-only document. */
import * as vscode from 'vscode';
import { request, type Sessions, sentence } from '../sessions.ts';
import { reportText } from './report-text.ts';

const SCHEME = 'unikernel-awareness';

class Reports implements vscode.TextDocumentContentProvider {
  #text = '';
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;

  provideTextDocumentContent(): string {
    return this.#text;
  }

  async show(kernel: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${kernel}.md` });
    this.#text = text;
    this.#changed.fire(uri);
    try {
      await vscode.commands.executeCommand('markdown.showPreview', uri);
    } catch {
      // Without the extension that renders it, its text is as good.
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
    }
  }
}

export function registerAwareness(context: vscode.ExtensionContext, sessions: Sessions): void {
  const reports = new Reports();
  context.subscriptions.push(
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, reports),
    vscode.commands.registerCommand('unikernel.awareness.check', () => check(sessions, reports)),
  );
}

async function check(sessions: Sessions, reports: Reports): Promise<void> {
  const session = sessions.current;
  if (!session) {
    void vscode.window.showErrorMessage(vscode.l10n.t('No kernel is being debugged.'));
    return;
  }
  try {
    const report = await request(session, 'unikernel/awarenessReport', {});
    await reports.show(report.kernel, reportText(report));
  } catch (error) {
    void vscode.window.showErrorMessage(sentence(error));
  }
}
