/** Where kernels can be debugged: the machine on which the extension runs must be a Linux. */

/** One sentence that says why this host cannot boot a kernel; undefined on Linux, WSL2 and remote windows to them. */
export function unsupportedHost(platform: NodeJS.Platform = process.platform): string | undefined {
  if (platform === 'linux') {
    return undefined;
  }
  const names: Partial<Record<NodeJS.Platform, string>> = { win32: 'Windows', darwin: 'macOS' };
  const way =
    platform === 'win32' ? 'open the folder in WSL2 or on a remote Linux' : 'open the folder on a remote Linux';
  return `Unikernel Workbench debugs on Linux only, and this window runs on ${names[platform] ?? platform}: ${way}.`;
}
