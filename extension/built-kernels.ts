/** Kernels that a workspace has built. */
import * as vscode from 'vscode';

/** Where built kernels stand, when nothing is chosen. */
const KERNELS = '{build,kernel/build}/**/{sprout,loader}.elf';

/** The newest; undefined when none is built. */
export async function newestKernel(): Promise<string | undefined> {
  return newest(await vscode.workspace.findFiles(KERNELS, null, 20));
}

/** The newest of those that exist. */
export async function newest(files: readonly vscode.Uri[]): Promise<string | undefined> {
  const dated = await Promise.all(
    files.map(async (uri) => {
      const time = await vscode.workspace.fs.stat(uri).then(
        ({ mtime }) => mtime,
        () => 0,
      );
      return { uri, time };
    }),
  );
  const found = dated.filter(({ time }) => time > 0).sort((a, b) => b.time - a.time)[0];
  return found?.uri.fsPath;
}
