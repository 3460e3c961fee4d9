/** What can be done with sizes: choose, group, filter, compare, go to the source, disassemble, ask who keeps a symbol, check budgets. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { parseSize } from '../../debug-adapter/elf/sizes/budgets.ts';
import { disassemble } from '../../debug-adapter/elf/sizes/disassembly.ts';
import { PREVIOUS_BUILD } from '../../debug-adapter/elf/sizes/messages.ts';
import type { SizeItem, SourcePlace } from '../../debug-adapter/elf/sizes/model.ts';
import { bareName } from '../../debug-adapter/elf/sizes/names.ts';
import { budgetLines, retainedLines, stackLines } from '../../debug-adapter/elf/sizes/report.ts';
import { type Grouping, type Measure, sourceOf } from '../../debug-adapter/elf/sizes/tree.ts';
import { formatBytes } from '../../debug-adapter/units.ts';
import { sentence } from '../sessions.ts';
import { setting } from '../settings.ts';
import type { SizeDocuments } from './documents.ts';
import { groupingNames } from './rows.ts';
import type { SizeElement, SymbolSizes } from './symbol-sizes.ts';

/** Rows that a text tells at most. */
const TEXT_ROWS = 200;

/** Registers the commands. Each tells a failure as one sentence. */
export function registerSizeCommands(sizes: SymbolSizes, documents: SizeDocuments): vscode.Disposable {
  const commands: Record<string, (...parameters: never[]) => Promise<unknown>> = {
    open: (uri?: vscode.Uri) => chooseFile(sizes, uri),
    group: () => chooseGrouping(sizes),
    measure: () => chooseMeasure(sizes),
    filter: () => chooseFilter(sizes),
    minimum: () => chooseMinimum(sizes),
    compare: (uri?: vscode.Uri) => chooseBefore(sizes, uri),
    endComparison: () => sizes.compare(undefined),
    showMore: async (parent: string) => sizes.showMore(parent),
    openSource: (element: SizeElement) => openSource(element),
    openDeclaration: (element: SizeElement) => openPlace(itemOf(element)?.declaration),
    copyName: async (element: SizeElement) => vscode.env.clipboard.writeText(itemOf(element)?.name ?? ''),
    disassemble: (element: SizeElement) => showDisassembly(sizes, documents, itemOf(element)),
    retained: (element: SizeElement) => showRetained(sizes, documents, itemOf(element)),
    stack: () => showStacks(sizes, documents),
    checkBudgets: () => checkBudgets(sizes, documents),
    reveal: (name: string) => reveal(sizes, name),
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([name, command]) =>
      vscode.commands.registerCommand(`unikernel.sizes.${name}`, async (...parameters: never[]) => {
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

function itemOf(element: SizeElement | undefined): SizeItem | undefined {
  return element && 'row' in element ? element.row.item : undefined;
}

async function chooseElf(title: string, uri: vscode.Uri | undefined): Promise<string | undefined> {
  if (uri instanceof vscode.Uri) {
    return uri.fsPath;
  }
  const found = await vscode.window.showOpenDialog({ title, canSelectMany: false, openLabel: vscode.l10n.t('Show') });
  return found?.[0]?.fsPath;
}

async function chooseFile(sizes: SymbolSizes, uri: vscode.Uri | undefined): Promise<void> {
  const path = await chooseElf(vscode.l10n.t('Show sizes of an ELF file'), uri);
  if (path !== undefined) {
    const opened = sizes.open(path);
    await vscode.commands.executeCommand('unikernel.symbolSizes.focus');
    await opened;
  }
}

/** Shows what is called `name`, and nothing else, in the tree. */
async function reveal(sizes: SymbolSizes, name: string): Promise<void> {
  const bare = bareName(name);
  await sizes.show({ filter: bare.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') });
  await vscode.commands.executeCommand('unikernel.symbolSizes.focus');
}

/** Asks for the other build: the one before, another ELF file of the workspace, or any. */
async function chooseBefore(sizes: SymbolSizes, uri: vscode.Uri | undefined): Promise<void> {
  const summary = await sizes.open();
  if (!summary) {
    throw new Error(vscode.l10n.t('No ELF file is chosen: use Unikernel: Show Sizes of an ELF File.'));
  }
  if (uri instanceof vscode.Uri) {
    await sizes.compare(uri.fsPath);
    return;
  }
  const files = await vscode.workspace.findFiles('**/*.elf', '**/node_modules/**', 50);
  const others = files.filter(({ fsPath }) => fsPath !== summary.path);
  const browse = { label: vscode.l10n.t('Choose another file…'), path: undefined };
  const picks: { label: string; path: string | undefined }[] = [
    ...(summary.hasPrevious ? [{ label: vscode.l10n.t('The build before this one'), path: PREVIOUS_BUILD }] : []),
    ...others.map(({ fsPath }) => ({ label: vscode.workspace.asRelativePath(fsPath), path: fsPath })),
    browse,
  ];
  const pick = await vscode.window.showQuickPick(picks, {
    title: vscode.l10n.t('Compare Sizes with'),
    matchOnDescription: true,
  });
  const path = pick === browse ? await chooseElf(vscode.l10n.t('Compare sizes with'), undefined) : pick?.path;
  if (path !== undefined) {
    await sizes.compare(path);
  }
}

async function chooseGrouping(sizes: SymbolSizes): Promise<void> {
  const names = groupingNames();
  const picks = (Object.keys(names) as Grouping[]).map((grouping) => ({
    label: vscode.l10n.t('By {0}', names[grouping]),
    ...(grouping === sizes.query.grouping && { description: vscode.l10n.t('shown now') }),
    grouping,
  }));
  const pick = await vscode.window.showQuickPick(picks, { title: vscode.l10n.t('Group Sizes') });
  if (pick) {
    await sizes.show({ grouping: pick.grouping });
  }
}

async function chooseMeasure(sizes: SymbolSizes): Promise<void> {
  const picks: { label: string; measure: Measure; sort: 'size' | 'name' }[] = [
    { label: vscode.l10n.t('Largest in memory first'), measure: 'memory', sort: 'size' },
    { label: vscode.l10n.t('Largest in the file first'), measure: 'file', sort: 'size' },
    { label: vscode.l10n.t('By name'), measure: sizes.query.measure, sort: 'name' },
  ];
  const pick = await vscode.window.showQuickPick(picks, { title: vscode.l10n.t('Sort Sizes') });
  if (pick) {
    await sizes.show({ measure: pick.measure, sort: pick.sort });
  }
}

async function chooseFilter(sizes: SymbolSizes): Promise<void> {
  const filter = await vscode.window.showInputBox({
    title: vscode.l10n.t('Filter Sizes'),
    prompt: vscode.l10n.t('A regular expression on names, sources and sections; empty shows all.'),
    value: sizes.query.filter,
    validateInput: (text) => {
      try {
        new RegExp(text);
        return undefined;
      } catch {
        return vscode.l10n.t('“{0}” is not a regular expression.', text);
      }
    },
  });
  if (filter !== undefined) {
    await sizes.show({ filter });
  }
}

async function chooseMinimum(sizes: SymbolSizes): Promise<void> {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Smallest Size'),
    prompt: vscode.l10n.t('Rows below it are told as one: bytes, or a size such as 4 KiB; 0 shows all.'),
    value: formatBytes(sizes.query.minimum),
    validateInput: (value) =>
      parseSize(value) === undefined ? vscode.l10n.t('Bytes, or a number with KiB or MiB.') : undefined,
  });
  if (text !== undefined) {
    await sizes.show({ minimum: parseSize(text) ?? 0 });
  }
}

async function openSource(element: SizeElement): Promise<void> {
  const row = 'row' in element ? element.row : undefined;
  const file = row?.path ?? (row?.item && sourceOf(row.item));
  await openPlace(row?.item?.definition ?? (file?.startsWith('/') ? { file, line: 0 } : undefined));
}

async function openPlace(place: SourcePlace | undefined): Promise<void> {
  if (!place) {
    throw new Error(vscode.l10n.t('No source is known.'));
  }
  const line = Math.max(0, place.line - 1);
  try {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.file(place.file));
    await vscode.window.showTextDocument(document, { selection: new vscode.Range(line, 0, line, 0), preview: true });
  } catch {
    throw new Error(vscode.l10n.t('The source {0} is not here: the file was built elsewhere.', place.file));
  }
}

/** gdb is a program: it runs for a workspace that is trusted only. */
async function showDisassembly(
  sizes: SymbolSizes,
  documents: SizeDocuments,
  item: SizeItem | undefined,
): Promise<void> {
  if (!item || sizes.path === undefined) {
    throw new Error(vscode.l10n.t('Choose a function in the Symbol Sizes view.'));
  }
  if (!vscode.workspace.isTrusted) {
    throw new Error(vscode.l10n.t('gdb runs in a trusted workspace only.'));
  }
  await documents.show(`${bareName(item.name)}.s`, await disassemble(setting('gdb') || 'gdb', sizes.path, item));
}

async function showRetained(sizes: SymbolSizes, documents: SizeDocuments, item: SizeItem | undefined): Promise<void> {
  if (!item) {
    throw new Error(vscode.l10n.t('Choose a symbol in the Symbol Sizes view.'));
  }
  const retained = await sizes.ask('retained', { name: item.linkName });
  await documents.show(
    vscode.l10n.t('who keeps {0}', `${bareName(item.name)}.txt`),
    retainedLines(retained, TEXT_ROWS).join('\n'),
  );
}

async function showStacks(sizes: SymbolSizes, documents: SizeDocuments): Promise<void> {
  const { rows, notes } = await sizes.ask('stack', {});
  await documents.show(`${vscode.l10n.t('worst-case stacks')}.txt`, stackLines(rows, notes, TEXT_ROWS).join('\n'));
}

/** Checks every budget file of the workspace against the open file. Returns whether all hold. */
async function checkBudgets(sizes: SymbolSizes, documents: SizeDocuments): Promise<boolean> {
  const files = await vscode.workspace.findFiles('**/size-budgets.json', '**/node_modules/**', 20);
  if (files.length === 0) {
    throw new Error(vscode.l10n.t('The workspace has no size-budgets.json.'));
  }
  const summary = await sizes.open();
  const parts: string[] = [];
  let exceeded = 0;
  for (const { fsPath } of files) {
    const results = await sizes.ask('budgets', { path: fsPath });
    exceeded += results.filter((result) => result.bytes > result.maximum).length;
    parts.push(
      vscode.l10n.t('{0} for {1}', vscode.workspace.asRelativePath(fsPath), summary?.path ?? ''),
      ...budgetLines(results),
      '',
    );
  }
  await documents.show(vscode.l10n.t('size budgets of {0}', `${basename(summary?.path ?? '')}.txt`), parts.join('\n'));
  if (exceeded > 0) {
    void vscode.window.showWarningMessage(
      exceeded === 1
        ? vscode.l10n.t('A size budget is exceeded.')
        : vscode.l10n.t('{0} size budgets are exceeded.', exceeded),
    );
  } else {
    void vscode.window.showInformationMessage(vscode.l10n.t('All size budgets hold.'));
  }
  return exceeded === 0;
}
