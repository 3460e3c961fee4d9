/** Wires *Live Watch*, its commands, hovers over expressions, and the identification of addresses. */
import type * as vscode from 'vscode';
import type { Sessions } from '../sessions.ts';
import { registerWatchCommands } from './commands.ts';
import { registerLiveHover } from './hover.ts';
import { registerIdentify } from './identify.ts';
import { LiveWatch } from './live-watch.ts';

export function registerLiveWatch(context: vscode.ExtensionContext, sessions: Sessions): void {
  const watch = new LiveWatch(context.workspaceState, sessions);
  context.subscriptions.push(
    watch,
    registerWatchCommands(watch, sessions),
    registerLiveHover(sessions),
    registerIdentify(sessions),
  );
}
