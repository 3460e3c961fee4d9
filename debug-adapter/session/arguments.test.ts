import { expect, test } from 'vitest';
import type { AttachArguments, LaunchArguments } from '../protocol.ts';
import { checkAttach, checkLaunch } from './arguments.ts';

test('defaults are filled in, and paths begin at cwd', () => {
  expect(checkLaunch({ cwd: '/tree', kernel: 'k.elf', disks: ['d.img', '/e.img'], logFile: 'log' })).toEqual({
    request: 'launch',
    kernel: 'k.elf',
    cwd: '/tree',
    sourceMap: {},
    gdb: 'gdb',
    logFile: '/tree/log',
    memory: '256M',
    cpus: 1,
    machine: 'q35',
    accelerator: 'auto',
    commandLine: undefined,
    disks: ['/tree/d.img', '/e.img'],
    networks: undefined,
    osv: undefined,
    stopAtEntry: false,
    qemu: 'qemu-system-x86_64',
    extraQemuArguments: [],
    build: undefined,
    buildEnvironment: {},
  });
});

test('what a client leaves empty counts as not given', () => {
  const checked = checkLaunch({ kernel: '', memory: '', gdb: '', build: [] } as LaunchArguments);
  expect(checked).toMatchObject({ kernel: undefined, memory: '256M', gdb: 'gdb', build: [] });
});

test.each([
  ['512', '512M'],
  ['1G', '1G'],
  ['2048K', '2048K'],
])('memory %s is %s', (given, memory) => {
  expect(checkLaunch({ memory: given }).memory).toBe(memory);
});

test.each([
  [{ cpus: 0 }, '"cpus" must be a whole number from 1 to 8, not 0.'],
  [{ cpus: 1.5 }, '"cpus" must be a whole number from 1 to 8, not 1.5.'],
  [{ memory: '12 apples' }, '"memory" must be RAM as QEMU takes it, such as 256M or 1G, not "12 apples".'],
  [{ memory: '1K' }, /^"memory" must be RAM/],
  [{ stopAtEntry: 'yes' }, '"stopAtEntry" must be true or false, not "yes".'],
  [{ disks: 'one' }, '"disks" must be a list of texts, not "one".'],
  [{ disks: [1] }, '"disks" must be a list of texts, not [1].'],
  [{ sourceMap: ['a'] }, /^"sourceMap" must be an object of texts/],
  [{ buildEnvironment: { A: 1 } }, /^"buildEnvironment" must be an object of texts/],
  [{ commandLine: 'a\0b' }, '"commandLine" must not contain a zero byte.'],
  [{ accelerator: 'x'.repeat(100) }, /^"accelerator" must be one of auto, tcg, kvm, not "x{56}…\.$/],
])('%o is refused', (given, sentence) => {
  const checked = (): unknown => checkLaunch(given as unknown as LaunchArguments);
  expect(checked).toThrow(sentence);
});

test.each([
  [{ qmp: 'run/qmp' }, { qmp: '/tree/run/qmp' }],
  [{ qmp: 'unix:/run/qmp' }, { qmp: '/run/qmp' }],
  [{ gdbServer: ':1234' }, { gdbServer: 'localhost:1234' }],
  [{ gdbServer: 'tcp:host:1234' }, { gdbServer: 'host:1234' }],
])('an address %o', (given, expected) => {
  expect(checkAttach({ cwd: '/tree', ...given } as AttachArguments)).toMatchObject(expected);
});

test('an attachment without an address is refused', () => {
  expect(() => checkAttach({})).toThrow(/needs "qmp" /);
});
