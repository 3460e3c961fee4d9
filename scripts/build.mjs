// Bundles the extension, the adapter with its worker, and the terminal client into dist/.
//
// usage: node scripts/build.mjs
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @type {Record<string, string>} */
const entryPoints = {
  extension: 'extension/extension.ts',
  'language-client': 'extension/language/client.ts',
  language: 'extension/language/server/main.ts',
  adapter: 'debug-adapter/main.ts',
  worker: 'debug-adapter/worker/main.ts',
  terminal: 'debug-adapter/terminal/main.ts',
  sizes: 'debug-adapter/terminal/sizes-main.ts',
  compare: 'debug-adapter/terminal/compare-main.ts',
  'sizes-worker': 'debug-adapter/elf/sizes/worker.ts',
};

/** The pages inside panels: they run in a browser. @type {Record<string, string>} */
const webviewEntryPoints = {
  treemap: 'webviews/treemap/main.ts',
  'memory-pools': 'webviews/memory-pools/main.ts',
  'waits-for': 'webviews/waits-for/main.ts',
  history: 'webviews/history/main.ts',
};

/**
 * VS Code's API as it is: a namespace import of CommonJS would be a copy, made anew in each of fifty files, 15 ms of the activation.
 * @type {import('esbuild').Plugin}
 */
const sharedApi = {
  name: 'shared-api',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]extension[\\/].*\.ts$/ }, async ({ path }) => ({
      loader: 'ts',
      contents: (await readFile(path, 'utf8')).replace(
        "import * as vscode from 'vscode';",
        "const vscode = require('vscode');",
      ),
    }));
  },
};

/**
 * Bundles into `outdir`, which is emptied first.
 * @param {string} outdir absolute
 * @param {{ sourcemap: boolean }} options
 */
export async function bundle(outdir, { sourcemap }) {
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir,
    sourcemap,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    external: ['vscode'],
    plugins: [sharedApi],
    // As users get it: a third of the bytes to read and compile before the extension is there.
    minify: !sourcemap,
    // Its default file hides what it needs from the bundler.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    // Bundled code asks for __dirname where import.meta is empty.
    logOverride: { 'empty-import-meta': 'silent' },
    logLevel: 'warning',
  });
  await build({
    absWorkingDir: root,
    entryPoints: webviewEntryPoints,
    outdir: `${outdir}/webviews`,
    sourcemap,
    bundle: true,
    minify: true,
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    logLevel: 'warning',
  });
  await cp(`${root}/debug-adapter/gdb/python`, `${outdir}/python`, { recursive: true });
  await cp(`${root}/node_modules/gecko-profiler-demangle/index_bg.wasm`, `${outdir}/demangle.wasm`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundle(`${root}/dist`, { sourcemap: true });
}
