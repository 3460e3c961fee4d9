/** Build tasks for the known trees: `unikernel: build Sprout (debug)`. */
import * as vscode from 'vscode';
import { findKernelTree } from './trees.ts';

const TASK_TYPE = 'unikernel';
const PRESETS = ['debug', 'release'];

interface BuildDefinition extends vscode.TaskDefinition {
  preset: string;
  cwd?: string;
}

class BuildTasks implements vscode.TaskProvider {
  async provideTasks(): Promise<vscode.Task[]> {
    const folders = vscode.workspace.workspaceFolders ?? [];
    const tasks = folders.map(async (folder) => {
      const tree = await findKernelTree(folder.uri.fsPath);
      return tree?.kernel === 'sprout'
        ? PRESETS.map((preset) => buildTask(folder, tree.folder, { type: TASK_TYPE, preset }))
        : [];
    });
    return (await Promise.all(tasks)).flat();
  }

  async resolveTask(task: vscode.Task): Promise<vscode.Task | undefined> {
    const folder = typeof task.scope === 'object' ? task.scope : vscode.workspace.workspaceFolders?.[0];
    const definition = task.definition as BuildDefinition;
    const cwd = definition.cwd ?? (folder && (await findKernelTree(folder.uri.fsPath))?.folder);
    // Anything but a plain name could say something to the shell.
    if (!folder || !cwd || !/^[\w.-]+$/.test(definition.preset)) {
      return undefined;
    }
    return buildTask(folder, cwd, definition);
  }
}

function buildTask(folder: vscode.WorkspaceFolder, cwd: string, definition: BuildDefinition): vscode.Task {
  const { preset } = definition;
  const commandLine = `cmake --preset ${preset} && cmake --build --preset ${preset}`;
  const execution = new vscode.ShellExecution(commandLine, { cwd });
  const task = new vscode.Task(
    definition,
    folder,
    `build Sprout (${preset})`,
    'unikernel',
    execution,
    '$unikernel-gcc',
  );
  task.group = vscode.TaskGroup.Build;
  task.detail = vscode.l10n.t('Configures and builds the kernel with CMake and Ninja.');
  return task;
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
