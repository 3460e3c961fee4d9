// Makes a fresh clone ready: system packages, npm packages, bundles. Plain JavaScript without dependencies, for the
// machine's own Node (20 or later): it runs before anything is installed. Each step is skipped when nothing changed.
//
// usage: node scripts/setup.mjs terminal|test|workbench
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Debian packages by the command that each provides. */
const debugging = {
  'qemu-system-x86_64': 'qemu-system-x86',
  gdb: 'gdb',
  cmake: 'cmake',
  ninja: 'ninja-build',
  'g++': 'g++',
  setpriv: 'util-linux',
};
/** The window of the tests: Debian's Chromium without a screen, or Chrome where somebody has it. */
const browser = ['chromium-headless-shell', 'google-chrome'].find(isInstalled) ?? 'chromium-headless-shell';
/** A code-server and a browser: what real VS Code needs besides. */
const workbench = { [browser]: browser, python3: 'python3', make: 'make' };

/** @type {Record<string, { packages: Record<string, string>, codeServer: boolean }>} */
const targets = {
  terminal: { packages: debugging, codeServer: false },
  test: { packages: { ...debugging, ...workbench }, codeServer: true },
  workbench: {
    packages: { ...debugging, ...workbench },
    codeServer: !isInstalled('code'),
  },
};

const target = targets[process.argv[2] ?? ''];
if (!target) {
  fail(`usage: node scripts/setup.mjs ${Object.keys(targets).join('|')}`);
}
if (process.platform !== 'linux' || process.arch !== 'x64') {
  fail('Unikernel Workbench builds and boots kernels on x86-64 Linux only (WSL2 included).');
}
installSystemPackages(target.packages);
installNpmPackages();
run(process.execPath, [join(root, 'scripts/build.mjs')], 'The bundles could not be built.');
if (target.codeServer) {
  run(process.execPath, [join(root, 'test/workbench/install.mjs')], 'VS Code (code-server) could not be installed.');
}

/** @param {string} command */
function isInstalled(command) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** @param {Record<string, string>} wanted */
function installSystemPackages(wanted) {
  const missing = Object.entries(wanted).filter(([command]) => !isInstalled(command));
  if (missing.length === 0) {
    return;
  }
  const packages = [...new Set(missing.map(([, name]) => name))];
  const command = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const elevation = process.getuid?.() === 0 ? [] : ['sudo'];
  if (!isInstalled('apt-get') || (elevation.length > 0 && !canUseSudo())) {
    fail(
      `These programs are missing: ${missing.map(([name]) => name).join(', ')}. Install them with:\n  sudo sh -c '${command}'`,
    );
  }
  console.log(`Installing ${packages.join(', ')} …`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const step of [
    ['apt-get', 'update', '-qq'],
    ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const [program = '', ...rest] = [...elevation, ...step];
    // apt's progress is of no use to the reader; its errors are.
    const result = spawnSync(program, rest, {
      stdio: ['inherit', 'ignore', 'inherit'],
      env: environment,
    });
    if (result.status !== 0) {
      fail(`apt-get failed. Install by hand with:\n  sudo sh -c '${command}'`);
    }
  }
}

/** Whether sudo works: without a password, or with a terminal to ask for it. */
function canUseSudo() {
  return isInstalled('sudo') && (process.stdin.isTTY || spawnSync('sudo', ['-n', 'true']).status === 0);
}

function installNpmPackages() {
  const stamp = join(root, 'node_modules/.installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
    return;
  }
  console.log('Installing npm packages …');
  run('npm', ['ci', '--ignore-scripts', '--loglevel=error'], 'npm could not install the packages.');
  writeFileSync(stamp, wanted);
}

/**
 * @param {string} program
 * @param {string[]} parameters
 * @param {string} sentence
 */
function run(program, parameters, sentence) {
  try {
    execFileSync(program, parameters, { cwd: root, stdio: 'inherit' });
  } catch {
    fail(sentence);
  }
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(message);
  process.exit(1);
}
