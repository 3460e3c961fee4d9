/** Starts the debug adapter: one process for each session. */
import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../../debug-adapter/protocol.ts';

/**
 * A process on stdio rather than a server or an adapter in the extension host: sessions (client and server guests) share
 * nothing, no port is open, a crash or a busy loop cannot stall other extensions, and VS Code ends it with its session.
 * It runs on the extension host's own Node, so no Node is needed on the user's `PATH`; in the Electron build that is
 * VS Code's own binary, which ELECTRON_RUN_AS_NODE turns into a Node (a plain Node ignores it).
 */
class AdapterFactory implements vscode.DebugAdapterDescriptorFactory {
  readonly #program: string;

  constructor(program: string) {
    this.#program = program;
  }

  createDebugAdapterDescriptor(): vscode.DebugAdapterDescriptor {
    return new vscode.DebugAdapterExecutable(process.execPath, [this.#program], { env: { ELECTRON_RUN_AS_NODE: '1' } });
  }
}

export function registerAdapter(context: vscode.ExtensionContext): void {
  const program = context.asAbsolutePath('dist/adapter.cjs');
  context.subscriptions.push(
    vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, new AdapterFactory(program)),
  );
}
