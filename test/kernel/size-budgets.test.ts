/** Sprout stays within kernel/size-budgets.json, and the command that says so can fail. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';

const repository = resolve(import.meta.dirname, '../..');
const kernel = join(repository, 'kernel');
const image = join(kernel, 'build/release/sprout.elf');

beforeAll(() => {
  execFileSync('cmake', ['--preset', 'release'], { cwd: kernel, stdio: 'pipe' });
  execFileSync('cmake', ['--build', '--preset', 'release', '--target', 'sprout.elf'], { cwd: kernel, stdio: 'pipe' });
}, 600_000);

function check(budgets: string): { status: number | null; stdout: string; stderr: string } {
  const program = join(repository, 'debug-adapter/terminal/sizes-main.ts');
  return spawnSync(process.execPath, [program, '--no-cache', `--budgets=${budgets}`, image], { encoding: 'utf8' });
}

test('Sprout is within its budgets, and every folder of them counts something', () => {
  const { status, stdout, stderr } = check(join(kernel, 'size-budgets.json'));
  expect(stderr).toBe('');
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.not.stringContaining('EXCEEDED') });
  const lines = stdout.trimEnd().split('\n').slice(1);
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) {
    expect(line).toMatch(/[1-9][\d,]* +\d+,\d+ +\d+% +ok$/);
  }
});

test('a budget that is passed ends with 1 and names the largest', () => {
  const folder = mkdtempSync(join(tmpdir(), 'unikernel-budgets-'));
  try {
    const file = join(folder, 'size-budgets.json');
    writeFileSync(file, JSON.stringify({ budgets: [{ folder: join(kernel, 'sched'), maximum: '1 KiB' }] }));
    const { status, stdout } = check(file);
    expect(status).toBe(1);
    expect(stdout).toContain('EXCEEDED');
    expect(stdout).toContain('sprout::g_timer_sets');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
