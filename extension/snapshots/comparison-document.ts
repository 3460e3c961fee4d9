/** Comparisons, shown as read-only pages of Markdown. */
import * as vscode from 'vscode';
import type { SnapshotComparison } from '../../debug-adapter/protocol.ts';
import { markdownReport } from '../../debug-adapter/snapshots/report.ts';

const SCHEME = 'unikernel-comparison';
/** Rows of each table: a page that VS Code shows at once. */
const ROWS = 200;

export class ComparisonDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registration: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#registration = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#texts.delete(uri.toString())),
    );
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? '';
  }

  /** Shows `comparison` as a preview, or as text where VS Code's Markdown is turned off. */
  async show(comparison: SnapshotComparison): Promise<void> {
    const name = `${comparison.before.name} → ${comparison.after.name}.md`;
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${name}` });
    this.#texts.set(uri.toString(), markdownReport(comparison, ROWS));
    this.#changed.fire(uri);
    await vscode.workspace.openTextDocument(uri);
    try {
      await vscode.commands.executeCommand('markdown.showPreview', uri);
    } catch {
      await vscode.window.showTextDocument(uri, { preview: true });
    }
  }
}
