/** What client and server of the languages share. */

export const MANIFEST_LANGUAGE = 'unikernel-manifest';
/** Files whose configurations hold kernel command lines. */
export const LAUNCH_PATTERN = '**/.vscode/launch.json';
export const WORKSPACE_PATTERN = '**/*.code-workspace';

/** Whether a document is one that the server looks at. */
export function isLaunchFile(path: string): boolean {
  return path.endsWith('/.vscode/launch.json') || path.endsWith('.code-workspace');
}

/** A notification to the server: the host's files may have changed (a build ended, the window got the focus). */
export const HOST_CHANGED = 'unikernel/hostChanged';

/** The variable that tells the server the file with the texts in the user's language; without it they stay English. */
export const TRANSLATIONS = 'UNIKERNEL_TRANSLATIONS';
