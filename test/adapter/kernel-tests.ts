/** The kernel's own test programs, as guests. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { KERNEL_FOLDER } from './client.ts';

export const TESTS_ELF = join(KERNEL_FOLDER, 'build/debug/sprout-tests.elf');

export function buildKernelTests(): void {
  const build = ['--build', '--preset', 'debug', '--target', 'sprout-tests.elf'];
  execFileSync('cmake', build, { cwd: KERNEL_FOLDER, stdio: ['ignore', 'ignore', 'inherit'] });
}
