/** From launch to the end: entry, restart, terminate, disconnect, several sessions, a socket. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, inject, test } from 'vitest';
import {
  ADAPTER,
  BUSY,
  BUSY_FUNCTION,
  launchArguments,
  lineOf,
  ROOT,
  Session,
  SPROUT_ELF,
  source,
  Traces,
} from './client.ts';

const FILE = source('workload/worker_files.cc');

/** A folder that lives as long as the test run. */
function temporaryFolder(): string {
  return mkdtempSync(join(inject('folder'), 'lifecycle-'));
}

describe('the start', () => {
  test('stopAtEntry stops at the kernel’s first instruction, and the kernel boots on from there', async () => {
    const session = Session.start();
    await session.launch({ stopAtEntry: true });
    const [breakpoint] = await session.breakAt({ name: BUSY_FUNCTION });
    await session.request('configurationDone');
    const entry = await session.stopped();
    expect(entry.reason).toBe('entry');
    expect(await session.threads()).toMatchObject([{ name: 'CPU 0' }]);
    // Physical addresses, 32-bit code: gdb has no names there.
    const { name, instructionPointerReference } = await session.top(entry.threadId);
    expect(name).toBe(instructionPointerReference);
    expect(Number(name)).toBeGreaterThanOrEqual(0x100000);
    expect(Number(name)).toBeLessThan(0x400000);
    const stop = await session.run('continue', entry.threadId);
    expect(stop.hitBreakpointIds).toEqual([breakpoint?.id]);
    await session.end();
  });

  test('a breakpoint in the first function is hit, before paging is on', async () => {
    const session = Session.start();
    const stop = await session.launchTo('sprout_boot');
    expect((await session.top(stop.threadId)).name).toMatch(/sprout_boot/);
    expect(await session.run('next', stop.threadId)).toMatchObject({ reason: 'step' });
    await session.end();
  });

  test('requests out of turn are refused with a sentence', async () => {
    const session = Session.start();
    expect(await session.refusal('threads')).toBe('No guest has been started.');
    await session.launch();
    expect(await session.refusal('initialize', { adapterID: 'unikernel' })).toMatch(/already/);
    expect(await session.refusal('launch', launchArguments({}))).toBe('This session has a guest already.');
    expect(await session.refusal('attach', { qmp: '/nowhere' })).toBe('This session has a guest already.');
    await session.end();
  });

  test.each(['pc', 'q35', 'microvm'] as const)('%s boots, with 8 CPUs', async (machine) => {
    const session = Session.start();
    await session.launchTo(BUSY_FUNCTION, { machine, cpus: 8, memory: '128M' });
    expect((await session.custom('unikernel/view', { view: 'timerSets' })).rows).toHaveLength(8);
    await session.end();
  });
});

describe('restart', () => {
  test('same breakpoints with the same ids, a new boot; while it stands and while it runs', async () => {
    const session = Session.start();
    await session.launch({ cpus: 2 });
    const ids = [
      ...(await session.breakAt({ name: 'sprout::workload::Workload::start' })),
      ...(await session.breakAtLines(FILE, { line: lineOf(FILE, 'place = word') })),
    ].map(({ id }) => id);
    await session.request('configurationDone');
    for (let boot = 0; boot < 3; boot++) {
      const first = await session.stopped();
      expect(first.hitBreakpointIds).toEqual([ids[0]]);
      const second = await session.run('continue', first.threadId);
      expect(second.hitBreakpointIds).toEqual([ids[1]]);
      if (boot === 1) {
        await session.breakAtLines(FILE);
        await session.request('continue', { threadId: second.threadId });
        await session
          .breakAtLines(FILE, { line: lineOf(FILE, 'place = word'), condition: 'this != 0' })
          .then(([again]) => ids.splice(1, 1, again?.id));
      }
      if (boot < 2) {
        await session.request('restart');
      }
    }
    expect(session.count('terminated')).toBe(0);
    expect(session.count('initialized')).toBe(1);
    await session.end();
  });

  test('with another configuration, and with a bad one, which changes nothing', async () => {
    const session = Session.start();
    const stop = await session.launchTo(BUSY_FUNCTION);
    expect(await session.refusal('restart', { arguments: launchArguments({ cpus: 99 }) })).toMatch(/^"cpus" must be/);
    expect((await session.top(stop.threadId)).name).toBe(BUSY_FUNCTION);
    await session.request('restart', { arguments: launchArguments({ cpus: 3 }) });
    await session.stopped();
    expect((await session.custom('unikernel/view', { view: 'timerSets' })).rows).toHaveLength(3);
    await session.end();
  });

  test('what changed is built first; a build that fails leaves the old guest', async () => {
    const folder = temporaryFolder();
    const elf = join(folder, 'kernel.elf');
    copyFileSync(SPROUT_ELF, elf);
    const script = join(folder, 'build.sh');
    const build = (text: string): void => writeFileSync(script, `echo building in $PWD for $WHOM\n${text}\n`);
    build('true');
    const session = Session.start();
    const stop = await session.launchTo(BUSY_FUNCTION, {
      kernel: elf,
      cwd: folder,
      build: ['/bin/sh', script],
      buildEnvironment: { WHOM: 'tests' },
    });
    expect(session.output('console')).toContain(`building in ${folder} for tests`);
    build('echo "kernel.cc:3: error: nothing fits" >&2; exit 3');
    const sentence = 'The build failed (/bin/sh: exit code 3): kernel.cc:3: error: nothing fits';
    expect(await session.refusal('restart')).toBe(sentence);
    expect((await session.stack(stop.threadId)).length).toBeGreaterThan(3);
    expect(await session.run('next', stop.threadId)).toMatchObject({ reason: 'step' });
    build('true');
    await session.request('restart');
    expect((await session.stopped()).reason).toBe('breakpoint');
    await session.end();
  });

  test('Sprout’s own tree is found, and built only when something in it is newer', async () => {
    const session = Session.start();
    await session.launch({ kernel: 'sprout', cwd: ROOT, build: [] });
    await session.end();
    // A tree of another place, built by its presets.
    const tree = temporaryFolder();
    writeFileSync(join(tree, 'CMakePresets.json'), JSON.stringify(PRESETS));
    writeFileSync(join(tree, 'CMakeLists.txt'), TREE);
    mkdirSync(join(tree, 'sources'));
    cpSync(SPROUT_ELF, join(tree, 'sources/made.elf'));
    const once = async (): Promise<string> => {
      const other = Session.start();
      await other.initialize();
      await other.request('launch', { cwd: tree, accelerator: 'tcg', commandLine: BUSY });
      await other.end();
      return other.output('console');
    };
    expect(await once()).toMatch(/cmake --preset debug[\s\S]*cmake --build --preset debug/);
    expect(await once()).toBe('');
    const newer = new Date(Date.now() + 5000);
    utimesSync(join(tree, 'sources/made.elf'), newer, newer);
    expect(await once()).toContain('cmake --build --preset debug');
  });
});

/** A tree that "builds" by copying a finished kernel. */
const PRESETS = {
  version: 3,
  configurePresets: [{ name: 'debug', generator: 'Ninja', binaryDir: `\${sourceDir}/build/debug` }],
  buildPresets: [{ name: 'debug', configurePreset: 'debug' }],
};
const TREE = `cmake_minimum_required(VERSION 3.20)
project(sprout NONE)
add_custom_command(OUTPUT sprout.elf COMMAND cp \${CMAKE_SOURCE_DIR}/sources/made.elf sprout.elf DEPENDS sources/made.elf)
add_custom_target(kernel ALL DEPENDS sprout.elf)
`;

describe('the end', () => {
  test('terminate ends guest and session; what comes after is refused', async () => {
    const session = Session.start();
    await session.launchTo(BUSY_FUNCTION);
    await session.request('terminate');
    await session.event('terminated');
    expect(await session.refusal('continue', { threadId: 1 })).toBe('The session has ended.');
    await session.end();
    expect(session.count('terminated')).toBe(1);
  });

  test('disconnect ends it at any moment: at a stop, while it runs, while it boots, before it was launched', async () => {
    const stopped = Session.start();
    await stopped.launchTo(BUSY_FUNCTION);
    await stopped.end();
    const running = Session.start();
    await running.launchRunning();
    await running.end();
    const booting = Session.start();
    await booting.initialize();
    const refused = booting.refusal('launch', launchArguments({})).catch((error: Error) => error.message);
    await booting.request('disconnect');
    await refused;
    await booting.end();
    const idle = Session.start();
    await idle.initialize();
    await idle.end();
  });

  test('a client that just goes away ends it too', async () => {
    const session = Session.start();
    await session.launchRunning();
    session.hangUp();
    await session.traces.untilNothingIsLeft();
  });

  test('SIGTERM to the adapter ends it in order', async () => {
    const session = Session.start();
    await session.launchRunning();
    session.adapter.kill('SIGTERM');
    await session.traces.untilNothingIsLeft();
  });
});

describe('several at once', () => {
  test('two guests, each stepped on its own', async () => {
    const sessions = [Session.start(), Session.start()];
    const stops = await Promise.all(sessions.map((session) => session.launchTo(BUSY_FUNCTION, { cpus: 2 })));
    for (let step = 0; step < 5; step++) {
      const next = await Promise.all(
        sessions.map((session, index) => session.run('next', stops[index]?.threadId ?? 0)),
      );
      expect(next.map(({ threadId }) => threadId)).toEqual(stops.map(({ threadId }) => threadId));
    }
    await sessions[0]?.end();
    expect((await sessions[1]?.stack(stops[1]?.threadId ?? 0))?.length).toBeGreaterThan(3);
    await sessions[1]?.end();
  });

  test.each(['unix socket', 'port'])('by a %s: a session for each connection, the adapter stays', async (kind) => {
    const traces = new Traces();
    const address = kind === 'port' ? '0' : join(temporaryFolder(), 'adapter');
    const adapter = spawn(process.execPath, [ADAPTER, '--listen', address], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: traces.environment(),
    });
    const where = await listening(adapter);
    const first = await Session.connect(where, traces);
    const second = await Session.connect(where, traces);
    const stop = await first.launchTo(BUSY_FUNCTION);
    await second.launchTo(BUSY_FUNCTION);
    await second.request('disconnect');
    expect(await first.run('next', stop.threadId)).toMatchObject({ reason: 'step' });
    first.hangUp();
    // Its guest ends with its connection.
    const third = await Session.connect(where, traces);
    await third.launchTo(BUSY_FUNCTION);
    adapter.kill('SIGTERM');
    await traces.untilNothingIsLeft();
  });

  test('a socket that is taken is told in a sentence', async () => {
    const path = join(temporaryFolder(), 'taken');
    writeFileSync(path, '');
    const adapter = spawn(process.execPath, [ADAPTER, '--listen', path], { stdio: ['ignore', 'ignore', 'pipe'] });
    const exited = once(adapter, 'exit');
    const lines: string[] = [];
    for await (const line of createInterface({ input: adapter.stderr })) {
      lines.push(line);
    }
    expect(lines.join('\n')).toMatch(/^The adapter cannot listen on .*EADDRINUSE/);
    expect(await exited).toEqual([1, null]);
  });
});

test('the log file has the traffic with gdb, the stub and QEMU', async () => {
  const file = join(temporaryFolder(), 'log');
  const session = Session.start();
  await session.launchTo(BUSY_FUNCTION, { logFile: file });
  await session.end();
  const log = readFileSync(file, 'utf8');
  for (const kind of ['MI →gdb -exec-continue', 'RSP →qemu $vCont;c', 'QMP →qmp {"execute":"qmp_capabilities"']) {
    expect(log).toContain(kind);
  }
});

/** Where an adapter says that it listens. */
async function listening(adapter: ChildProcess): Promise<string | number> {
  for await (const line of createInterface({ input: adapter.stderr as NodeJS.ReadableStream })) {
    const [, address] = /^Listening on (.*)\.$/.exec(line) ?? [];
    if (address !== undefined) {
      const port = /^127\.0\.0\.1:(\d+)$/.exec(address)?.[1];
      return port === undefined ? address : Number(port);
    }
  }
  throw new Error('The adapter does not listen.');
}
