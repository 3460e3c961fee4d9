/** The user's language for modules that do not know VS Code: what `vscode.l10n.t` is to the others, `l10n.t` of `@vscode/l10n` is to them. */
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

/** Hands them the bundle of the window's language; without one, texts stay English. */
export function useTranslations(): void {
  if (vscode.l10n.bundle) {
    l10n.config({ contents: vscode.l10n.bundle });
  }
}
