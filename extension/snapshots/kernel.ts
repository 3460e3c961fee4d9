/** Which kernel a snapshot is seen with. */
import * as vscode from 'vscode';
import { type CommonArguments, DEBUG_TYPE } from '../../debug-adapter/protocol.ts';
import { setting } from '../settings.ts';

export type KernelArguments = Pick<CommonArguments, 'kernel' | 'cwd' | 'gdb' | 'sourceMap'>;

/** As VS Code has it, with whatever else stands there. */
type Configuration = KernelArguments & Record<string, unknown>;

/**
 * The kernel of `session`, else that of the first configuration in the workspace that debugs one; what is left out is told from the
 * workspace by whoever opens the snapshot.
 */
export function kernelArguments(session: vscode.DebugSession | undefined): KernelArguments {
  const folder = vscode.workspace.workspaceFolders?.[0];
  const home = folder?.uri.fsPath;
  const given: Configuration = session?.configuration ?? firstConfiguration(folder) ?? {};
  const gdb = given.gdb || setting('gdb', folder);
  const cwd = given.cwd ?? home;
  return {
    ...(given.kernel && { kernel: resolved(given.kernel, home) }),
    ...(cwd && { cwd: resolved(cwd, home) }),
    ...(gdb && { gdb: resolved(gdb, home) }),
    ...(given.sourceMap && { sourceMap: given.sourceMap }),
  };
}

function firstConfiguration(folder: vscode.WorkspaceFolder | undefined): Configuration | undefined {
  const written = vscode.workspace.getConfiguration('launch', folder ?? null).get<unknown>('configurations');
  return Array.isArray(written) ? written.find((entry) => entry?.type === DEBUG_TYPE) : undefined;
}

/** VS Code replaces variables in configurations that it starts; a comparison has no session. */
function resolved(text: string, home: string | undefined): string {
  return home === undefined ? text : text.replace(/\$\{workspaceFolder\}/g, home);
}
