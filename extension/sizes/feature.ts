/** Wires the symbol-size tree, its commands, code lenses and map. */
import type * as vscode from 'vscode';
import { registerTreemap } from '../panels/treemap.ts';
import { registerSizeCommands } from './commands.ts';
import { SizeDocuments } from './documents.ts';
import { SizeLenses } from './lens.ts';
import { SymbolSizes } from './symbol-sizes.ts';

export function registerSymbolSizes(context: vscode.ExtensionContext): void {
  const sizes = new SymbolSizes(context);
  const documents = new SizeDocuments();
  context.subscriptions.push(
    sizes,
    documents,
    registerSizeCommands(sizes, documents),
    new SizeLenses(sizes),
    registerTreemap(context, sizes),
  );
}
