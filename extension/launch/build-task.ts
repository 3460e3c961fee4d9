/** Build tasks for the known trees: `unikernel: build Sprout (debug)`, `unikernel: build OSv (native-example on rofs)`. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { OsvBuild } from '../../debug-adapter/protocol.ts';
import { osvBuildArguments, osvBuildName } from './osv-build.ts';
import { findKernelTree, type KernelTree } from './trees.ts';

const TASK_TYPE = 'unikernel';
const PRESETS = ['debug', 'release'];
/** What its own documentation begins with. */
const OSV_BUILDS: OsvBuild[] = [
  { image: 'native-example', fs: 'rofs', mode: 'release' },
  { image: 'native-example', fs: 'rofs', mode: 'debug' },
];

/** Of Sprout a preset, of OSv what its scripts/build takes. */
interface BuildDefinition extends vscode.TaskDefinition {
  preset?: string;
  osv?: OsvBuild;
  cwd?: string;
}

class BuildTasks implements vscode.TaskProvider {
  async provideTasks(): Promise<vscode.Task[]> {
    const folders = vscode.workspace.workspaceFolders ?? [];
    const tasks = folders.map(async (folder) => {
      const tree = await findKernelTree(folder.uri.fsPath);
      return definitionsFor(tree).flatMap((definition) => buildTask(folder, tree?.folder ?? '', definition) ?? []);
    });
    return (await Promise.all(tasks)).flat();
  }

  async resolveTask(task: vscode.Task): Promise<vscode.Task | undefined> {
    const folder = typeof task.scope === 'object' ? task.scope : vscode.workspace.workspaceFolders?.[0];
    const definition = task.definition as BuildDefinition;
    const cwd = definition.cwd ?? (folder && (await findKernelTree(folder.uri.fsPath))?.folder);
    return folder && cwd ? buildTask(folder, cwd, definition) : undefined;
  }
}

function definitionsFor(tree: KernelTree | undefined): BuildDefinition[] {
  switch (tree?.kernel) {
    case 'sprout':
      return PRESETS.map((preset) => ({ type: TASK_TYPE, preset }));
    case 'osv':
      return OSV_BUILDS.map((osv) => ({ type: TASK_TYPE, osv }));
    default:
      return [];
  }
}

/** Undefined for a definition that says nothing that can be built. */
function buildTask(folder: vscode.WorkspaceFolder, cwd: string, definition: BuildDefinition): vscode.Task | undefined {
  const execution = definition.osv ? osvExecution(cwd, definition.osv) : sproutExecution(cwd, definition.preset);
  if (!execution) {
    return undefined;
  }
  const name = definition.osv ? `build OSv (${osvBuildName(definition.osv)})` : `build Sprout (${definition.preset})`;
  const task = new vscode.Task(definition, folder, name, 'unikernel', execution, '$unikernel-gcc');
  task.group = vscode.TaskGroup.Build;
  task.detail = definition.osv
    ? vscode.l10n.t("Builds the kernel and its image with OSv's scripts/build.")
    : vscode.l10n.t('Configures and builds the kernel with CMake and Ninja.');
  return task;
}

function sproutExecution(cwd: string, preset: string | undefined): vscode.ShellExecution | undefined {
  // Anything but a plain name could say something to the shell.
  return preset !== undefined && /^[\w.-]+$/.test(preset)
    ? new vscode.ShellExecution(`cmake --preset ${preset} && cmake --build --preset ${preset}`, { cwd })
    : undefined;
}

function osvExecution(cwd: string, osv: OsvBuild): vscode.ProcessExecution | undefined {
  const given = osvBuildArguments(osv, availableParallelism());
  return given && new vscode.ProcessExecution(join(cwd, 'scripts/build'), given, { cwd });
}

export function registerBuildTasks(context: vscode.ExtensionContext): void {
  const tasks = new BuildTasks();
  context.subscriptions.push(
    vscode.tasks.registerTaskProvider(TASK_TYPE, tasks),
    vscode.commands.registerCommand('unikernel.build', async () => {
      const first = (await tasks.provideTasks())[0];
      if (first) {
        await vscode.tasks.executeTask(first);
      } else {
        void vscode.window.showErrorMessage(
          vscode.l10n.t('No kernel that the workbench can build is in this workspace.'),
        );
      }
    }),
  );
}
