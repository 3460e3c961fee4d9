/** Once before the adapter tests: the kernel, the adapter's bundle in a folder of its own, and a guest that no awareness knows. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { bundle } from '../../scripts/build.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where all that is built here lies: `adapter.cjs`, `terminal.cjs`, `threads.elf`, and `cache/`. */
    folder: string;
  }
}

const kernel = fileURLToPath(new URL('../../kernel', import.meta.url));
const fixture = fileURLToPath(new URL('fixtures/threads', import.meta.url));

export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'adapter-tests-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    await bundle(join(folder, 'bundle'), { sourcemap: true });
    if (process.env.SPROUT_ELF === undefined) {
      buildSprout();
    }
    buildThreads(join(folder, 'threads.elf'));
  } catch (error) {
    remove();
    throw error;
  }
  project.provide('folder', folder);
  return remove;
}

function buildSprout(): void {
  for (const step of [
    ['--preset', 'debug'],
    ['--build', '--preset', 'debug', '--target', 'sprout.elf'],
  ]) {
    execFileSync('cmake', step, { cwd: kernel, stdio: ['ignore', 'ignore', 'inherit'] });
  }
}

/** A kernel of threads and nothing else: the debugger knows its symbols and lines, not its threads. */
function buildThreads(output: string): void {
  // Without .eh_frame, which the linker script drops, gdb unwinds by .debug_frame.
  const unwinding = ['-g', '-fno-asynchronous-unwind-tables'];
  const flags = ['-std=c++20', '-Og', '-ffreestanding', '-fno-exceptions', '-fno-rtti', '-fno-pic', '-no-pie'];
  const linking = [
    '-mno-red-zone',
    '-mgeneral-regs-only',
    '-nostdlib',
    '-static',
    '-Wl,--build-id,--no-warn-rwx-segments',
    '-T',
    'threads.ld',
  ];
  execFileSync('g++', [...unwinding, ...flags, ...linking, 'boot.S', 'threads.cc', '-o', output], { cwd: fixture });
}
