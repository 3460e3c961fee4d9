/**
 * The user's language for the page: what `vscode.l10n.t` is to the extension, `l10n.t` of `@vscode/l10n` is here. A page imports it
 * before all else: texts may be asked for while its modules are loaded.
 */
import * as l10n from '@vscode/l10n';

const bundle = document.getElementById('translations')?.textContent;
if (bundle) {
  l10n.config({ contents: bundle });
}
