/** Machines under the adapter: launched, attached to, killed, and their RAM through windows of the host. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { openRam } from '../../debug-adapter/guest/ram.ts';
import { AttachedQemu, findRam } from '../../debug-adapter/machine/attached-qemu.ts';
import type { BootOptions } from '../../debug-adapter/machine/command-line.ts';
import { findListener } from '../../debug-adapter/machine/host-process.ts';
import { LaunchedQemu } from '../../debug-adapter/machine/launched-qemu.ts';
import type { RamSource } from '../../debug-adapter/machine/machine.ts';
import { findMemfd, findProcessMemory, ramSize } from '../../debug-adapter/machine/ram.ts';
import { RuntimeFolder } from '../../debug-adapter/machine/runtime-folder.ts';
import { THREADS_ELF, Traces } from './client.ts';
import { type ForeignOptions, ForeignQemu } from './foreign-qemu.ts';
import { Bench, bootOptions, QEMU } from './stub-bench.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) {
    await cleanUp();
  }
});

function privateFolder(): RuntimeFolder {
  const folder = new RuntimeFolder();
  cleanUps.push(() => folder.dispose());
  return folder;
}

async function foreign(options: ForeignOptions = {}): Promise<ForeignQemu> {
  const guest = await ForeignQemu.boot(THREADS_ELF, options);
  cleanUps.push(() => guest.dispose());
  return guest;
}

/** A second one with the same key counts. */
const memfd = (size: string) => [
  ...['-object', `memory-backend-memfd,id=ram,size=${size},share=on`],
  ...['-machine', 'memory-backend=ram'],
];

describe('launching', () => {
  async function launch(changes: Partial<BootOptions>, program = QEMU): Promise<LaunchedQemu> {
    const { kernel, ...others } = bootOptions(THREADS_ELF, changes);
    return LaunchedQemu.start(program, { kernel, ...others }, privateFolder(), () => undefined);
  }

  test.each([
    [{ extraArguments: ['-no-such-option'] }, /^QEMU did not start: .*no-such-option.*\.$/],
    [{ extraArguments: ['-device', 'no-such-device'] }, /^QEMU did not start: .*no-such-device.*\.$/],
    [{ kernel: '/nowhere/kernel.elf' }, /^QEMU did not start: .*\/nowhere\/kernel\.elf.*\.$/],
    [{ kernel: '/etc/passwd' }, /^QEMU did not start: .+\.$/],
    [{ memory: '99999T' }, /^QEMU did not start: .+\.$/],
    [{ cpus: 100_000 }, /^QEMU did not start: .*CPUs.*\.$/],
    [{ disks: ['/nowhere/disk.img'] }, /^QEMU did not start: .*\/nowhere\/disk\.img.*\.$/],
    [{ networks: ['no-such-network'] }, /^QEMU did not start: .*no-such-network.*\.$/],
  ] as const)('%j is refused in one sentence', async (changes, sentence) => {
    const error = await launch(changes).then(
      () => new Error('It started.'),
      (reason: Error) => reason,
    );
    expect(error.message).toMatch(sentence);
    expect(error.message).not.toMatch(/\n/);
  });

  test('a program that is no QEMU is refused too', async () => {
    await expect(launch({}, '/bin/true')).rejects.toThrow(/^QEMU did not start: .+\.$/);
    await expect(launch({}, '/etc/passwd')).rejects.toThrow(/^QEMU did not start: .+\.$/);
  });

  test('it stands at reset, has RAM, says when it ends, and is gone after dispose', async () => {
    const machine = await launch({});
    expect(machine.ram).toMatchObject({ kind: 'file', size: 128 << 20, lowSize: 128 << 20 });
    expect(await machine.monitor('info status')).toMatch(/paused/);
    expect(existsSync(machine.gdbServer)).toBe(true);
    const exited = once(machine.events, 'exited');
    await machine.dispose();
    expect(await exited).toMatchObject([{ expected: true, signal: 'SIGKILL' }]);
    await machine.dispose();
    await expect(machine.monitor('info status')).rejects.toThrow(/^QEMU has closed its QMP connection\.$/);
  });

  test('its end without us is told with its exit', async () => {
    const machine = await launch({});
    const exited = once(machine.events, 'exited');
    await machine.monitor('quit').catch(() => undefined);
    expect(await exited).toMatchObject([{ expected: false, code: 0, message: 'QEMU ended by itself (code 0).' }]);
  });
});

test('SIGKILL of a process that holds a machine, its folder and gdb leaves no process, folder or RAM file', async () => {
  const traces = new Traces();
  const files = readdirSync('/dev/shm');
  const script = join(import.meta.dirname, 'fixtures/holder.ts');
  const holder = spawn(process.execPath, [script, QEMU, THREADS_ELF, join(inject('folder'), 'index')], {
    env: traces.environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [folder] = await once(createInterface({ input: holder.stdout }), 'line');
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(['qemu.gdb', 'stub']));
  const names = traces.processes().map((process) => process.split(' ')[1]);
  expect(names).toEqual(expect.arrayContaining(['gdb', 'qemu-system-x86']));
  holder.kill('SIGKILL');
  await traces.untilNothingIsLeft();
  expect(existsSync(folder)).toBe(false);
  expect(readdirSync('/dev/shm')).toEqual(files);
});

describe('attaching by QMP', () => {
  async function attach(guest: ForeignQemu): Promise<AttachedQemu> {
    const machine = await AttachedQemu.attach(guest.qmpAddress, undefined, privateFolder());
    cleanUps.push(() => machine.dispose());
    return machine;
  }

  const servers: [string, string[]][] = [
    ['no gdbserver', []],
    ['one on a unix socket', ['-gdb', 'unix:FOLDER/gdb,server=on,wait=off']],
    ['one on a port', ['-gdb', 'tcp:127.0.0.1:0']],
  ];
  const states = ['running', 'stopped'] as const;
  const cases = servers.flatMap(([name, extra]) => states.map((state) => [state, name, extra] as const));

  test.each(cases)('to a %s guest with %s, debugging it, and leaving: it is as it was', async (state, _, extra) => {
    const guest = await foreign({ extra: [...extra] });
    if (state === 'stopped') {
      await guest.qmp.execute('stop');
    }
    const server = await guest.listensForGdb();
    const registers = state === 'stopped' ? await guest.registers() : '';
    const machine = await attach(guest);
    expect(machine.wasRunning).toBe(state === 'running');
    expect(await guest.isRunning()).toBe(state === 'running');
    const bench = await Bench.connect(machine, THREADS_ELF, privateFolder(), { onKill: 'detach' });
    expect(await guest.isRunning()).toBe(false);
    await bench.breakAt('worker');
    if (state === 'running') {
      await bench.breakAt('leaf');
      expect(await bench.run('-exec-continue')).toMatchObject({ reason: 'breakpoint-hit' });
    }
    await bench.stub.detach(state);
    await bench.dispose();
    expect(await guest.isRunning()).toBe(state === 'running');
    expect(await guest.listensForGdb()).toBe(server);
    expect(state === 'stopped' ? await guest.registers() : '').toBe(registers);
  });

  test('a session that never came to its debugger leaves it as it was, too', async () => {
    const guest = await foreign();
    const machine = await attach(guest);
    const bench = await Bench.connect(machine, THREADS_ELF, privateFolder());
    await bench.stub.dispose();
    expect(await guest.isRunning()).toBe(false);
    await machine.dispose();
    expect(await guest.isRunning()).toBe(true);
    await bench.dispose();
  });

  test('while another debugger has it is refused in one sentence, and disturbs nobody', async () => {
    const more = ['-gdb', 'unix:FOLDER/gdb,server=on,wait=off', '-qmp', 'unix:FOLDER/second,server=on,wait=off'];
    const guest = await foreign({ extra: more });
    const machine = await attach(guest);
    const bench = await Bench.connect(machine, THREADS_ELF, privateFolder(), { onKill: 'detach' });
    await expect(AttachedQemu.attach(join(guest.folder, 'second'), undefined, privateFolder())).rejects.toThrow(
      'Another debugger is connected to the gdbserver of this QEMU: end it first.',
    );
    await bench.breakAt('leaf');
    expect(await bench.run('-exec-continue')).toMatchObject({ reason: 'breakpoint-hit' });
    await bench.dispose();
  });

  test('what QMP resumes and stops behind the debugger’s back does not confuse it', async () => {
    const guest = await foreign({ extra: ['-gdb', 'unix:FOLDER/gdb,server=on,wait=off'] });
    const machine = await attach(guest);
    const bench = await Bench.connect(machine, THREADS_ELF, privateFolder(), { onKill: 'detach' });
    for (let turn = 0; turn < 5; turn++) {
      await guest.qmp.execute('cont');
      await bench.gdb.console('monitor info status');
      await bench.breakAt('leaf');
      await guest.qmp.execute('cont');
      expect(await bench.run('-exec-continue')).toMatchObject({ reason: 'breakpoint-hit' });
      await bench.deleteBreakpoints();
    }
    await bench.dispose();
  });

  test('its end is told', async () => {
    const guest = await foreign();
    const machine = await attach(guest);
    const exited = once(machine.events, 'exited');
    await guest.dispose();
    expect(await exited).toMatchObject([{ expected: false, message: 'QEMU has ended.' }]);
  });

  test('quit ends it', async () => {
    const guest = await foreign();
    const exited = once(guest.process, 'exit');
    await (await attach(guest)).quit();
    expect(await exited).toEqual([0, null]);
  });
});

describe('windows on RAM', () => {
  /** The window tells what QEMU tells, and QEMU what was written by the window. */
  async function compare(guest: ForeignQemu, source: RamSource | undefined, addresses: number[]): Promise<void> {
    if (source === undefined || source.kind === 'qmp') {
      throw new Error('There is no window.');
    }
    const ram = openRam(source);
    const bytes = Buffer.alloc(8);
    const image = join(guest.folder, 'image');
    const begin = 0x100000;
    await guest.qmp.execute('pmemsave', { val: begin, size: 0x10000, filename: image });
    const window = Buffer.alloc(0x10000);
    ram.readInto(window, begin);
    expect(window.equals(readFileSync(image))).toBe(true);
    expect(window.includes('\0\0\0\0')).toBe(true);
    for (const address of addresses) {
      const value = BigInt(address) * 0x1_0001n + 0x5a5a_0000_0000_0001n;
      bytes.writeBigUInt64LE(value);
      ram.write(bytes, address);
      expect(await guest.physical(address)).toBe(value);
      ram.readInto(bytes, address);
      expect(bytes.readBigUInt64LE()).toBe(value);
    }
    ram.close();
  }

  const GIB = 2 ** 30;

  test.each([
    ['q35', '5G', 2 * GIB],
    ['pc', '5G', 3 * GIB],
    ['microvm', '5G', 3 * GIB],
    ['q35', '2G', 2 * GIB],
    ['pc', '512M', GIB / 2],
  ])('%s with %s: low memory ends where QEMU says, the rest is above 4 GiB', async (machine, memory, lowSize) => {
    const size = Number.parseInt(memory, 10) * (memory.endsWith('G') ? GIB : 2 ** 20);
    const above = size > lowSize ? [4 * GIB, 4 * GIB + size - lowSize - 8] : [];
    const places = [0x80000, lowSize - 8, ...above];
    const shared = await foreign({ machine, memory, extra: ['-S', ...memfd(memory)] });
    const monitor = (command: string) => shared.qmp.monitor(command);
    const file = await findMemfd(shared.pid, monitor);
    expect(file).toMatchObject({ kind: 'file', size, lowSize });
    await compare(shared, file, places);
    // What a QEMU without a shared backend is read by gives the same.
    const process = await findProcessMemory(shared.pid, monitor);
    expect(process).toMatchObject({ kind: 'process', pid: shared.pid });
    await compare(shared, process, places);
    expect(await ramSize(monitor)).toBe(above.length > 0 ? (above[1] ?? 0) + 8 : size);
  });

  test('a QEMU is found by the sockets that it listens on; one without a shared backend by its process', async () => {
    const guest = await foreign({ extra: ['-S', '-gdb', 'tcp:127.0.0.1:0'] });
    const port = /:(\d+),/.exec((await guest.listensForGdb()) ?? '')?.[1];
    expect(findListener(guest.qmpAddress)).toBe(guest.pid);
    expect(findListener(`127.0.0.1:${port}`)).toBe(guest.pid);
    expect(findListener(`localhost:${port}`)).toBe(guest.pid);
    expect(findListener('/nowhere/socket')).toBeUndefined();
    expect(findListener('localhost:0')).toBeUndefined();
    const ram = await findRam(guest.qmpAddress, (command) => guest.qmp.monitor(command));
    expect(ram).toMatchObject({ kind: 'process', pid: guest.pid });
    await compare(guest, ram, [0x80000, (128 << 20) - 8]);
  });

  test('a process that is gone has no window', async () => {
    const guest = await foreign({ extra: ['-S'] });
    const { pid } = guest;
    await guest.dispose();
    expect(await findProcessMemory(pid, async () => '')).toBeUndefined();
    expect(await findRam(guest.qmpAddress, async () => '')).toBeUndefined();
  });
});

test('the private folder is the user’s alone, and goes when it is told to', () => {
  const folder = new RuntimeFolder();
  expect(execFileSync('stat', ['-c', '%a', folder.path], { encoding: 'utf8' })).toBe('700\n');
  folder.dispose();
  folder.dispose();
  expect(existsSync(folder.path)).toBe(false);
});
