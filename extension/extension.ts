/** The extension's entry: wires one feature after the other. */
import type * as vscode from 'vscode';
import { ACTIVATION } from './activation.ts';
import { createApi, type WorkbenchApi } from './api.ts';
import { registerAwareness } from './awareness/feature.ts';
import { registerBacktraces } from './backtrace/feature.ts';
import { registerLanguages } from './language/feature.ts';
import { registerAdapter } from './launch/adapter.ts';
import { registerBuildTasks } from './launch/build-task.ts';
import { registerConfigurations } from './launch/configurations.ts';
import { registerGuestConsole } from './launch/guest-console.ts';
import { registerHistory } from './panels/history.ts';
import { registerMemoryPools } from './panels/memory-pools.ts';
import { registerWaitsFor } from './panels/waits-for.ts';
import { Sessions } from './sessions.ts';
import { registerSymbolSizes } from './sizes/feature.ts';
import { registerSnapshots } from './snapshots/feature.ts';
import { registerTracepoints } from './tracepoints/feature.ts';
import { useTranslations } from './translations.ts';
import { registerLiveWatch } from './values/feature.ts';
import { registerViews } from './views/views.ts';

export function activate(context: vscode.ExtensionContext): WorkbenchApi {
  const start = performance.now();
  useTranslations();
  const sessions = new Sessions();
  context.subscriptions.push(sessions);
  registerAdapter(context);
  registerConfigurations(context);
  registerBuildTasks(context);
  registerGuestConsole(context, sessions);
  registerViews(context, sessions);
  registerLiveWatch(context, sessions);
  registerWaitsFor(context, sessions);
  registerMemoryPools(context, sessions);
  registerBacktraces(context, sessions);
  registerHistory(context, sessions);
  registerTracepoints(context, sessions);
  registerSnapshots(context, sessions);
  registerAwareness(context, sessions);
  registerSymbolSizes(context);
  registerLanguages(context);
  const api = createApi(sessions, context.subscriptions);
  performance.measure(ACTIVATION, { start });
  return api;
}
