import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { boot } from './boot.ts';

const kernel = resolve(import.meta.dirname, '../../kernel');
const image = join(kernel, 'build/release/sprout.elf');
const BUDGET = 256 * 1024;

test('the release build, stripped, with everything on, stays below 256 KiB and works', async () => {
  for (const step of [
    ['--preset', 'release'],
    ['--build', '--preset', 'release', '--target', 'sprout.elf'],
  ]) {
    execFileSync('cmake', step, { cwd: kernel, stdio: 'pipe' });
  }
  expect(strippedSize()).toBeLessThan(BUDGET);
  const result = await boot({ image, commandLine: 'workload --load=60 --threads=8 --seconds=1', cpus: 2 });
  expect(result.console).toMatch(/[1-9]\d* pieces of work, 0 failures/);
  expect(result.exitCode).toBe(1);
}, 600_000);

function strippedSize(): number {
  const folder = mkdtempSync(join(tmpdir(), 'sprout-size-'));
  try {
    const stripped = join(folder, 'sprout.elf');
    execFileSync('strip', ['-o', stripped, image]);
    return statSync(stripped).size;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
