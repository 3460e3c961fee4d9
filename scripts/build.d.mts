/** Bundles the extension, the adapter with its worker, and the terminal client into `outdir` (absolute), which is emptied first. */
export function bundle(outdir: string, options: { sourcemap: boolean }): Promise<void>;
