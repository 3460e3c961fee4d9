/** Above each function of a C or C++ file: what it costs, and how that changed since the build before. */
import * as vscode from 'vscode';
import type { FunctionSize } from '../../debug-adapter/elf/sizes/messages.ts';
import { formatBytes } from '../../debug-adapter/units.ts';
import { setting } from '../settings.ts';
import { formatCount } from '../views/node.ts';
import type { SymbolSizes } from './symbol-sizes.ts';

export class SizeLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #sizes: SymbolSizes;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #disposables: vscode.Disposable;
  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(sizes: SymbolSizes) {
    this.#sizes = sizes;
    this.#disposables = vscode.Disposable.from(
      this.#changed,
      sizes.onDidChange(() => this.#changed.fire()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('unikernel.sizes')) {
          this.#changed.fire();
        }
      }),
      vscode.languages.registerCodeLensProvider(
        [
          { language: 'c', scheme: 'file' },
          { language: 'cpp', scheme: 'file' },
        ],
        this,
      ),
    );
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    if (!setting('sizes.codeLens', document.uri)) {
      return [];
    }
    try {
      const summary = await this.#sizes.open();
      const functions = summary ? await this.#sizes.ask('functions', { file: document.uri.fsPath }) : [];
      const { mtime } = await vscode.workspace.fs.stat(document.uri);
      const isEdited = document.isDirty || mtime > (summary?.modified ?? 0);
      return functions
        .filter(({ line }) => line <= document.lineCount)
        .map((one) => {
          const range = new vscode.Range(one.line - 1, 0, one.line - 1, 0);
          return new vscode.CodeLens(range, {
            title: lensText(one, isEdited),
            tooltip: vscode.l10n.t('{0} in {1}', one.name, summary?.path ?? ''),
            command: 'unikernel.sizes.reveal',
            arguments: [one.name],
          });
        });
    } catch {
      // The view tells why there are no sizes; an editor is no place for that.
      return [];
    }
  }
}

/** `312 B · +24 B since the last build`. */
export function lensText(one: FunctionSize, isEdited: boolean): string {
  const parts = [formatBytes(one.memoryBytes)];
  if (one.copies > 1) {
    parts.push(vscode.l10n.t('{0} copies', formatCount(one.copies)));
  }
  if (one.isNew) {
    parts.push(vscode.l10n.t('new since the last build'));
  } else if (one.change !== undefined && one.change !== 0) {
    const change = `${one.change > 0 ? '+' : '−'}${formatBytes(Math.abs(one.change))}`;
    parts.push(vscode.l10n.t('{0} since the last build', change));
  }
  const text = parts.join(' · ');
  return isEdited ? vscode.l10n.t('{0} (before the last edits)', text) : text;
}
