// gdb-js needs this global before it is loaded.
import 'regenerator-runtime/runtime.js';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GDB, type MiRecord as GdbJsRecord } from 'gdb-js';
import { exitOf, spawnTied } from '../machine/children.ts';
import { MiLines } from './mi-lines.ts';
import { type MiRecord, numberOf, quote, recordOf, textOf } from './records.ts';

export interface GdbOptions {
  /** An absolute path. */
  program: string;
  /** gdb's index cache: symbols of a build that was seen before load several times faster. Created by gdb. */
  indexCache: string;
  /** Each line of MI, both ways. */
  log?: ((line: string) => void) | undefined;
}

export interface GdbEvents {
  /** The target stopped: the record of `*stopped`. */
  stopped: [stop: MiRecord];
  running: [];
  /** A breakpoint was changed by gdb or by a console command: its record. */
  breakpointModified: [breakpoint: MiRecord];
  /** gdb's number of a thread that it lists no more. */
  threadExited: [number: number];
  /** Console text that no command asked for. */
  output: [text: string];
  /** A line that our Python wrote without being asked, see session.py. */
  message: [text: string];
  /** gdb is gone; one sentence, undefined when it was told to go. */
  exited: [message: string | undefined];
}

/** What marks a message of our Python in console text. */
const MESSAGE_MARK = '\x1e';

/**
 * gdb by its machine interface: the only user of gdb-js. Commands run one at a time, in the order they were given;
 * every one rejects with gdb's own sentence, also when gdb dies.
 */
export class Gdb extends EventEmitter<GdbEvents> {
  readonly #process: ChildProcess;
  readonly #mi: GDB;
  readonly #pending = new Set<(error: Error) => void>();
  #tail: Promise<unknown> = Promise.resolve();
  /** Console text of the command that runs, when it wants it. */
  #capture: string[] | undefined;
  #gone: string | undefined;
  #ending = false;
  #stderr = '';

  /** @throws Error with one sentence when setpriv is missing. */
  constructor(options: GdbOptions) {
    super();
    this.#process = spawnTied(options.program, gdbArguments(options.indexCache), { stdio: 'pipe' });
    const { stdin, stdout, stderr } = this.#process;
    if (!stdin || !stdout || !stderr) {
      throw new Error('gdb could not be started.');
    }
    const { log } = options;
    stdin.on('error', () => undefined);
    stderr.on('data', (text: Buffer) => {
      this.#stderr = (this.#stderr + text).slice(-4096);
    });
    this.#mi = new GDB({
      stdin: {
        write: (text) => {
          log?.(`→gdb ${text.trimEnd()}`);
          return stdin.write(text);
        },
      },
      stdout: stdout.pipe(new MiLines(log && ((line) => log(`gdb→ ${line}`)))),
      stderr,
      kill: (signal) => this.#process.kill((signal ?? 'SIGINT') as NodeJS.Signals),
    });
    this.#listen();
    this.#process.once('error', (error) => this.#end(`gdb could not be started: ${error.message}.`));
    void exitOf(this.#process).then(({ code, signal }) => {
      const last = this.#stderr.trim().split('\n').at(-1);
      this.#end(`gdb ended unexpectedly (${signal ?? `code ${code}`})${last ? `: ${last}` : ''}.`);
    });
  }

  /** Whether commands can still be given. */
  get isAlive(): boolean {
    return this.#gone === undefined;
  }

  /** One MI command, its arguments quoted by the caller. Resolves with the result; rejects with gdb's message. */
  execute(command: string): Promise<MiRecord> {
    return this.#enqueue(() => this.#mi.execMI(command));
  }

  /**
   * A command of gdb's console. Resolves with what it printed; rejects with gdb's message.
   * @param context MI options such as `--thread 2 --frame 0`
   */
  console(command: string, context = ''): Promise<string> {
    return this.#enqueue(async () => {
      const capture: string[] = [];
      this.#capture = capture;
      try {
        await this.#mi.execMI(`-interpreter-exec ${context} console ${quote(command)}`);
        return capture.join('');
      } finally {
        this.#capture = undefined;
      }
    });
  }

  /** Ends gdb at once; the target is not told. Idempotent. */
  async kill(): Promise<void> {
    this.#ending = true;
    this.#process.kill('SIGKILL');
    await exitOf(this.#process);
  }

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(new Error(this.#gone));
        return;
      }
      this.#pending.add(reject);
      this.#tail = this.#tail
        .then(task)
        .then(resolve, (error: Error) => reject(new Error(plainMessage(error.message))))
        .finally(() => this.#pending.delete(reject));
    });
  }

  #listen(): void {
    this.#mi.on('exec', ({ state, data }: GdbJsRecord) => {
      if (state === 'stopped') {
        this.emit('stopped', data);
      } else if (state === 'running') {
        this.emit('running');
      }
    });
    this.#mi.on('notify', ({ state, data }: GdbJsRecord) => {
      const breakpoint = recordOf(data, 'bkpt');
      if (state === 'breakpoint-modified' && breakpoint) {
        this.emit('breakpointModified', breakpoint);
      } else if (state === 'thread-exited') {
        this.emit('threadExited', numberOf(data, 'id') ?? 0);
      }
    });
    this.#mi.consoleStream.each((text) => this.#receiveText(text));
    // What a `monitor` command prints.
    this.#mi.targetStream.each((text) => this.#capture?.push(text));
    // Log text is told in the log file; nobody else has a use for it.
    this.#mi.logStream.each(() => undefined);
  }

  #receiveText(text: string): void {
    if (text.startsWith(MESSAGE_MARK)) {
      this.emit('message', text.slice(MESSAGE_MARK.length).trimEnd());
    } else if (this.#capture) {
      this.#capture.push(text);
    } else if (text !== '') {
      this.emit('output', text);
    }
  }

  #end(message: string): void {
    if (this.#gone !== undefined) {
      return;
    }
    this.#gone = this.#ending ? 'gdb has ended.' : message;
    for (const reject of this.#pending) {
      reject(new Error(this.#gone));
    }
    this.#pending.clear();
    this.emit('exited', this.#ending ? undefined : message);
  }
}

/** gdb-js puts the command before gdb's own sentence. */
function plainMessage(message: string): string {
  return message.replace(/^Error while executing "[\s\S]*?"\. (?=\S)/, '').replace(/\s*\n\s*/g, ' ');
}

function gdbArguments(indexCache: string): string[] {
  const settings = [
    'set debuginfod enabled off',
    'set auto-load off',
    'set confirm off',
    'set pagination off',
    'set width 0',
    'set height 0',
    `set index-cache directory ${indexCache}`,
    'set index-cache enabled on',
    'set may-call-functions off',
    'set dcache line-size 1024',
    'set backtrace past-main on',
    'set backtrace past-entry on',
    'set backtrace limit 1000',
    'set print asm-demangle on',
    'set print null-stop on',
    'set print max-depth 1',
  ];
  const flags = settings.flatMap((setting) => ['-iex', setting]);
  return ['-nx', '-q', '--interpreter=mi3', ...flags, '-ix', sessionScript()];
}

/** Bundled: `python/` beside the bundle; from source: beside this file. */
function sessionScript(): string {
  const here = import.meta.url ? dirname(fileURLToPath(import.meta.url)) : __dirname;
  return [join(here, 'python/session.py'), join(here, '../gdb/python/session.py')].find(existsSync) ?? 'session.py';
}

/** Whether `record` says so in the field `name`. */
export function isYes(record: MiRecord, name: string): boolean {
  return textOf(record, name) === 'y';
}
