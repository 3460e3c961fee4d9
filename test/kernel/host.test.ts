import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';

/**
 * The kernel's pure parts on the host, with address and undefined-behaviour sanitizers: one native executable for each
 * `kernel/tests/host/*_test.cc`, built once here, one test each. An executable prints a line a case; they are shown when it fails.
 */
const run = promisify(execFile);
const source = resolve(import.meta.dirname, '../../kernel/tests/host');
const build = resolve(import.meta.dirname, '../../kernel/build/host');
const names = readdirSync(source)
  .filter((name) => name.endsWith('_test.cc'))
  .map((name) => basename(name, '.cc'));

interface Failure {
  stdout?: string;
  stderr?: string;
  message: string;
}

/** Runs a program to its end; what it printed, or an Error whose message holds it. */
async function output(program: string, args: string[], timeout: number): Promise<string> {
  try {
    const { stdout } = await run(program, args, {
      timeout,
      maxBuffer: 64 << 20,
    });
    return stdout;
  } catch (error) {
    const failure = error as Failure;
    throw new Error(
      `${program} ${args.join(' ')}\n${failure.message}\n${failure.stdout ?? ''}\n${failure.stderr ?? ''}`,
    );
  }
}

describe('kernel on the host', () => {
  beforeAll(async () => {
    await output('cmake', ['-S', source, '-B', build, '-G', 'Ninja'], 60_000);
    await output('ninja', ['-C', build, '-j2'], 600_000);
  }, 660_000);

  test.each(names)('%s', async (name) => {
    const printed = await output(join(build, name), [], 100_000);
    expect(printed).toMatch(/^ok {5}/m);
    expect(printed).not.toMatch(/^FAILED/m);
  });
});
