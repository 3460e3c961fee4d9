import { basename } from 'node:path';
import * as vscode from 'vscode';
import { type Address, formatAddress, type SymbolPlace } from '../../debug-adapter/protocol.ts';
import { request } from '../sessions.ts';
import { openPlace } from '../show-thread.ts';

/**
 * Opens the source of a caller as the adapter tells it: `function (file:line)`, and where the call is in the code when that is known.
 * @throws Error with one sentence.
 */
export async function openCaller(session: vscode.DebugSession, caller: string, call?: Address): Promise<void> {
  const known = call === undefined ? undefined : await placeOf(session, call);
  if (known?.file !== undefined) {
    await openPlace(known);
    return;
  }
  const [, symbol = caller, file, line] = /^(.*) \(([^()]+):(\d+)\)$/.exec(caller) ?? [];
  const path = file === undefined || file.startsWith('/') ? file : await find(file);
  await openPlace({ symbol, offset: 0, ...(path !== undefined && { file: path, line: Number(line) }) });
}

async function placeOf(session: vscode.DebugSession, code: Address): Promise<SymbolPlace | null | undefined> {
  const { places } = await request(session, 'unikernel/symbolise', { addresses: [formatAddress(code)] });
  return places[0];
}

/** A file of the workspace that ends like this. */
async function find(file: string): Promise<string | undefined> {
  const found = await vscode.workspace.findFiles(`**/${basename(file)}`, '**/{build,node_modules}/**', 20);
  return (found.find(({ path }) => path.endsWith(`/${file}`)) ?? found[0])?.fsPath;
}
