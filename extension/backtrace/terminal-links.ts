/** In a guest's console: addresses and places lead to their source, as compiler errors do in a shell. */
import { isAbsolute } from 'node:path';
import * as vscode from 'vscode';
import { isGuestConsole } from '../launch/guest-console.ts';
import { sentence } from '../sessions.ts';
import { openPlace } from '../show-thread.ts';
import type { Programs } from './program.ts';
import { addressesIn, placesIn } from './text.ts';

interface GuestLink extends vscode.TerminalLink {
  /** An address to look up, or a place that was printed. */
  target: { at: bigint } | { file: string; line: number };
}

export function registerTerminalLinks(programs: Programs): vscode.Disposable {
  const provider: vscode.TerminalLinkProvider<GuestLink> = {
    provideTerminalLinks: ({ line, terminal }) => (isGuestConsole(terminal) ? linksIn(line) : []),
    handleTerminalLink: async ({ target }) => {
      try {
        await follow(target, programs);
      } catch (error) {
        void vscode.window.showErrorMessage(sentence(error));
      }
    },
  };
  return vscode.window.registerTerminalLinkProvider(provider);
}

function linksIn(line: string): GuestLink[] {
  const tooltip = vscode.l10n.t('Open the source');
  const [all = []] = addressesIn([line]);
  // A dump of registers has one address of code; what the others are nobody knows.
  const addresses = all
    .filter(({ at, code }) => all.length === 1 || at === code)
    .map(({ begin, end, at }): GuestLink => ({ startIndex: begin, length: end - begin, tooltip, target: { at } }));
  const places = placesIn(line).map(
    ({ begin, end, file, line: number }): GuestLink => ({
      startIndex: begin,
      length: end - begin,
      tooltip,
      target: { file, line: number },
    }),
  );
  return [...addresses, ...places];
}

async function follow(target: GuestLink['target'], programs: Programs): Promise<void> {
  if ('at' in target) {
    const named = await programs.name([target.at]);
    const [place] = named?.places ?? [];
    if (named && !place) {
      throw new Error(vscode.l10n.t('This address lies in no function of {0}.', named.program));
    }
    if (place) {
      await openPlace(place);
    }
    return;
  }
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  const file = isAbsolute(target.file) || !folder ? target.file : vscode.Uri.joinPath(folder.uri, target.file).fsPath;
  await openPlace({ symbol: target.file, offset: 0, file, line: target.line });
}
