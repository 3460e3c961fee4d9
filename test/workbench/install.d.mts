/** The Node and the entry script of the installed code-server. */
export const codeServer: { node: string; entry: string };
export function isInstalled(): Promise<boolean>;
/** Installs code-server when it is missing or out of step. Returns whether something was done. */
export function installCodeServer(): Promise<boolean>;
