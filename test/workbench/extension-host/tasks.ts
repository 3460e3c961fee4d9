/** The build tasks of a known tree. */
import { deepEqual, equal } from 'node:assert/strict';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';

export function taskSuite(): void {
  suite('build tasks', () => {
    test("Sprout's presets are build tasks", async () => {
      const tasks = await vscode.tasks.fetchTasks({ type: 'unikernel' });
      deepEqual(tasks.map((task) => task.name).sort(), ['build Sprout (debug)', 'build Sprout (release)']);
      deepEqual(
        tasks.map((task) => task.group?.id),
        ['build', 'build'],
      );
      deepEqual(tasks[0]?.problemMatchers, ['$unikernel-gcc']);
    });

    test('the build task builds Sprout', async () => {
      const [task] = await vscode.tasks.fetchTasks({ type: 'unikernel' });
      if (!task) {
        throw new Error('no task');
      }
      const ended = new Promise<number | undefined>((resolve) => {
        const listener = vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
          if (execution.task.name === task.name) {
            listener.dispose();
            resolve(exitCode);
          }
        });
      });
      await vscode.tasks.executeTask(task);
      equal(await ended, 0);
    }).timeout(120_000);
  });
}
