/** What can be done with *Live Watch*: pin from everywhere, edit, remove, write a value. */
import * as vscode from 'vscode';
import { type Sessions, sentence } from '../sessions.ts';
import { type Denoted, denote, sourceInFront, type VariableContext } from './denoted.ts';
import { expressionAt } from './expression-at.ts';
import type { LiveWatch } from './live-watch.ts';
import type { WatchRow } from './rows.ts';

/** Registers the commands. Each tells a failure as one sentence. */
export function registerWatchCommands(watch: LiveWatch, sessions: Sessions): vscode.Disposable {
  const commands: Record<string, (...parameters: never[]) => Promise<unknown>> = {
    add: (expression?: string) => add(watch, sessions, expression),
    addSelection: () => addSelection(watch, sessions),
    addVariable: (context: VariableContext) => addVariable(watch, sessions, context),
    edit: (row?: WatchRow) => edit(watch, rowOf(watch, row)),
    remove: (row?: WatchRow, rows?: WatchRow[]) => watch.remove(rows ?? (row ? [row] : watch.selection)),
    removeAll: () => watch.removeAll(),
    setValue: (row?: WatchRow) => setValue(watch, rowOf(watch, row)),
    copyValue: async (row?: WatchRow) => vscode.env.clipboard.writeText(rowOf(watch, row).value?.value ?? ''),
    copyExpression: async (row?: WatchRow) => vscode.env.clipboard.writeText(rowOf(watch, row).expression),
    toggleHexadecimal: () => watch.toggleHexadecimal(),
    pause: () => watch.setPaused(true),
    resume: () => watch.setPaused(false),
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([name, command]) =>
      vscode.commands.registerCommand(`unikernel.liveWatch.${name}`, async (...parameters: never[]) => {
        try {
          return await command(...parameters);
        } catch (error) {
          void vscode.window.showErrorMessage(sentence(error));
          return undefined;
        }
      }),
    ),
  );
}

/** The row that a menu names; a key binding means the selected one. */
function rowOf(watch: LiveWatch, row: WatchRow | undefined): WatchRow {
  const chosen = row ?? watch.selection[0];
  if (!chosen) {
    throw new Error(vscode.l10n.t('Choose a row in Live Watch.'));
  }
  return chosen;
}

async function add(watch: LiveWatch, sessions: Sessions, given: string | undefined): Promise<void> {
  const expression = given ?? (await askExpression(vscode.l10n.t('Add to Live Watch'), ''));
  if (expression) {
    await pin(watch, sessions, expression);
  }
}

/** The selection in the editor, or else what the cursor is on. */
async function addSelection(watch: LiveWatch, sessions: Sessions): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const text = editor && selectedText(editor);
  if (!text) {
    throw new Error(vscode.l10n.t('Select an expression in an editor.'));
  }
  await pin(watch, sessions, text, sourceInFront());
}

function selectedText({ document, selection }: vscode.TextEditor): string | undefined {
  const selected = document.getText(selection).trim();
  const { line, character } = selection.active;
  return selected === '' ? expressionAt(document.lineAt(line).text, character)?.text : selected.replace(/\s+/g, ' ');
}

async function addVariable(watch: LiveWatch, sessions: Sessions, { variable }: VariableContext): Promise<void> {
  const text = variable?.evaluateName;
  if (!text) {
    throw new Error(vscode.l10n.t('This variable has no expression to follow it by.'));
  }
  await pin(watch, sessions, text, sourceInFront());
}

/** What cannot be read now is pinned as it is: its row says why. */
async function pin(
  watch: LiveWatch,
  sessions: Sessions,
  text: string,
  source?: { path: string; line: number },
): Promise<void> {
  const asItIs: Denoted = { expression: text };
  const session = sessions.current;
  const { expression, label } = session ? await denote(session, text, source).catch(() => asItIs) : asItIs;
  await vscode.commands.executeCommand('unikernel.liveWatch.focus', { preserveFocus: true });
  await watch.add(expression, label);
}

async function edit(watch: LiveWatch, row: WatchRow): Promise<void> {
  if (row.kind !== 'pin') {
    throw new Error(vscode.l10n.t('Only what was pinned can be edited.'));
  }
  const expression = await askExpression(vscode.l10n.t('Edit Expression'), row.expression);
  if (expression) {
    await watch.edit(row, expression);
  }
}

async function setValue(watch: LiveWatch, row: WatchRow): Promise<void> {
  const value = await vscode.window.showInputBox({
    title: vscode.l10n.t('Set {0}', row.name),
    prompt: vscode.l10n.t('An expression. It is written to the guest’s memory at once, also while it runs.'),
    value: row.value?.value.replace(/ '.*'$/, '') ?? '',
    ignoreFocusOut: true,
  });
  if (value !== undefined && value.trim() !== '') {
    await watch.setValue(row, value);
  }
}

async function askExpression(title: string, value: string): Promise<string | undefined> {
  const text = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t('A global or an address, with members, elements, casts and arithmetic: g_pools[2].name'),
    value,
    ignoreFocusOut: true,
  });
  return text?.trim();
}
