/** The options of OSv's loader (loader.cc of 2026), which stand before the first program. */
import * as l10n from '@vscode/l10n';
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
  valued(
    'rootfs',
    'FS',
    l10n.t('The root file system. Without it OSv tries rofs, virtiofs, ext and zfs, in this order.'),
    {
      ...choices({
        rofs: l10n.t('Read-only: the image’s files as the build packed them.'),
        zfs: l10n.t('ZFS: can be written.'),
        ramfs: l10n.t('In RAM, from the files that are linked into the kernel.'),
        virtiofs: l10n.t('A folder of the host, shared by virtiofsd.'),
        ext: l10n.t('ext2, ext3 and ext4, by the module libext.'),
      }),
      isSingle: true,
      ...sure,
    },
  ),
  valued(
    'trace',
    'PATTERN,PATTERN…',
    l10n.t('Tracepoints to record, by name; `*` and `?` stand for any text and any character.'),
    {
      ...choices({
        'sched*': l10n.t('The scheduler: switches, wake-ups, migrations, loads.'),
        'vfs_*': l10n.t('Every operation of the file systems.'),
        'memory_*': l10n.t('Allocations, frees, pages.'),
        'mutex_*': l10n.t('Locks: waited for, acquired, released.'),
        'synch_*': l10n.t('BSD’s sleeps and wake-ups.'),
        'condvar_*': l10n.t('Condition variables.'),
        'callout_*': l10n.t('BSD’s timers.'),
        'timer_*': l10n.t('Timers.'),
        'async_*': l10n.t('Timer tasks of each CPU.'),
        'net_*': l10n.t('Network packets.'),
        'tcp_*': l10n.t('TCP’s states and inputs.'),
        'virtio_*': l10n.t('The virtio devices.'),
        'mmu_*': l10n.t('Page faults.'),
        'elf_*': l10n.t('Loading of programs and look-ups of symbols.'),
      }),
      isList: true,
      ...sure,
    },
  ),
  flag('trace-backtrace', l10n.t('Record a backtrace with each tracepoint.'), sure),
  flag('trace-list', l10n.t('List the tracepoints at boot.'), sure),
  flag('strace', l10n.t('Print the enabled tracepoints to the console as they happen.'), { needs: 'trace' }),
  valued('sampler', 'HERTZ', l10n.t('Take stack samples so many times a second, on every CPU.'), { kind: 'integer' }),
  flag('leak', l10n.t('Start the leak detector after boot.')),
  flag('nomount', l10n.t('Do not mount the root file system: only the files linked into the kernel are there.'), sure),
  flag('nopivot', l10n.t('Mount the root file system, but do not make it the root.'), sure),
  flag('assign-net', l10n.t('Give the virtio network card to the application.'), sure),
  valued('maxnic', 'N', l10n.t('Use so many network cards at most.'), { kind: 'integer' }),
  flag('norandom', l10n.t('No random device.'), sure),
  flag('noshutdown', l10n.t('Go on running when the last program has ended.'), sure),
  flag('power-off-on-abort', l10n.t('Power off instead of halting when the kernel aborts.'), sure),
  flag('noinit', l10n.t('Do not run the commands in `/init`.'), sure),
  flag('verbose', l10n.t('Print debug messages.')),
  valued('console', 'DRIVER', l10n.t('The console’s driver. Default: `all`.'), {
    ...choices({
      all: l10n.t('Every console that there is.'),
      serial: l10n.t('The serial port (x64).'),
      vga: l10n.t('The screen (x64).'),
      pl011: l10n.t('The serial port (aarch64).'),
    }),
    isSingle: true,
  }),
  valued('env', 'NAME=VALUE', l10n.t('An environment variable for the programs. May be given many times.')),
  valued('cwd', '/PATH', l10n.t('The working directory of the programs.'), { isSingle: true }),
  flag('bootchart', l10n.t('Print how long each phase of the boot took.'), sure),
  valued(
    'ip',
    'IFACE,ADDRESS,MASK',
    l10n.t('A static address of a network card, such as `eth0,192.168.122.15,255.255.255.0`.'),
  ),
  valued('defaultgw', 'ADDRESS', l10n.t('The default gateway.'), { isSingle: true }),
  valued('nameserver', 'ADDRESS', l10n.t('The name server.'), { isSingle: true }),
  valued('delay', 'SECONDS', l10n.t('Wait before the boot goes on.'), { kind: 'number', isSingle: true }),
  valued('redirect', '/PATH', l10n.t('Append what the programs print to this file of the guest.'), { isSingle: true }),
  flag('disable_rofs_cache', l10n.t('No cache for the read-only file system.'), sure),
  flag('nopci', l10n.t('Do not look for PCI devices.'), sure),
  flag('extra-zfs-pools', l10n.t('Import further ZFS pools.'), sure),
  valued(
    'mount-fs',
    'TYPE,URL,PATH',
    l10n.t('Mount a further file system, such as `nfs,nfs://192.168.122.1/data,/data`.'),
    {
      kind: 'mount',
      ...sure,
    },
  ),
  flag('preload-zfs-library', l10n.t('Load `/usr/lib/fs/libsolaris.so` at boot.'), sure),
  flag('help', l10n.t('Print the options.')),
];
