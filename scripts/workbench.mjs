// Opens VS Code with the extension on Sprout's tree, ready for F5: `code` where it is installed, else a code-server on the loopback,
// whose address is printed and which ends with Ctrl-C.
//
// usage: npm run workbench [-- FOLDER]
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CodeServer, installExtensions } from '../test/workbench/harness/code-server.ts';
import { packageExtension } from './package.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, 'kernel'));

if (spawnSync('code', ['--version'], { stdio: 'ignore' }).status === 0) {
  // The bundles are built: set-up did that.
  const { status } = spawnSync('code', ['--new-window', `--extensionDevelopmentPath=${root}`, folder], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
} else {
  await serve();
}

async function serve() {
  const stage = await mkdtemp(join(tmpdir(), 'unikernel-workbench-'));
  let server;
  try {
    const vsix = join(stage, 'unikernel-workbench.vsix');
    const extensions = join(stage, 'extensions');
    await packageExtension(vsix);
    await installExtensions([vsix], extensions);
    server = await CodeServer.start({ extensions });
    const interrupted = new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
        process.once(signal, resolve);
      }
    });
    console.log(`VS Code with the extension, on ${folder}:\n\n  ${server.page(folder)}\n\n`);
    console.log('Open a source file and press F5. Ctrl-C ends it.');
    await Promise.race([interrupted, server.ended]);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    await server?.stop();
    await rm(stage, { recursive: true, force: true });
  }
}
