/**
 * The user's language for the server: what `vscode.l10n.t` is to the extension, `l10n.t` of `@vscode/l10n` is here. The server imports
 * it before all else: options are described while their modules are loaded.
 */
import * as l10n from '@vscode/l10n';
import { TRANSLATIONS } from '../protocol.ts';

const bundle = process.env[TRANSLATIONS];
if (bundle) {
  l10n.config({ fsPath: bundle });
}
