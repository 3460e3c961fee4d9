#!/usr/bin/env node
// The workbench in a terminal.
//
// usage: unikernel-workbench sizes [options] ELF     what an ELF file's bytes are
//        unikernel-workbench [options]               boot a kernel, stop it, show its views
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const isSizes = process.argv[2] === 'sizes';
const program = fileURLToPath(new URL(`../dist/${isSizes ? 'sizes' : 'terminal'}.cjs`, import.meta.url));
if (existsSync(program)) {
  // The programs read their own command line and find their folder by it.
  process.argv.splice(1, isSizes ? 2 : 1, program);
  createRequire(import.meta.url)(program);
} else {
  console.error('The terminal client is not built: run "npm run build".');
  process.exitCode = 2;
}
