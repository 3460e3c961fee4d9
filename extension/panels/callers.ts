import { basename } from 'node:path';
import * as vscode from 'vscode';
import { openPlace } from '../show-thread.ts';

/** Opens the source of a caller as the adapter tells it: `function (file:line)`. @throws Error with one sentence. */
export async function openCaller(caller: string): Promise<void> {
  const [, symbol = caller, file, line] = /^(.*) \(([^()]+):(\d+)\)$/.exec(caller) ?? [];
  const path = file === undefined || file.startsWith('/') ? file : await find(file);
  await openPlace({ symbol, offset: 0, ...(path !== undefined && { file: path, line: Number(line) }) });
}

/** A file of the workspace that ends like this. */
async function find(file: string): Promise<string | undefined> {
  const found = await vscode.workspace.findFiles(`**/${basename(file)}`, '**/{build,node_modules}/**', 20);
  return (found.find(({ path }) => path.endsWith(`/${file}`)) ?? found[0])?.fsPath;
}
