// Runs every check in turn and ends with one line: N passed, N failed.
//
// usage: node scripts/test.mjs [types|webview-types|lint|unit|kernel|adapter|workbench]...
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const binaries = join(root, 'node_modules/.bin');
const environment = {
  ...process.env,
  PATH: `${binaries}${delimiter}${process.env.PATH}`,
};

/** Checks that pass or fail as one. */
const commands = {
  types: ['tsc', '--noEmit', '-p', 'tsconfig.json'],
  'webview-types': ['tsc', '--noEmit', '-p', 'webviews/tsconfig.json'],
  lint: ['biome', 'check', '.'],
};
const vitestProjects = ['unit', 'kernel', 'adapter', 'workbench'];

const wanted = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
for (const name of [...Object.keys(commands), ...vitestProjects]) {
  if (wanted.length > 0 && !wanted.includes(name)) {
    continue;
  }
  const start = Date.now();
  console.log(`\n── ${name}`);
  const counts = name in commands ? runCommand(name) : runVitest(name);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  console.log(
    `── ${name}: ${counts.passed} passed, ${counts.failed} failed (${((Date.now() - start) / 1000).toFixed(1)} s)`,
  );
}
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);

/** @param {string} name */
function runCommand(name) {
  const [program, ...parameters] = commands[/** @type {keyof typeof commands} */ (name)];
  const { status } = spawnSync(join(binaries, program), parameters, {
    cwd: root,
    stdio: 'inherit',
    env: environment,
  });
  return {
    passed: status === 0 ? 1 : 0,
    failed: status === 0 ? 0 : 1,
    skipped: 0,
  };
}

/** @param {string} project */
function runVitest(project) {
  const folder = mkdtempSync(join(tmpdir(), 'unikernel-test-'));
  const report = join(folder, 'report.json');
  try {
    const { status } = spawnSync(
      join(binaries, 'vitest'),
      ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: environment },
    );
    return countTests(report, status);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A run that fails without a failed test (a suite that does not load, an unhandled error) counts as one failure.
 * @param {string} report
 * @param {number | null} status
 */
function countTests(report, status) {
  try {
    const json = JSON.parse(readFileSync(report, 'utf8'));
    const failed = json.numFailedTests === 0 && status !== 0 ? 1 : json.numFailedTests;
    return {
      passed: json.numPassedTests,
      failed,
      skipped: json.numPendingTests,
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
