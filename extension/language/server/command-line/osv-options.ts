/** The options of OSv's loader (loader.cc of 2026), which stand before the first program. */
import type { Option } from './model.ts';

export interface OsvOption extends Option {
  /** What the value must be, where it is not one of the choices. */
  kind?: 'integer' | 'number' | 'mount';
  /** Only the first one counts. */
  isSingle?: boolean;
  /** Without this other option the loader does not know it. */
  needs?: string;
  /** No program takes such an option: behind a program it is surely misplaced. */
  isUnmistakable?: boolean;
}

function flag(name: string, documentation: string, more: Partial<OsvOption> = {}): OsvOption {
  return { name, value: 'none', documentation, ...more };
}

function valued(name: string, form: string, documentation: string, more: Partial<OsvOption> = {}): OsvOption {
  return { name, value: 'needed', form, documentation, ...more };
}

function choices(values: Record<string, string>): Pick<OsvOption, 'choices'> {
  return { choices: Object.entries(values).map(([value, documentation]) => ({ value, documentation })) };
}

const sure = { isUnmistakable: true };

export const osvOptions: readonly OsvOption[] = [
  valued('rootfs', 'FS', 'The root file system. Without it OSv tries rofs, virtiofs, ext and zfs, in this order.', {
    ...choices({
      rofs: 'Read-only: the image’s files as the build packed them.',
      zfs: 'ZFS: can be written.',
      ramfs: 'In RAM, from the files that are linked into the kernel.',
      virtiofs: 'A folder of the host, shared by virtiofsd.',
      ext: 'ext2, ext3 and ext4, by the module libext.',
    }),
    isSingle: true,
    ...sure,
  }),
  valued(
    'trace',
    'PATTERN,PATTERN…',
    'Tracepoints to record, by name; `*` and `?` stand for any text and any character.',
    {
      ...choices({
        'sched*': 'The scheduler: switches, wake-ups, migrations, loads.',
        'vfs_*': 'Every operation of the file systems.',
        'memory_*': 'Allocations, frees, pages.',
        'mutex_*': 'Locks: waited for, acquired, released.',
        'synch_*': 'BSD’s sleeps and wake-ups.',
        'condvar_*': 'Condition variables.',
        'callout_*': 'BSD’s timers.',
        'timer_*': 'Timers.',
        'async_*': 'Timer tasks of each CPU.',
        'net_*': 'Network packets.',
        'tcp_*': 'TCP’s states and inputs.',
        'virtio_*': 'The virtio devices.',
        'mmu_*': 'Page faults.',
        'elf_*': 'Loading of programs and look-ups of symbols.',
      }),
      isList: true,
      ...sure,
    },
  ),
  flag('trace-backtrace', 'Record a backtrace with each tracepoint.', sure),
  flag('trace-list', 'List the tracepoints at boot.', sure),
  flag('strace', 'Print the enabled tracepoints to the console as they happen.', { needs: 'trace' }),
  valued('sampler', 'HERTZ', 'Take stack samples so many times a second, on every CPU.', { kind: 'integer' }),
  flag('leak', 'Start the leak detector after boot.'),
  flag('nomount', 'Do not mount the root file system: only the files linked into the kernel are there.', sure),
  flag('nopivot', 'Mount the root file system, but do not make it the root.', sure),
  flag('assign-net', 'Give the virtio network card to the application.', sure),
  valued('maxnic', 'N', 'Use so many network cards at most.', { kind: 'integer' }),
  flag('norandom', 'No random device.', sure),
  flag('noshutdown', 'Go on running when the last program has ended.', sure),
  flag('power-off-on-abort', 'Power off instead of halting when the kernel aborts.', sure),
  flag('noinit', 'Do not run the commands in `/init`.', sure),
  flag('verbose', 'Print debug messages.'),
  valued('console', 'DRIVER', 'The console’s driver. Default: `all`.', {
    ...choices({
      all: 'Every console that there is.',
      serial: 'The serial port (x64).',
      vga: 'The screen (x64).',
      pl011: 'The serial port (aarch64).',
    }),
    isSingle: true,
  }),
  valued('env', 'NAME=VALUE', 'An environment variable for the programs. May be given many times.'),
  valued('cwd', '/PATH', 'The working directory of the programs.', { isSingle: true }),
  flag('bootchart', 'Print how long each phase of the boot took.', sure),
  valued(
    'ip',
    'IFACE,ADDRESS,MASK',
    'A static address of a network card, such as `eth0,192.168.122.15,255.255.255.0`.',
  ),
  valued('defaultgw', 'ADDRESS', 'The default gateway.', { isSingle: true }),
  valued('nameserver', 'ADDRESS', 'The name server.', { isSingle: true }),
  valued('delay', 'SECONDS', 'Wait before the boot goes on.', { kind: 'number', isSingle: true }),
  valued('redirect', '/PATH', 'Append what the programs print to this file of the guest.', { isSingle: true }),
  flag('disable_rofs_cache', 'No cache for the read-only file system.', sure),
  flag('nopci', 'Do not look for PCI devices.', sure),
  flag('extra-zfs-pools', 'Import further ZFS pools.', sure),
  valued('mount-fs', 'TYPE,URL,PATH', 'Mount a further file system, such as `nfs,nfs://192.168.122.1/data,/data`.', {
    kind: 'mount',
    ...sure,
  }),
  flag('preload-zfs-library', 'Load `/usr/lib/fs/libsolaris.so` at boot.', sure),
  flag('help', 'Print the options.'),
];
