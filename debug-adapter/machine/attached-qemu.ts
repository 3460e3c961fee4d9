import { EventEmitter } from 'node:events';
import { findListener } from './host-process.ts';
import type { Machine, MachineEvents, RamSource } from './machine.ts';
import { Qmp } from './qmp.ts';
import { QmpMachine } from './qmp-machine.ts';
import { findMemfd, findProcessMemory, type Monitor } from './ram.ts';
import type { RuntimeFolder } from './runtime-folder.ts';

interface Chardev {
  label: string;
  filename: string;
}

/** A QEMU that runs already, found by its QMP socket. It is left as it was found. */
export class AttachedQemu implements Machine {
  readonly kind = 'attached';
  readonly canRun = true;
  readonly events = new EventEmitter<MachineEvents>();
  readonly #qmp: QmpMachine;
  #gdbServer = '';
  #startedServer = false;
  #wasRunning = true;
  #ram: RamSource | undefined;
  #disposed: Promise<void> | undefined;

  /**
   * Connects to QMP, finds QEMU's gdbstub or starts one in `folder`, and finds its RAM.
   * Rejects with one sentence when QMP does not answer or another debugger has the stub.
   * @param gdbServer the stub's address, when the user names it
   */
  static async attach(
    address: string,
    gdbServer: string | undefined,
    folder: RuntimeFolder,
    log?: (line: string) => void,
  ): Promise<AttachedQemu> {
    const qmp = await Qmp.connect(address, log);
    const machine = new AttachedQemu(qmp);
    try {
      await machine.#prepare(qmp, address, gdbServer, folder);
      return machine;
    } catch (error) {
      await machine.dispose();
      throw error;
    }
  }

  private constructor(qmp: Qmp) {
    this.#qmp = new QmpMachine(qmp, this.events);
    qmp.once('closed', () =>
      this.events.emit('exited', {
        code: null,
        signal: null,
        expected: this.#disposed !== undefined,
        message: 'QEMU has ended.',
      }),
    );
  }

  get gdbServer(): string {
    return this.#gdbServer;
  }

  get ram(): RamSource | undefined {
    return this.#ram;
  }

  /** Whether the guest ran when it was found. */
  get wasRunning(): boolean {
    return this.#wasRunning;
  }

  interrupt(): Promise<void> {
    return this.#qmp.interrupt();
  }

  pageTableRoot(cpu: number): Promise<number | undefined> {
    return this.#qmp.pageTableRoot(cpu);
  }

  saveCore(file: string): Promise<void> {
    return this.#qmp.saveCore(file);
  }

  monitor(command: string): Promise<string> {
    return this.#qmp.monitor(command);
  }

  /** Ends this QEMU, because the user said so. */
  async quit(): Promise<void> {
    // It ends before it answers.
    await this.#qmp.execute('quit').catch(() => undefined);
  }

  /** The debugger has let go of the stub before this is called. */
  dispose(): Promise<void> {
    this.#disposed ??= this.#leave();
    return this.#disposed;
  }

  async #prepare(qmp: Qmp, address: string, gdbServer: string | undefined, folder: RuntimeFolder): Promise<void> {
    this.#wasRunning = await this.#qmp.isRunning();
    this.#gdbServer = gdbServer ?? (await this.#findServer(qmp, folder));
    this.#ram = await findRam(address, (command) => qmp.monitor(command));
  }

  async #findServer(qmp: Qmp, folder: RuntimeFolder): Promise<string> {
    const chardevs = (await qmp.execute('query-chardev')) as Chardev[];
    const server = chardevs.find(({ label }) => label === 'gdb');
    if (server && server.filename !== 'null') {
      return addressOf(server.filename);
    }
    const path = folder.file('qemu.gdb');
    const answer = await qmp.monitor(`gdbserver unix:${path},server=on,wait=off`);
    if (!/Waiting for gdb connection/i.test(answer)) {
      throw new Error(`QEMU could not start a gdbserver: ${answer.trim().split('\n').at(-1)}`);
    }
    this.#startedServer = true;
    return path;
  }

  async #leave(): Promise<void> {
    try {
      if (this.#startedServer) {
        await this.#qmp.monitor('gdbserver none');
      }
      // A session that failed half-way leaves it stopped; one whose user resumed it, running.
      if (this.#wasRunning !== (await this.#qmp.isRunning())) {
        await this.#qmp.execute(this.#wasRunning ? 'cont' : 'stop');
      }
    } catch {
      // QEMU is gone: there is nothing to leave in order.
    }
    this.#qmp.close();
  }
}

/** QEMU tells a listening socket as `disconnected:unix:/path,server=on` or `disconnected:tcp:0.0.0.0:1234,server=on`. */
function addressOf(filename: string): string {
  const address = /^disconnected:(?:unix:([^,]+)|(?:tcp|telnet):([^,]+))/.exec(filename);
  if (!address) {
    throw new Error('Another debugger is connected to the gdbserver of this QEMU: end it first.');
  }
  return address[1] ?? (address[2] ?? '').replace(/^(0\.0\.0\.0|::|\[::\])?:/, 'localhost:');
}

/** The RAM of a QEMU on this host; undefined when its process cannot be told or read. */
export async function findRam(address: string, monitor: Monitor): Promise<RamSource | undefined> {
  const pid = findListener(address);
  if (pid === undefined) {
    return undefined;
  }
  try {
    return (await findMemfd(pid, monitor)) ?? (await findProcessMemory(pid, monitor));
  } catch {
    return undefined;
  }
}
