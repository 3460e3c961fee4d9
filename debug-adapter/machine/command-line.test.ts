import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BootOptions, qemuArguments } from './command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'disk,s-'));
const raw = join(folder, 'disk.img');
const qcow2 = join(folder, 'other.img');
beforeAll(() => {
  writeFileSync(raw, 'raw');
  writeFileSync(qcow2, Buffer.from('QFI\xfb\0\0\0\x03', 'latin1'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const BOOT: BootOptions = {
  kernel: '/tmp/a kernel.elf',
  commandLine: 'workload, --load="5 0"',
  memory: '256M',
  cpus: 1,
  machine: 'q35',
  accelerator: 'tcg',
  disks: [],
  networks: [],
  extraArguments: [],
};

function argumentsOf(changes: Partial<BootOptions> = {}, gdbSocket = '/run/x/qemu.gdb'): string[] {
  return qemuArguments({ ...BOOT, ...changes }, { qmpDescriptor: 3, consoleDescriptor: 4, gdbSocket });
}

/** The values of an option, in order. */
function valuesOf(parameters: string[], option: string): string[] {
  return parameters.filter((_, index) => parameters[index - 1] === option);
}

test('the kernel and its command line are arguments of their own, whatever is in them', () => {
  expect(valuesOf(argumentsOf(), '-kernel')).toEqual(['/tmp/a kernel.elf']);
  expect(valuesOf(argumentsOf(), '-append')).toEqual(['workload, --load="5 0"']);
});

test('RAM is a shared memfd of the size asked for', () => {
  expect(valuesOf(argumentsOf({ memory: '5G' }), '-object')).toEqual(['memory-backend-memfd,id=ram,size=5G,share=on']);
  expect(valuesOf(argumentsOf({ memory: '5G' }), '-m')).toEqual(['5G']);
  expect(valuesOf(argumentsOf({ machine: 'pc' }), '-machine')).toEqual(['pc,memory-backend=ram']);
});

test('several CPUs are several threads under TCG; KVM has the host’s CPU', () => {
  expect(valuesOf(argumentsOf(), '-accel')).toEqual(['tcg']);
  expect(valuesOf(argumentsOf({ cpus: 4 }), '-accel')).toEqual(['tcg,thread=multi']);
  const kvm = argumentsOf({ cpus: 4, accelerator: 'kvm' });
  expect([valuesOf(kvm, '-accel'), valuesOf(kvm, '-cpu'), valuesOf(kvm, '-smp')]).toEqual([['kvm'], ['host'], ['4']]);
});

test('a comma in a path is doubled', () => {
  expect(valuesOf(argumentsOf({}, '/run/a,b/gdb'), '-gdb')).toEqual(['unix:/run/a,,b/gdb,server=on,wait=off']);
  const [drive] = valuesOf(argumentsOf({ disks: [raw] }), '-drive');
  expect(drive).toBe(`file=${raw.replaceAll(',', ',,')},format=raw,if=none,id=disk0`);
});

test('a disk’s format is told by its header; each disk has a device', () => {
  const parameters = argumentsOf({ disks: [raw, qcow2, '/nowhere/disk.qcow2'], machine: 'microvm' });
  expect(valuesOf(parameters, '-drive').map((drive) => /format=(\w+)/.exec(drive)?.[1])).toEqual([
    'raw',
    'qcow2',
    'raw',
  ]);
  expect(valuesOf(parameters, '-device')).toEqual([0, 1, 2].map((index) => `virtio-blk-device,drive=disk${index}`));
});

test('a network has a card; its id is ours', () => {
  const parameters = argumentsOf({ networks: ['user,id=mine,hostfwd=tcp::8080-:80', 'tap,ifname=tap0'] });
  expect(valuesOf(parameters, '-netdev')).toEqual(['user,hostfwd=tcp::8080-:80,id=net0', 'tap,ifname=tap0,id=net1']);
  expect(valuesOf(parameters, '-device')).toEqual(['virtio-net-pci,netdev=net0', 'virtio-net-pci,netdev=net1']);
});

test('the user’s own arguments come last, so that they win', () => {
  expect(argumentsOf({ extraArguments: ['-cpu', 'qemu64'] }).slice(-2)).toEqual(['-cpu', 'qemu64']);
});
