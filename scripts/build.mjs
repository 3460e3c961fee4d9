// Bundles the extension, the adapter with its worker, and the terminal client into dist/.
import { cp, mkdir, rm } from 'node:fs/promises';
import { build } from 'esbuild';

const root = new URL('..', import.meta.url).pathname;
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  outdir: 'dist',
  sourcemap: true,
  logLevel: 'warning',
};

/** @type {Record<string, string>} */
const entryPoints = {
  extension: 'extension/extension.ts',
  adapter: 'debug-adapter/main.ts',
  worker: 'debug-adapter/worker/main.ts',
  terminal: 'debug-adapter/terminal/main.ts',
};

await rm(`${root}/dist`, { recursive: true, force: true });
await mkdir(`${root}/dist`, { recursive: true });
await build({ ...common, entryPoints, external: ['vscode'] });
await cp(`${root}/debug-adapter/gdb/python`, `${root}/dist/python`, {
  recursive: true,
});
