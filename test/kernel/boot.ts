/** Boots an image in QEMU and waits for its end. */
import { spawn } from 'node:child_process';
import { deferred } from '../../debug-adapter/deferred.ts';

export interface Boot {
  image: string;
  commandLine: string;
  /** QEMU's `-machine`; default q35. */
  machine?: string;
  /** 1 to 8; default 1. */
  cpus?: number;
  /** As QEMU takes it; default 64M. */
  memory?: string;
  /** Where the guest's console comes out; default serial. */
  console?: 'serial' | 'debugcon';
  /** Whether the guest can end QEMU with a status; default true. Without it ACPI powers off. */
  exitDevice?: boolean;
  /** Milliseconds; default 100,000: longer than the tests in the guest wait for anything. */
  timeout?: number;
}

export interface BootResult {
  /** What the guest printed, with \n line ends. */
  console: string;
  /** QEMU's exit code: 2 × status + 1, 255 after a panic, 0 after an ACPI power-off; null when it was killed. */
  exitCode: number | null;
}

/** Rejects with what the guest printed when it does not end in time. QEMU never outlives the call, or this process. */
export async function boot(options: Boot): Promise<BootResult> {
  const qemu = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...qemuArguments(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let complaints = '';
  qemu.stdout.setEncoding('latin1').on('data', (text: string) => {
    printed += text.replaceAll('\r', '');
  });
  qemu.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  const { promise, resolve, reject } = deferred<number | null>();
  qemu.on('error', reject);
  qemu.on('close', resolve);
  const limit = options.timeout ?? 100_000;
  const timer = setTimeout(() => {
    qemu.kill('SIGKILL');
    reject(new Error(`“${options.commandLine}” did not end within ${limit} ms. It printed:\n${printed}${complaints}`));
  }, limit);
  try {
    return { exitCode: await promise, console: printed + complaints };
  } finally {
    clearTimeout(timer);
  }
}

function qemuArguments(options: Boot): string[] {
  return [
    ...['-accel', 'tcg,thread=multi', '-machine', options.machine ?? 'q35', '-cpu', 'max'],
    ...['-smp', `${options.cpus ?? 1}`, '-m', options.memory ?? '64M', '-nodefaults', '-display', 'none', '-no-reboot'],
    ...(options.console === 'debugcon' ? ['-debugcon', 'stdio'] : ['-serial', 'stdio']),
    ...(options.exitDevice === false ? [] : ['-device', 'isa-debug-exit,iobase=0xf4,iosize=4']),
    ...['-kernel', options.image, '-append', options.commandLine],
  ];
}
