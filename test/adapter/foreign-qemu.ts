/** A QEMU that somebody else started: what attaching meets. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { Qmp } from '../../debug-adapter/machine/qmp.ts';
import { QEMU } from './stub-bench.ts';

export interface ForeignOptions {
  cpus?: number;
  memory?: string;
  machine?: string;
  /** Further arguments; `FOLDER` in one is the guest's own folder. */
  extra?: string[];
}

const QMP_DESCRIPTOR = 3;

export class ForeignQemu {
  readonly folder = mkdtempSync(join(tmpdir(), 'foreign-'));
  /** Where it listens for QMP. */
  readonly qmpAddress = join(this.folder, 'qmp');
  /** Where it listens for gdb, when it was told to. */
  readonly gdbServer = join(this.folder, 'gdb');
  readonly process: ChildProcess;
  /** Of the one who started it: no debugger's. */
  qmp!: Qmp;

  /** Its sockets listen when this resolves. */
  static async boot(kernel: string, options: ForeignOptions = {}): Promise<ForeignQemu> {
    const guest = new ForeignQemu(kernel, options);
    guest.qmp = await Qmp.over(guest.process.stdio[QMP_DESCRIPTOR] as Duplex);
    return guest;
  }

  private constructor(kernel: string, options: ForeignOptions) {
    const { cpus = 1, memory = '128M', machine = 'q35', extra = [] } = options;
    // biome-ignore format: one option a line says more
    const parameters = ['--pdeathsig', 'KILL', QEMU,
      '-accel', 'tcg,thread=multi', '-smp', `${cpus}`, '-m', memory, '-machine', machine, '-cpu', 'max',
      '-display', 'none', '-nodefaults', '-kernel', kernel,
      '-chardev', `socket,id=own,fd=${QMP_DESCRIPTOR}`, '-mon', 'chardev=own,mode=control',
      '-qmp', `unix:${this.qmpAddress},server=on,wait=off`,
      ...extra.map((text) => text.replace('FOLDER', this.folder))];
    this.process = spawn('setpriv', parameters, { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  async isRunning(): Promise<boolean> {
    return ((await this.qmp.execute('query-status')) as { running: boolean }).running;
  }

  /** Its general registers, flags and rip, when it is stopped. */
  async registers(): Promise<string> {
    return this.qmp.monitor('info registers');
  }

  /** Eight bytes of physical memory, as QEMU itself reads them. */
  async physical(address: number): Promise<bigint> {
    const answer = await this.qmp.monitor(`xp /1gx 0x${address.toString(16)}`);
    return BigInt(/: (0x[0-9a-f]{16})/.exec(answer)?.[1] ?? -1);
  }

  /** Where QEMU's gdbstub listens, as QEMU tells it; undefined when it has none. */
  async listensForGdb(): Promise<string | undefined> {
    const chardevs = (await this.qmp.execute('query-chardev')) as { label: string; filename: string }[];
    const filename = chardevs.find(({ label }) => label === 'gdb')?.filename;
    return filename === 'null' ? undefined : filename;
  }

  async dispose(): Promise<void> {
    const { process } = this;
    if (process.exitCode === null && process.signalCode === null) {
      const gone = new Promise((resolve) => process.once('exit', resolve));
      process.kill('SIGKILL');
      await gone;
    }
    this.qmp?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
