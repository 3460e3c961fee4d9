/** Backtraces as read-only documents whose addresses and places are links. */
import * as vscode from 'vscode';
import type { NamedLine } from './text.ts';

const SCHEME = 'unikernel-backtrace';
/** Of the console's grammar. */
const LANGUAGE = 'unikernel-console';
/** Older ones are forgotten: whoever reads more of them has closed those. */
const MOST_KEPT = 20;

export class BacktraceDocuments
  implements vscode.TextDocumentContentProvider, vscode.DocumentLinkProvider, vscode.Disposable
{
  readonly #lines = new Map<string, readonly NamedLine[]>();
  readonly #disposables: vscode.Disposable[];
  #count = 0;

  constructor() {
    this.#disposables = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.languages.registerDocumentLinkProvider({ scheme: SCHEME }, this),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  async show(lines: readonly NamedLine[]): Promise<void> {
    const path = `/${vscode.l10n.t('Backtrace {0}', ++this.#count)}`;
    this.#lines.set(path, lines);
    const [oldest] = this.#lines.keys();
    if (oldest !== undefined && this.#lines.size > MOST_KEPT) {
      this.#lines.delete(oldest);
    }
    const document = await vscode.workspace.openTextDocument(vscode.Uri.from({ scheme: SCHEME, path }));
    await vscode.languages.setTextDocumentLanguage(document, LANGUAGE);
    await vscode.window.showTextDocument(document, { preview: false });
  }

  provideTextDocumentContent({ path }: vscode.Uri): string {
    return (this.#lines.get(path) ?? []).map(({ text }) => text).join('\n');
  }

  provideDocumentLinks({ uri }: vscode.TextDocument): vscode.DocumentLink[] {
    return (this.#lines.get(uri.path) ?? []).flatMap(({ links }, row) =>
      links.map(({ begin, end, file, line }) => {
        const target = vscode.Uri.file(file).with({ fragment: `L${line}` });
        const link = new vscode.DocumentLink(new vscode.Range(row, begin, row, end), target);
        link.tooltip = `${file}:${line}`;
        return link;
      }),
    );
  }
}
