/** Runs the extension-host tests: a real VS Code with the packaged extension installed, and mocha inside its extension host. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { inject } from 'vitest';
import type { HostReport } from '../extension-host/report.ts';
import { startBrowser } from './browser.ts';
import { CodeServer } from './code-server.ts';
import { repository, runFolder, sprout } from './places.ts';

/** How long all suites together may take. */
const LIMIT_MS = 180_000;

export async function runHostTests(): Promise<HostReport> {
  const tests = await bundleTests();
  const report = join(tests, 'report.json');
  const log: string[] = [];
  await using server = await CodeServer.start({
    extensions: inject('extensions'),
    options: ['enable-smoke-test-driver'],
    environment: { UNIKERNEL_TEST_REPORT: report },
  });
  // VS Code shows no dialog in tests, not even for the launches that must fail.
  server.complaints.expect(/refused to show dialog in tests/);
  const browser = await startBrowser();
  try {
    const page = await browser.newPage();
    const ended = new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('the tests did not end in time')), LIMIT_MS);
      void page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) => log.push(args.join(' ')));
      void page.exposeFunction('codeAutomationExit', () => {
        clearTimeout(late);
        resolve();
      });
    });
    page.on('console', (message) => log.push(message.text()));
    const authority = server.url.replace('http://', 'vscode-remote://');
    const payload: [string, string][] = [
      ['extensionDevelopmentPath', authority + tests],
      ['extensionTestsPath', `${authority}${tests}/run.cjs`],
    ];
    await page.goto(server.page(sprout, payload));
    await ended;
    return JSON.parse(await readFile(report, 'utf8')) as HostReport;
  } catch (error) {
    const file = join(runFolder, 'extension-host.log');
    await writeFile(file, `${log.join('\n')}\n\n${server.log}`);
    throw new Error(`The extension-host tests did not run (log: ${file}): ${error}`);
  } finally {
    await browser.close();
    await rm(tests, { recursive: true, force: true });
  }
}

/** An extension that has nothing but the tests: the one under test is installed as users have it. */
async function bundleTests(): Promise<string> {
  const parent = join(repository, 'build');
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'extension-host-'));
  await build({
    entryPoints: { run: join(repository, 'test/workbench/extension-host/run.ts') },
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  const manifest = { name: 'workbench-tests', publisher: 'unikernel-workbench', version: '0.0.0' };
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ ...manifest, engines: { vscode: '*' }, private: true }),
  );
  return folder;
}
