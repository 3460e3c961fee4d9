import { closeSync, openSync, readSync } from 'node:fs';
import type { Accelerator } from './accelerator.ts';

/** What to boot, checked before: see session/arguments.ts. */
export interface BootOptions {
  /** The ELF. */
  kernel: string;
  commandLine: string;
  /** As QEMU takes it. */
  memory: string;
  cpus: number;
  machine: 'pc' | 'q35' | 'microvm';
  accelerator: Accelerator;
  disks: readonly string[];
  networks: readonly string[];
  extraArguments: readonly string[];
}

/** Where QEMU meets us: inherited descriptors, which leave no file, and the socket of its gdbstub. */
export interface Meeting {
  qmpDescriptor: number;
  consoleDescriptor: number;
  gdbSocket: string;
}

/**
 * QEMU's arguments: paused at reset, no devices but those asked for, RAM in a shared memfd that has no name on the host, and resets
 * and power-offs that stop the machine instead of ending it.
 */
export function qemuArguments(boot: BootOptions, meeting: Meeting): string[] {
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-S'],
    ...['-action', 'reboot=shutdown,shutdown=pause,panic=pause'],
    ...['-machine', `${boot.machine},memory-backend=ram`],
    ...['-object', `memory-backend-memfd,id=ram,size=${boot.memory},share=on`, '-m', boot.memory],
    ...['-accel', acceleratorOption(boot), '-cpu', boot.accelerator === 'kvm' ? 'host' : 'max'],
    ...['-smp', `${boot.cpus}`],
    ...['-chardev', `socket,id=qmp,fd=${meeting.qmpDescriptor}`, '-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', `socket,id=console,fd=${meeting.consoleDescriptor}`, '-serial', 'chardev:console'],
    ...['-gdb', `unix:${optionValue(meeting.gdbSocket)},server=on,wait=off`],
    ...['-kernel', boot.kernel, '-append', boot.commandLine],
    ...boot.disks.flatMap((disk, index) => diskArguments(boot.machine, disk, index)),
    ...boot.networks.flatMap((network, index) => networkArguments(boot.machine, network, index)),
    ...boot.extraArguments,
  ];
}

function acceleratorOption({ accelerator, cpus }: BootOptions): string {
  return accelerator === 'tcg' && cpus > 1 ? 'tcg,thread=multi' : accelerator;
}

function diskArguments(machine: BootOptions['machine'], file: string, index: number): string[] {
  const format = diskFormat(file);
  return [
    ...['-drive', `file=${optionValue(file)},format=${format},if=none,id=disk${index}`],
    ...['-device', `virtio-blk-${bus(machine)},drive=disk${index}`],
  ];
}

function networkArguments(machine: BootOptions['machine'], network: string, index: number): string[] {
  // The id is ours, so that the card finds it.
  const netdev = network.replace(/,id=[^,]*/, '');
  return ['-netdev', `${netdev},id=net${index}`, '-device', `virtio-net-${bus(machine)},netdev=net${index}`];
}

/** qcow2's header begins so (QEMU's docs/interop/qcow2.txt); kernels' build scripts call such images `.img` too. */
const QCOW2 = Buffer.from([0x51, 0x46, 0x49, 0xfb]);

/** Told to QEMU, which warns of images whose format it must guess. A file that cannot be read is left to QEMU's own sentence. */
function diskFormat(file: string): 'qcow2' | 'raw' {
  const head = Buffer.alloc(QCOW2.length);
  try {
    const descriptor = openSync(file, 'r');
    readSync(descriptor, head, 0, head.length, 0);
    closeSync(descriptor);
  } catch {
    return 'raw';
  }
  return head.equals(QCOW2) ? 'qcow2' : 'raw';
}

/** microvm has no PCI: its virtio devices are memory-mapped. */
function bus(machine: BootOptions['machine']): string {
  return machine === 'microvm' ? 'device' : 'pci';
}

/** A value in QEMU's `key=value,…` syntax, where a comma is doubled. */
function optionValue(text: string): string {
  return text.replaceAll(',', ',,');
}
