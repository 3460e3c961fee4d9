#!/usr/bin/env node
// The workbench in a terminal.
//
// usage: unikernel-workbench sizes [options] ELF     what an ELF file's bytes are
//        unikernel-workbench compare BEFORE AFTER    what changed from one snapshot to another
//        unikernel-workbench [options]               boot a kernel, stop it, show its views
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const command = ['sizes', 'compare'].find((name) => name === process.argv[2]);
const program = fileURLToPath(new URL(`../dist/${command ?? 'terminal'}.cjs`, import.meta.url));
if (existsSync(program)) {
  // The programs read their own command line and find their folder by it.
  process.argv.splice(1, command ? 2 : 1, program);
  createRequire(import.meta.url)(program);
} else {
  console.error('The terminal client is not built: run "npm run build".');
  process.exitCode = 2;
}
