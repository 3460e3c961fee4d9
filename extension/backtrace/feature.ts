/** *Unikernel: Open Backtrace…*: what a kernel printed when it failed, from a selection, the clipboard or a box, as links. */
import { isAbsolute } from 'node:path';
import * as vscode from 'vscode';
import { type Sessions, sentence } from '../sessions.ts';
import { BacktraceDocuments } from './documents.ts';
import { Programs } from './program.ts';
import { registerTerminalLinks } from './terminal-links.ts';
import { addressesIn, hasAddress, linesOf, type NamedLine, namedLine } from './text.ts';

/** More lines are no backtrace. */
const MOST_LINES = 5000;

export function registerBacktraces(context: vscode.ExtensionContext, sessions: Sessions): void {
  const programs = new Programs(sessions);
  const documents = new BacktraceDocuments();
  context.subscriptions.push(
    programs,
    documents,
    registerTerminalLinks(programs),
    vscode.commands.registerCommand('unikernel.backtrace.open', async (given?: unknown) => {
      try {
        const text = typeof given === 'string' ? given : await findBacktrace();
        if (text !== undefined) {
          await open(text, programs, documents);
        }
      } catch (error) {
        void vscode.window.showErrorMessage(sentence(error));
      }
    }),
  );
}

async function open(text: string, programs: Programs, documents: BacktraceDocuments): Promise<void> {
  const lines = linesOf(text).slice(0, MOST_LINES);
  const addresses = addressesIn(lines);
  const all = addresses.flat();
  if (all.length === 0) {
    throw new Error(vscode.l10n.t('There is no code address in this text.'));
  }
  const named = await programs.name(all.map(({ at }) => at));
  if (!named) {
    return;
  }
  const { places, program } = named;
  if (places.every((place) => place === null)) {
    throw new Error(vscode.l10n.t('None of these addresses lies in {0}: is it the build that printed them?', program));
  }
  let next = 0;
  const shown = lines.map((line, row): NamedLine => {
    const own = addresses[row] ?? [];
    const from = next;
    next += own.length;
    const { text: words, links } = namedLine(line, own, places.slice(from, next), vscode.workspace.asRelativePath);
    return { text: words, links: links.flatMap((link) => resolved(link)) };
  });
  await documents.show([
    { text: vscode.l10n.t('Named by {0}', program), links: [] },
    { text: '', links: [] },
    ...shown,
  ]);
}

/** A place that a kernel printed itself may be relative to its tree: it leads somewhere when the workspace is that tree. */
function resolved(link: NamedLine['links'][number]): NamedLine['links'] {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (isAbsolute(link.file)) {
    return [link];
  }
  return folder ? [{ ...link, file: vscode.Uri.joinPath(folder.uri, link.file).fsPath }] : [];
}

/** The selection or the clipboard, when there is an address in it; else what the user pastes. */
async function findBacktrace(): Promise<string | undefined> {
  const editor = vscode.window.activeTextEditor;
  const selected = editor?.document.getText(editor.selection) ?? '';
  if (hasAddress(selected)) {
    return selected;
  }
  const copied = await vscode.env.clipboard.readText();
  if (hasAddress(copied)) {
    return copied;
  }
  return vscode.window.showInputBox({
    title: vscode.l10n.t('Open Backtrace'),
    prompt: vscode.l10n.t('Paste what the kernel printed: its addresses become links.'),
    placeHolder: '#0 0xffffffff80102000 …',
    ignoreFocusOut: true,
  });
}
