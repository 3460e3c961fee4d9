import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { boot } from './boot.ts';
import { imageTests } from './programs.ts';

/**
 * Sprout as a whole, in QEMU: one boot a test. Built once, as the debugger's users build it. Two boots at a time: many guests
 * have one CPU or mostly sleep, and no test in a guest relies on the host's being idle.
 */
vi.setConfig({ maxConcurrency: 2 });
const kernel = resolve(import.meta.dirname, '../../kernel');
const image = resolve(kernel, 'build/debug/sprout-tests.elf');

describe('kernel in QEMU', () => {
  beforeAll(() => {
    execFileSync('cmake', ['--preset', 'debug'], { cwd: kernel, stdio: 'pipe' });
    execFileSync('cmake', ['--build', '--preset', 'debug'], { cwd: kernel, stdio: 'pipe' });
  }, 600_000);

  const boots = imageTests.flatMap((row) =>
    (row.machines ?? ['q35']).flatMap((machine) => (row.cpus ?? [1]).map((cpus) => ({ ...row, machine, cpus }))),
  );
  test.concurrent.each(boots)('$program on $machine with $cpus CPUs', async (row) => {
    const result = await boot({
      image,
      commandLine: row.program,
      machine: row.machine,
      cpus: row.cpus,
      ...(row.memory && { memory: row.memory }),
      ...(row.console && { console: row.console }),
      ...(row.exitDevice === false && { exitDevice: false }),
    });
    const wanted = row.expect ?? { console: /^ok /m, exitCode: 1 };
    expect(result.console).toMatch(wanted.console);
    expect(result.exitCode, result.console).toBe(wanted.exitCode);
    const banner = /^Sprout: (\d+) CPUs/m.exec(result.console);
    if (banner) {
      expect(Number(banner[1])).toBe(row.cpusBroughtUp ?? row.cpus);
    }
  });
});
