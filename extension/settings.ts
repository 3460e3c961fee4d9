/** The settings under `unikernel.*`, typed. Their defaults stand in the manifest. */
import * as vscode from 'vscode';

interface Settings {
  'views.refreshRate': number;
  'memoryPools.refreshRate': number;
  'console.reveal': boolean;
  qemu: string;
  gdb: string;
  'sizes.file': string;
  'sizes.codeLens': boolean;
  'sizes.sourceMap': Record<string, string>;
}

export type SettingName = keyof Settings;

/** The value of `unikernel.<name>` for `scope` (a workspace folder), as the user has it now. */
export function setting<K extends SettingName>(name: K, scope?: vscode.ConfigurationScope): Settings[K] {
  const value = vscode.workspace.getConfiguration('unikernel', scope ?? null).get<Settings[K]>(name);
  if (value === undefined) {
    throw new Error(`The manifest has no setting unikernel.${name}`);
  }
  return value;
}
