import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RamSource } from '../../debug-adapter/machine/machine.ts';
import { Qmp } from '../../debug-adapter/machine/qmp.ts';

/** The kernel under test; `npm test` builds it. */
export const SPROUT_ELF =
  process.env.SPROUT_ELF ?? join(import.meta.dirname, '..', '..', 'kernel', 'build', 'debug', 'sprout.elf');

const MEGABYTE = 1 << 20;

/** A Sprout in QEMU under TCG, with its RAM in a memfd, driven by QMP alone: no adapter, no gdb. */
export class Guest {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #qmp: Qmp;
  readonly #size: number;
  readonly #console: string[] = [];
  readonly #consoleWaiters: (() => void)[] = [];
  /** Names of QMP events seen so far. */
  readonly events: string[] = [];

  /** Boots `elf` with `commandLine` and waits for `until` on its console. */
  static async boot(
    commandLine: string,
    options: { cpus?: number; megabytes?: number; until?: string } = {},
  ): Promise<Guest> {
    const folder = mkdtempSync(join(tmpdir(), 'awareness-'));
    const qmp = join(folder, 'qmp');
    const megabytes = options.megabytes ?? 256;
    const size = `${megabytes}M`;
    // biome-ignore format: one option a line says more
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64',
      '-accel', 'tcg,thread=multi', '-smp', String(options.cpus ?? 1), '-m', size,
      '-object', `memory-backend-memfd,id=ram,size=${size},share=on`, '-machine', 'q35,memory-backend=ram',
      '-kernel', SPROUT_ELF, '-append', commandLine, '-display', 'none', '-nodefaults', '-serial', 'stdio',
      '-gdb', `unix:${join(folder, 'gdb')},server=on,wait=off`,
      '-qmp', `unix:${qmp},server=on,wait=off`, '-no-reboot'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const complaints: string[] = [];
    child.stderr?.on('data', (text) => complaints.push(String(text)));
    const guest = new Guest(child, folder, await connected(qmp, child, complaints), megabytes * MEGABYTE);
    await guest.said(options.until ?? 'workload: ');
    return guest;
  }

  private constructor(child: ChildProcess, folder: string, qmp: Qmp, size: number) {
    this.#child = child;
    this.#folder = folder;
    this.#qmp = qmp;
    this.#size = size;
    const wakeAll = () => {
      for (const waiter of this.#consoleWaiters.splice(0)) {
        waiter();
      }
    };
    child.stdout?.on('data', (text) => {
      this.#console.push(String(text));
      wakeAll();
    });
    child.once('exit', wakeAll);
    qmp.on('event', (name) => this.events.push(name));
  }

  get console(): string {
    return this.#console.join('');
  }

  /** QEMU's gdbstub. */
  get gdbServer(): string {
    return join(this.#folder, 'gdb');
  }

  /** The RAM window: the memfd through /proc. */
  get ram(): RamSource {
    // setpriv becomes QEMU: the same process.
    const folder = `/proc/${this.#child.pid}/fd`;
    const name = readdirSync(folder).find((entry) => readlinkSync(join(folder, entry)).startsWith('/memfd:'));
    if (!name) {
      throw new Error('QEMU has no memfd');
    }
    return { kind: 'file', path: join(folder, name), size: this.#size, lowSize: this.#size };
  }

  /** Waits until the console has said `text`. Rejects when QEMU ends before. */
  async said(text: string): Promise<void> {
    while (!this.console.includes(text)) {
      if (this.#child.exitCode !== null) {
        throw new Error(`QEMU ended; the console said: ${this.console}`);
      }
      await new Promise<void>((resolve) => this.#consoleWaiters.push(resolve));
    }
  }

  stop(): Promise<unknown> {
    return this.#qmp.execute('stop');
  }

  resume(): Promise<unknown> {
    return this.#qmp.execute('cont');
  }

  /** Every CPU's registers by name, from QEMU's monitor. */
  async registers(cpus: number): Promise<Map<string, bigint>[]> {
    const result: Map<string, bigint>[] = [];
    for (let cpu = 0; cpu < cpus; cpu++) {
      const parameters = { 'command-line': 'info registers', 'cpu-index': cpu };
      const text = String(await this.#qmp.execute('human-monitor-command', parameters));
      const pairs = text.matchAll(/\b(R[A-Z0-9]{1,2}|CR3)\s*=([0-9a-f]{16})\b/g);
      result.push(new Map([...pairs].map(([, name, value]) => [String(name), BigInt(`0x${value}`)])));
    }
    return result;
  }

  async dispose(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await gone;
    }
    this.#qmp.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The monitor, as soon as QEMU listens. */
async function connected(path: string, child: ChildProcess, complaints: readonly string[]): Promise<Qmp> {
  for (;;) {
    if (child.exitCode !== null) {
      throw new Error(`QEMU did not start: ${complaints.join('')}`);
    }
    const qmp = await Qmp.connect(path).catch(() => undefined);
    if (qmp) {
      return qmp;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
