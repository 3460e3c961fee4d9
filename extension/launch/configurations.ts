/** Launch configurations: those offered where there is none, and what a configuration leaves out. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { type CommonArguments, DEBUG_TYPE, type LaunchArguments } from '../../debug-adapter/protocol.ts';
import { unsupportedHost } from '../host.ts';
import { setting } from '../settings.ts';
import { findKernelTree } from './trees.ts';

type Configuration = vscode.DebugConfiguration & Partial<CommonArguments & LaunchArguments>;

/** The configurations for `folder` when it has no launch.json: those of a known kernel's tree, none elsewhere. */
export async function configurationsFor(folder: vscode.WorkspaceFolder | undefined): Promise<Configuration[]> {
  const tree = folder && (await findKernelTree(folder.uri.fsPath));
  if (!tree) {
    return [];
  }
  const common = { type: DEBUG_TYPE, request: 'launch', kernel: tree.kernel } as const;
  const name = tree.kernel === 'osv' ? 'OSv' : 'Sprout';
  return [
    { ...common, name: vscode.l10n.t('Debug {0}', name) },
    { ...common, name: vscode.l10n.t('Debug {0} on four CPUs', name), cpus: 4 },
  ];
}

class ConfigurationProvider implements vscode.DebugConfigurationProvider {
  provideDebugConfigurations(folder: vscode.WorkspaceFolder | undefined): Promise<Configuration[]> {
    return configurationsFor(folder);
  }

  /** Fills what the user left out. `undefined` ends the launch: the user was told why, or chose nothing. */
  async resolveDebugConfiguration(
    folder: vscode.WorkspaceFolder | undefined,
    given: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    const refusal = unsupportedHost() ?? untrusted();
    if (refusal) {
      void vscode.window.showErrorMessage(refusal);
      return undefined;
    }
    const home = folder ?? vscode.workspace.workspaceFolders?.[0];
    const configuration: Configuration = { ...given };
    configuration.type ||= DEBUG_TYPE;
    configuration.request ||= 'launch';
    if (!configuration.cwd && home) {
      configuration.cwd = home.uri.fsPath;
    }
    if (!configuration.kernel && (configuration.request === 'launch' || configuration.core)) {
      const kernel = await chooseKernel(home);
      if (!kernel) {
        return undefined;
      }
      configuration.kernel = kernel;
    }
    configuration.name ||= nameFor(configuration);
    applySettings(configuration, home);
    // The guest's console is what appears; the debug console would cover it.
    if (setting('console.reveal', home)) {
      configuration.internalConsoleOptions ??= 'neverOpen';
    }
    return configuration;
  }
}

function untrusted(): string | undefined {
  return vscode.workspace.isTrusted
    ? undefined
    : vscode.l10n.t(
        'This workspace is not trusted, so nothing of it is built, booted or debugged: trust it first (Workspaces: Manage Workspace Trust).',
      );
}

/** The kernel of `home`'s tree, or an ELF that the user picks. */
async function chooseKernel(home: vscode.WorkspaceFolder | undefined): Promise<string | undefined> {
  const tree = home && (await findKernelTree(home.uri.fsPath));
  if (tree) {
    return tree.kernel;
  }
  const choose = vscode.l10n.t('Choose an ELF…');
  const answer = await vscode.window.showErrorMessage(
    vscode.l10n.t(
      'No kernel that the workbench knows is in this workspace, and the launch configuration names none in "kernel".',
    ),
    choose,
  );
  if (answer !== choose) {
    return undefined;
  }
  const options: vscode.OpenDialogOptions = {
    title: vscode.l10n.t('The Kernel to Debug: An ELF with Debug Information'),
  };
  const chosen = await vscode.window.showOpenDialog(home ? { ...options, defaultUri: home.uri } : options);
  return chosen?.[0]?.fsPath;
}

function nameFor(configuration: Configuration): string {
  const kernel = configuration.kernel ?? 'kernel';
  return vscode.l10n.t('Debug {0}', kernel === 'sprout' ? 'Sprout' : kernel === 'osv' ? 'OSv' : basename(kernel));
}

/** Programs that the user set for this machine, where the configuration names none. */
function applySettings(configuration: Configuration, home: vscode.WorkspaceFolder | undefined): void {
  const gdb = setting('gdb', home);
  if (gdb && !configuration.gdb) {
    configuration.gdb = gdb;
  }
  const qemu = setting('qemu', home);
  if (qemu && !configuration.qemu && configuration.request === 'launch') {
    configuration.qemu = qemu;
  }
}

/** F5, also without a launch.json, the configurations in *Run and Debug*, and the command *Debug Kernel*. */
export function registerConfigurations(context: vscode.ExtensionContext): void {
  const provider = new ConfigurationProvider();
  const { Initial, Dynamic } = vscode.DebugConfigurationProviderTriggerKind;
  context.subscriptions.push(
    vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, provider, Initial),
    vscode.debug.registerDebugConfigurationProvider(
      DEBUG_TYPE,
      { provideDebugConfigurations: configurationsFor },
      Dynamic,
    ),
    vscode.commands.registerCommand('unikernel.debug', debugKernel),
  );
}

/** Starts the first configuration of the workspace that debugs a kernel, else what its tree needs. */
async function debugKernel(): Promise<void> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  for (const folder of folders) {
    const written = vscode.workspace.getConfiguration('launch', folder).get<unknown>('configurations');
    const configured = Array.isArray(written) ? written.find((entry) => entry?.type === DEBUG_TYPE) : undefined;
    const configuration = configured ?? (await configurationsFor(folder))[0];
    if (configuration) {
      await vscode.debug.startDebugging(folder, configuration);
      return;
    }
  }
  await vscode.debug.startDebugging(folders[0], {
    type: DEBUG_TYPE,
    request: 'launch',
    name: vscode.l10n.t('Debug kernel'),
  });
}
