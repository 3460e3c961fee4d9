/**
 * Runs inside VS Code's extension host: mocha over the suites, and a report for the vitest file that started it.
 * VS Code calls `run`; it ends the window when the promise is settled.
 */
import { writeFile } from 'node:fs/promises';
import Mocha from 'mocha';
import type { HostReport } from './report.ts';
import { suites } from './suites.ts';

export async function run(): Promise<void> {
  const file = process.env.UNIKERNEL_TEST_REPORT;
  if (!file) {
    throw new Error('UNIKERNEL_TEST_REPORT names no file for the report');
  }
  const mocha = new Mocha({ ui: 'tdd', timeout: 60_000, slow: 5_000 });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  for (const declare of suites) {
    declare();
  }
  const report: HostReport = { tests: [] };
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => resolve());
    const add = (test: Mocha.Runnable, error?: string) =>
      report.tests.push({ title: test.titlePath().join(' › '), ...(error === undefined ? {} : { error }) });
    runner.on('pass', (test) => add(test));
    runner.on('fail', (test, error) => add(test, error.stack ?? error.message));
  });
  await writeFile(file, JSON.stringify(report));
}
