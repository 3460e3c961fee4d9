/** The terminal client: the same session by DAP, for people without an editor. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { ROOT, SPROUT_ELF, TERMINAL, THREADS_ELF, Traces } from './client.ts';

interface Terminal {
  process: ChildProcess;
  traces: Traces;
  /** What it printed so far. */
  text(): string;
  /** Waits until it has printed this. */
  printed(pattern: RegExp): Promise<void>;
  /** Its exit code, when nothing is left of it. */
  ended(): Promise<number | null>;
}

function start(program: string, parameters: string[], environment: NodeJS.ProcessEnv = {}): Terminal {
  const traces = new Traces();
  const child = spawn(program, parameters, {
    env: traces.environment(environment),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'close');
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  return {
    process: child,
    traces,
    text: () => text,
    async printed(pattern) {
      while (!pattern.test(text)) {
        if (child.exitCode !== null) {
          throw new Error(`It ended, and had printed: ${text}`);
        }
        await Promise.race([once(child.stdout, 'data'), exited]);
      }
    },
    async ended() {
      const [code] = await exited;
      await traces.untilNothingIsLeft();
      return code;
    },
  };
}

const SPROUT = [TERMINAL, `--kernel=${SPROUT_ELF}`, `--cwd=${ROOT}`];

test('--once prints stacks, views and symbols of a workload that works, and ends', async () => {
  const terminal = start(process.execPath, [...SPROUT, '--once', '--hits=40']);
  expect(await terminal.ended()).toBe(0);
  const text = terminal.text();
  expect(text).toMatch(/^Stopped: breakpoint$/m);
  expect(text).toMatch(/^Call stacks \(5 of \d+ threads\)$/m);
  // The thread that stopped, then one that waits or sleeps.
  expect(text).toMatch(
    /^ {2}writer-\d: running on CPU \d\n {4}#0 sprout::workload::Worker::write_shared_file {2}worker_files\.cc:\d+$/m,
  );
  expect(text).toMatch(/^ {2}\w+(-\d+)?: (waiting|sleeping).*\n {4}#0 /m);
  expect(text).toMatch(/^Threads \(stopped, .* after boot\)$/m);
  expect(text).toMatch(/^ {2}CPU 0: [1-9]\d* armed, \d+ fired, 0 backward clock steps$/m);
  expect(text).toMatch(/^ +64 +\d+ +\d+ +\d+ /m);
  expect(text).toMatch(/^The 10 largest symbols\n.*\n( .*\n){10}/m);
});

test('a kernel without views is told so, and the rest is printed', async () => {
  const kernel = [`--kernel=${THREADS_ELF}`, '--break=leaf', '--command-line='];
  const terminal = start(process.execPath, [TERMINAL, '--once', ...kernel]);
  expect(await terminal.ended()).toBe(0);
  expect(terminal.text()).toMatch(/#0 leaf {2}threads\.cc:\d+\n {4}#1 worker {2}/);
  expect(terminal.text()).toMatch(/threads\.elf is no kernel that the views know/);
});

test('live until Ctrl-C, which ends it well', async () => {
  const terminal = start(process.execPath, [...SPROUT, '--rate=10', '--hits=1']);
  await terminal.printed(/Threads \(live[\s\S]*Timer sets \(live[\s\S]*Ctrl-C ends\.[\s\S]*Ctrl-C ends\./);
  terminal.process.kill('SIGINT');
  expect(await terminal.ended()).toBe(0);
});

test('on a terminal every picture fits the window', async () => {
  const command = ['stty cols 90 rows 30;', process.execPath, ...SPROUT, '--rate=10', '--hits=1'].join(' ');
  const terminal = start('script', ['-qfec', command, '/dev/null']);
  await terminal.printed(/(Timer sets \(live[\s\S]*Ctrl-C ends\.[\s\S]*){3}/);
  const node = terminal.traces.processes().find((process) => / node|MainThread/.test(process));
  process.kill(Number.parseInt(node ?? '', 10), 'SIGINT');
  expect(await terminal.ended()).toBe(0);
  const [, ...pictures] = terminal.text().split('\u001b[H');
  expect(pictures.length).toBeGreaterThan(2);
  for (const picture of pictures) {
    const lines = picture.split('\r\n').map(plain);
    expect(lines.filter((line) => line.length > 90)).toEqual([]);
    expect(lines.indexOf('Ctrl-C ends.')).toBeLessThan(30);
  }
});

test('a wrong option, and a kernel that is missing, end with a sentence', async () => {
  const wrong = start(process.execPath, [TERMINAL, '--cpus=two'], {});
  expect(await wrong.ended()).toBe(1);
  const missing = start(process.execPath, [TERMINAL, '--kernel=/nowhere/k']);
  expect(await missing.ended()).toBe(1);
});

/** Without the terminal's commands. */
function plain(line: string): string {
  const [first, ...rest] = line.split('\u001b[');
  return [first, ...rest.map((part) => part.replace(/^\d*[A-Z]/, ''))].join('');
}
