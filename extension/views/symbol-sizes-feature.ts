/** Wires the symbol-size tree, its commands, code lenses and map. */
import type * as vscode from 'vscode';
import { registerTreemap } from '../panels/treemap.ts';
import { SymbolSizes } from './symbol-sizes.ts';
import { registerSizeCommands } from './symbol-sizes-commands.ts';
import { SizeDocuments } from './symbol-sizes-documents.ts';
import { SizeLenses } from './symbol-sizes-lens.ts';

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
