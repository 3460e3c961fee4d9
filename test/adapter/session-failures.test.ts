/** What goes wrong: one clear sentence each, no hang, and nothing left. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { BUSY_FUNCTION, launchArguments, Session, SPROUT_ELF } from './client.ts';

const folder = mkdtempSync(join(inject('folder'), 'failures-'));

function file(name: string, contents: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
}

/** Sprout's ELF, changed. */
function changedElf(name: string, change: (bytes: Buffer) => Buffer): string {
  return file(name, change(readFileSync(SPROUT_ELF)));
}

const arm = changedElf('arm.elf', (bytes) => {
  bytes.writeUInt16LE(183, 18);
  return bytes;
});

describe('a launch that cannot be', () => {
  test.each([
    [
      'a kernel that is missing',
      { kernel: '/nowhere/kernel.elf' },
      /^There is no kernel \/nowhere\/kernel\.elf: build it, or name another ELF in "kernel"\.$/,
    ],
    ['a folder', { kernel: folder }, /failures-.* is no file: /],
    ['a text', { kernel: file('text.elf', 'no kernel\n') }, /text\.elf .*ELF/],
    ['an empty file', { kernel: file('empty.elf', '') }, /empty\.elf .*ELF/],
    ['an ELF for ARM', { kernel: arm }, /arm\.elf is an ELF for another machine \(183\), not for x86-64\.$/],
    ['a truncated ELF', { kernel: changedElf('short.elf', (bytes) => bytes.subarray(0, 5000)) }, /short\.elf/],
    ['an unknown tree', { kernel: 'sprout', cwd: folder }, /^There is no Sprout tree in /],
    ['no kernel at all', { kernel: '', cwd: folder }, /^No kernel that is known stands in /],
    ['no QEMU', { qemu: 'no-such-qemu' }, /^The program no-such-qemu is not on the PATH/],
    ['a QEMU that is none', { qemu: '/bin/false' }, /^QEMU did not start: it ended \(code 1\)\.$/],
    ['no gdb', { gdb: '/nowhere/gdb' }, /^The program \/nowhere\/gdb does not exist or cannot be run\.$/],
    ['a gdb that is none', { gdb: '/bin/false' }, /^gdb ended unexpectedly \(code 1\)\.$/],
    ['a disk that is missing', { disks: ['/nowhere/disk.img'] }, /^QEMU did not start: .*\/nowhere\/disk\.img/],
    [
      'an argument that QEMU refuses',
      { extraQemuArguments: ['-no-such-option'] },
      /^QEMU did not start: .*invalid option/,
    ],
    ['too little memory', { memory: '4K' }, /^"memory" must be RAM/],
    ['no number of CPUs', { cpus: 'two' }, /^"cpus" must be a whole number from 1 to 8, not "two"\.$/],
    ['an unknown machine', { machine: 'pdp11' }, /^"machine" must be one of pc, q35, microvm, not "pdp11"\.$/],
    ['a command line that is none', { commandLine: 7 }, /^"commandLine" must be a text, not 7\.$/],
    ['a build that fails', { build: ['/bin/false'] }, /^The build failed \(\/bin\/false: exit code 1\)\.$/],
    ['a build that is missing', { build: ['no-such-build'] }, /^The program no-such-build is not on the PATH\.$/],
    ['a log file that cannot be', { logFile: '/nowhere/log', kernel: '/nowhere/k' }, /\/nowhere\/k/],
  ])('%s', async (_, configuration, sentence) => {
    const session = Session.start();
    await session.initialize();
    const told = await session.refusal('launch', { ...launchArguments({}), ...configuration });
    expect(told).toMatch(sentence);
    expect(told).not.toContain('\n');
    expect(session.count('initialized')).toBe(0);
    await session.end();
  });

  test('gdb is missing on the PATH, and so is QEMU: what to install is told', async () => {
    const bin = mkdtempSync(join(folder, 'bin-'));
    copyFileSync('/usr/bin/setpriv', join(bin, 'setpriv'));
    chmodSync(join(bin, 'setpriv'), 0o755);
    const session = Session.start({ PATH: bin });
    await session.initialize();
    expect(await session.refusal('launch', launchArguments({}))).toBe(
      'The program qemu-system-x86_64 is not on the PATH: install it with "sudo apt install qemu-system-x86".',
    );
    await session.end();
  });

  test('a bad configuration is mended in the same session', async () => {
    const session = Session.start();
    await session.initialize();
    await session.refusal('launch', launchArguments({ cpus: 0 }));
    await session.request('launch', launchArguments({}));
    await session.event('initialized');
    await session.end();
  });
});

test('a build is cancelled by disconnect, with all that it started', async () => {
  const session = Session.start();
  await session.initialize();
  const build = ['/bin/sh', '-c', 'echo begun; sleep 1000 & sleep 1000'];
  const refusal = session.refusal('launch', launchArguments({ build }));
  await session.shown(/^begun$/m);
  await session.request('disconnect');
  expect(await refusal).toBe('The build was cancelled.');
  session.hangUp();
  await session.traces.untilNothingIsLeft();
});

test('an ELF without DWARF: functions and registers, and a sentence for what is not there', async () => {
  const bare = join(folder, 'bare.elf');
  execFileSync('objcopy', ['--strip-debug', SPROUT_ELF, bare]);
  const session = Session.start();
  const stop = await session.launchTo('sprout::workload::Worker::run', { kernel: bare });
  expect(session.output('important')).toMatch(
    /bare\.elf has no debug information: there are functions and registers, but no/,
  );
  expect((await session.top(stop.threadId)).name).toMatch(/Worker::run/);
  const { id } = await session.top(stop.threadId);
  expect((await session.scope(id, 'Registers')).length).toBeGreaterThan(20);
  expect(await session.refusal('unikernel/view', { view: 'threads' })).toMatch(
    /has no debug information, so there are no views/,
  );
  expect(await session.refusal('unikernel/symbols', { count: 1 })).toMatch(/has no debug information/);
  expect(await session.run('next', stop.threadId, { granularity: 'instruction' })).toMatchObject({ reason: 'step' });
  await session.end();
});

describe('a restart that cannot be', () => {
  test('the kernel has vanished: a sentence, and the session ends', async () => {
    const kernel = join(mkdtempSync(join(folder, 'vanishing-')), 'kernel.elf');
    copyFileSync(SPROUT_ELF, kernel);
    const session = Session.start();
    await session.launchTo(BUSY_FUNCTION, { kernel });
    rmSync(kernel);
    const sentence = `There is no kernel ${kernel}: build it, or name another ELF in "kernel".`;
    expect(await session.refusal('restart')).toBe(sentence);
    await session.event('terminated');
    expect(session.output('important')).toBe(`${sentence}\n`);
    await session.end();
  });

  test('a second one while the first is under way, and breakpoints meanwhile', async () => {
    const session = Session.start();
    await session.launchTo(BUSY_FUNCTION);
    const restart = session.request('restart');
    const second = session.refusal('restart');
    const [early] = await session.breakAt({ name: 'sprout::workload::Workload::start' });
    expect(await second).toBe('The guest is being restarted already.');
    await restart;
    expect((await session.stopped()).hitBreakpointIds).toEqual([early?.id]);
    await session.end();
  });

  test('disconnect in the middle of it', async () => {
    for (const delay of [0, 50, 200]) {
      const session = Session.start();
      await session.launchTo(BUSY_FUNCTION);
      const restart = session.request('restart').catch(() => undefined);
      // The moment is the point.
      await new Promise((resolve) => setTimeout(resolve, delay));
      await session.end();
      await restart;
    }
  });
});

test('a call that does not come back is stopped and taken back', async () => {
  const session = Session.start();
  const stop = await session.launchTo(BUSY_FUNCTION);
  const call = { expression: 'sprout::arch::halt_forever()', context: 'repl' };
  expect(await session.refusal('evaluate', call)).toMatch(/signaled while in a function called from GDB/);
  // Its thread is where the call was; the session goes on.
  expect((await session.stack(stop.threadId)).length).toBeGreaterThan(0);
  expect((await session.evaluate('1 + 1', { context: 'repl' })).result).toBe('2');
  await session.end();
});

test('gdb’s own execution commands are told as stops and resumes', async () => {
  const session = Session.start();
  const stop = await session.launchTo(BUSY_FUNCTION);
  await session.breakAt();
  await session.request('evaluate', { expression: '-exec stepi', context: 'repl' });
  expect(await session.stopped()).toMatchObject({ reason: 'step', threadId: stop.threadId });
  await session.request('evaluate', { expression: '-exec continue', context: 'repl' });
  await session.event('continued');
  expect(await session.run('pause', stop.threadId)).toMatchObject({ reason: 'pause' });
  await session.end();
});

test('a cache that cannot be written costs time only', async () => {
  const session = Session.start({ XDG_CACHE_HOME: '/dev/null/nowhere' });
  await session.launchTo(BUSY_FUNCTION);
  expect((await session.custom('unikernel/view', { view: 'threads' })).rows.length).toBeGreaterThan(2);
  await session.end();
});

test('arguments of a wrong shape get a sentence', async () => {
  const session = Session.start();
  await session.launchTo(BUSY_FUNCTION);
  for (const [command, parameters] of [
    ['setBreakpoints', {}],
    ['setFunctionBreakpoints', {}],
    ['readMemory', {}],
    ['disassemble', {}],
    ['evaluate', { context: 'repl' }],
    ['completions', {}],
    ['scopes', { frameId: 'x' }],
    ['stackTrace', { threadId: 'one\n-gdb-exit' }],
  ] as const) {
    const told = await session.refusal(command, parameters);
    expect([command, told]).toEqual([command, expect.stringMatching(/^[A-Z"].*\.$/)]);
  }
  await session.end();
});

describe('a part that dies', () => {
  test.each(['while the guest runs', 'while it stands'])('QEMU, %s', async (when) => {
    const session = Session.start();
    const stop = await session.launchTo(BUSY_FUNCTION);
    await session.breakAt();
    if (when === 'while the guest runs') {
      await session.request('continue', { threadId: stop.threadId });
    }
    process.kill(session.traces.processNamed('qemu-system-x86'), 'SIGKILL');
    await session.event('terminated');
    expect(session.output('important')).toBe('QEMU was killed (SIGKILL).\n');
    expect(await session.refusal('threads')).toBe('The session has ended.');
    await session.end();
  });

  test.each(['while the guest runs', 'while it stands'])('gdb, %s', async (when) => {
    const session = Session.start();
    const stop = await session.launchTo(BUSY_FUNCTION);
    await session.breakAt();
    await session.custom('unikernel/view', { view: 'threads' });
    if (when === 'while the guest runs') {
      await session.request('continue', { threadId: stop.threadId });
    }
    process.kill(session.traces.processNamed('gdb'), 'SIGKILL');
    await session.event('terminated');
    expect(session.output('important')).toBe('gdb ended unexpectedly (SIGKILL).\n');
    await session.end();
  });

  test('the guest ends while a request waits for it: it is answered', async () => {
    const session = Session.start();
    const stop = await session.launchTo(BUSY_FUNCTION);
    await session.request('continue', { threadId: stop.threadId });
    const answers = Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        session.breakAt({ name: BUSY_FUNCTION, condition: `this == ${index}` }).then(
          () => 'answered',
          () => 'refused',
        ),
      ),
    );
    process.kill(session.traces.processNamed('qemu-system-x86'), 'SIGKILL');
    expect(await answers).toHaveLength(20);
    await session.event('terminated');
    await session.end();
  });

  test.each(['-exec kill', '-exec detach', '-exec quit'])('by the user’s own %s', async (expression) => {
    const session = Session.start();
    await session.launchTo(BUSY_FUNCTION);
    await session.request('evaluate', { expression, context: 'repl' }).catch(() => undefined);
    await session.event('terminated');
    await session.end();
  });
});
