/** The peer of most figures: plain QEMU and plain gdb by MI, nothing of ours between them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { deferred } from '../../debug-adapter/deferred.ts';

export interface BareOptions {
  elf: string;
  commandLine: string;
  cpus: number;
  memory: string;
  breakpoint: string;
}

/** A guest under plain gdb. Every command resolves with its result record; `untilStopped` with the stop record. */
export class BareGdb {
  readonly #gdb: ChildProcess;
  readonly #qemu: ChildProcess;
  readonly #folder: string;
  readonly #results = new Map<number, (line: string) => void>();
  #token = 0;
  #stop = deferred<string>();

  private constructor(folder: string, gdb: ChildProcess, qemu: ChildProcess) {
    this.#folder = folder;
    this.#gdb = gdb;
    this.#qemu = qemu;
    createInterface({ input: must(gdb.stdout) }).on('line', (line) => this.#receive(line));
  }

  /** QEMU and gdb started together, connected, run to the breakpoint: the same as our launch does. */
  static async launch(options: BareOptions): Promise<BareGdb> {
    const folder = mkdtempSync(join(tmpdir(), 'unikernel-bench-'));
    const socket = join(folder, 'gdb');
    const qemu = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...qemuArguments(options, socket)], {
      stdio: 'ignore',
    });
    const index = join(tmpdir(), 'unikernel-bench-index');
    const gdb = spawn(
      'gdb',
      [
        '-nx',
        '-q',
        '--interpreter=mi3',
        '-iex',
        'set debuginfod enabled off',
        '-iex',
        `set index-cache directory ${index}`,
      ].concat(['-iex', 'set index-cache enabled on', options.elf]),
      { stdio: ['pipe', 'pipe', 'ignore'] },
    );
    const bare = new BareGdb(folder, gdb, qemu);
    await bare.command('-gdb-set mi-async on');
    await bare.command('-gdb-set architecture i386:x86-64');
    await bare.#connect(socket);
    await bare.command(`-break-insert ${options.breakpoint}`);
    await bare.resume('-exec-continue');
    return bare;
  }

  command(text: string): Promise<string> {
    const token = ++this.#token;
    const { promise, resolve } = deferred<string>();
    this.#results.set(token, resolve);
    must(this.#gdb.stdin).write(`${token}${text}\n`);
    return promise;
  }

  /** Runs an execution command and waits for the stop that ends it. */
  async resume(text: string): Promise<string> {
    this.#stop = deferred<string>();
    const result = await this.command(text);
    if (result.includes('^error')) {
      throw new Error(`gdb: ${result}`);
    }
    return this.#stop.promise;
  }

  dispose(): void {
    this.#gdb.kill('SIGKILL');
    this.#qemu.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Nothing announces that QEMU listens: ask again until it does. */
  async #connect(socket: string): Promise<void> {
    while ((await this.command(`-target-select remote ${socket}`)).includes('^error')) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  #receive(line: string): void {
    const token = /^(\d+)\^/.exec(line)?.[1];
    if (token !== undefined) {
      this.#results.get(Number(token))?.(line);
      this.#results.delete(Number(token));
    } else if (line.startsWith('*stopped')) {
      this.#stop.resolve(line);
    }
  }
}

function qemuArguments(options: BareOptions, socket: string): string[] {
  return [
    ...[
      '-accel',
      options.cpus > 1 ? 'tcg,thread=multi' : 'tcg',
      '-machine',
      'q35',
      '-cpu',
      'max',
      '-m',
      options.memory,
    ],
    ...['-smp', `${options.cpus}`, '-display', 'none', '-no-reboot', '-nodefaults', '-S', '-serial', 'null'],
    ...['-gdb', `unix:${socket},server=on,wait=off`, '-kernel', options.elf, '-append', options.commandLine],
  ];
}

function must<T>(stream: T | null | undefined): T {
  if (stream === null || stream === undefined) {
    throw new Error('A child process has no stdio.');
  }
  return stream;
}
