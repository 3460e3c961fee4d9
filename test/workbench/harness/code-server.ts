/** A real VS Code: a code-server of its own home, settings and extensions, on a free port of the loopback. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeServer } from '../install.mjs';
import { Complaints } from './complaints.ts';

export interface CodeServerOptions {
  /** Added to `quietSettings`. */
  settings?: Record<string, unknown>;
  /** The folder that its extensions are installed in (see `installExtensions`); default: one of its own, empty. */
  extensions?: string;
  /** Added to the environment of the server and its extension host. */
  environment?: Record<string, string>;
  /** Passed on to the VS Code server: `flag` or `flag=value`. */
  options?: string[];
  /** The window's language, whose texts VS Code itself lacks: `de`. Default: English. */
  language?: string;
  /** Where the user's data stays; default: a temporary folder that goes with the server. */
  home?: string;
}

/** Nothing that calls out, moves, or comes between a person and the debugger. */
const quietSettings = {
  'security.workspace.trust.enabled': false,
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.reduceMotion': 'on',
  'workbench.tips.enabled': false,
  'chat.disableAIFeatures': true,
  'terminal.integrated.gpuAcceleration': 'off',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'git.enabled': false,
};

export class CodeServer implements AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** The errors that its windows and extension hosts told of. */
  readonly complaints: Complaints;
  readonly #child: ChildProcess;
  readonly #temporary: string | undefined;
  #log: string;

  private constructor(child: ChildProcess, url: string, log: string, home: string, temporary: string | undefined) {
    this.#child = child;
    this.url = url;
    this.complaints = new Complaints(join(home, 'data/logs'));
    this.#log = log;
    this.#temporary = temporary;
    child.stdout?.on('data', (text: string) => {
      this.#log += text;
    });
    child.stderr?.on('data', (text: string) => {
      this.#log += text;
    });
  }

  /** Everything that the server said. */
  get log(): string {
    return this.#log;
  }

  /** Resolves when the server has ended, by whatever cause. */
  get ended(): Promise<unknown> {
    return this.#child.exitCode === null && this.#child.signalCode === null
      ? once(this.#child, 'exit')
      : Promise.resolve();
  }

  /** The page that shows `folder`; `payload` as VS Code's own test runner gives it. */
  page(folder: string, payload?: [string, string][]): string {
    const query = new URLSearchParams({ folder });
    if (payload) {
      query.set('payload', JSON.stringify(payload));
    }
    return `${this.url}/?${query}`;
  }

  /** Starts a server and waits until it listens. Throws with its log when it does not. */
  static async start(options: CodeServerOptions = {}): Promise<CodeServer> {
    const temporary = options.home === undefined ? await mkdtemp(join(tmpdir(), 'unikernel-vscode-')) : undefined;
    const home = options.home ?? temporary ?? '';
    try {
      const child = await launch(home, options);
      const { url, log } = await listening(child);
      return new CodeServer(child, url, log, home, temporary);
    } catch (error) {
      await removeFolder(temporary);
      throw error;
    }
  }

  /**
   * Ends the server with everything that it started, and removes its temporary folder. Idempotent.
   * @throws Error with the errors that were told of when its windows closed.
   */
  async stop(): Promise<void> {
    const { pid } = this.#child;
    const ended = this.ended;
    if (pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null) {
      signalGroup(pid, 'SIGTERM');
      const late = setTimeout(() => signalGroup(pid, 'SIGKILL'), 5_000);
      await ended;
      clearTimeout(late);
      signalGroup(pid, 'SIGKILL'); // extension hosts that outlived their server
    }
    try {
      await this.complaints.check();
    } finally {
      await removeFolder(this.#temporary);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Installs .vsix files into `folder`, for servers to come. */
export async function installExtensions(files: readonly string[], folder: string): Promise<void> {
  await using home = await temporaryFolder();
  for (const file of files) {
    const places = ['--user-data-dir', home.path, '--extensions-dir', folder];
    const parameters = [codeServer.entry, ...places, '--install-extension', file, '--force'];
    const environment = { ...process.env, HOME: home.path, XDG_CONFIG_HOME: home.path };
    const { status, stdout, stderr } = spawnSync(codeServer.node, parameters, { env: environment, encoding: 'utf8' });
    if (status !== 0) {
      throw new Error(`${file} could not be installed:\n${stdout}${stderr}`);
    }
  }
}

async function launch(home: string, options: CodeServerOptions): Promise<ChildProcess> {
  const extensions = options.extensions ?? join(home, 'extensions');
  const places = ['--user-data-dir', join(home, 'data'), '--extensions-dir', extensions];
  const environment = { ...process.env, ...options.environment, HOME: home, XDG_CONFIG_HOME: join(home, 'config') };
  await mkdir(join(home, 'data/User'), { recursive: true });
  const settings = { ...quietSettings, ...options.settings };
  await writeFile(join(home, 'data/User/settings.json'), JSON.stringify(settings, null, 2));
  const { language } = options;
  if (language !== undefined) {
    await addLanguagePack(join(home, 'data'), language);
  }
  const quiet = ['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'];
  const passed = (options.options ?? []).flatMap((option) => ['--vscode-option', option]);
  const spoken = language === undefined ? [] : ['--locale', language];
  const server = [
    codeServer.entry,
    '--auth',
    'none',
    '--bind-addr',
    '127.0.0.1:0',
    ...spoken,
    ...quiet,
    ...passed,
    ...places,
  ];
  // In a group of its own, to be ended as a whole; should we be killed, the kernel ends it for us.
  return spawn('setpriv', ['--pdeathsig', 'TERM', codeServer.node, ...server], {
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** What VS Code notes of an installed language pack: without one a language is not spoken. This one has no text of VS Code's own. */
async function addLanguagePack(data: string, language: string): Promise<void> {
  const texts = join(data, `texts.${language}.json`);
  await writeFile(texts, JSON.stringify({ contents: {} }));
  const extensions = [{ extensionIdentifier: { id: 'unikernel.texts' }, version: '1.0.0' }];
  const pack = { hash: 'texts', label: language, extensions, translations: { vscode: texts } };
  await writeFile(join(data, 'languagepacks.json'), JSON.stringify({ [language]: pack }));
}

/** Waits for the line that names the port. */
async function listening(child: ChildProcess): Promise<{ url: string; log: string }> {
  let log = '';
  child.stdout?.setEncoding('utf8');
  child.stderr?.setEncoding('utf8');
  return await new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`code-server ${why}:\n${log}`));
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      fail('did not listen within 60 s');
    }, 60_000);
    const finish = () => {
      clearTimeout(late);
      child.stdout?.off('data', read);
      child.stderr?.off('data', read);
    };
    const read = (text: string) => {
      log += text;
      const url = log.match(/listening on (http:\/\/127\.0\.0\.1:\d+)/)?.[1];
      if (url) {
        finish();
        resolve({ url, log });
      }
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', (error) => fail(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      finish();
      fail(`ended (${signal ?? code})`);
    });
  });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone: what we wanted.
  }
}

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'unikernel-vscode-'));
  return { path, [Symbol.asyncDispose]: () => removeFolder(path) };
}

async function removeFolder(folder: string | undefined): Promise<void> {
  if (folder) {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
