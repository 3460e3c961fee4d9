import type { EventEmitter } from 'node:events';
import type { MachineEvents } from './machine.ts';
import type { Qmp } from './qmp.ts';

/** What a launched and an attached QEMU do by QMP alike. */
export class QmpMachine {
  readonly #qmp: Qmp;

  constructor(qmp: Qmp, events: EventEmitter<MachineEvents>) {
    this.#qmp = qmp;
    qmp.on('event', (name, data) => forward(name, data, events));
  }

  /** gdb sees it as SIGINT. QEMU ignores it when the guest is stopped. */
  async interrupt(): Promise<void> {
    await this.#qmp.execute('stop');
  }

  async isRunning(): Promise<boolean> {
    const status = (await this.#qmp.execute('query-status')) as { running?: boolean };
    return status.running === true;
  }

  async pageTableRoot(cpu: number): Promise<number | undefined> {
    const text = String(
      await this.#qmp.execute('human-monitor-command', { 'command-line': 'info registers', 'cpu-index': cpu }),
    );
    const root = /\bCR3=([0-9a-f]+)/i.exec(text)?.[1];
    return root === undefined ? undefined : Number.parseInt(root, 16);
  }

  execute(command: string): Promise<unknown> {
    return this.#qmp.execute(command);
  }

  /** The file is made by QEMU, with the rights of QEMU's user. */
  async saveCore(file: string): Promise<void> {
    await this.#qmp.execute('dump-guest-memory', { paging: false, protocol: `file:${file}` });
  }

  monitor(command: string): Promise<string> {
    return this.#qmp.monitor(command);
  }

  close(): void {
    this.#qmp.close();
  }
}

/** QEMU's events (qapi/run-state.json) as ours. */
function forward(name: string, data: Record<string, unknown>, events: EventEmitter<MachineEvents>): void {
  if (name === 'SHUTDOWN' && data.guest === true) {
    const reason = data.reason === 'guest-reset' ? 'reset' : data.reason === 'guest-panic' ? 'panic' : 'shutdown';
    events.emit('ended', reason);
  } else if (name === 'GUEST_PANICKED') {
    events.emit('ended', 'panic');
  } else if (name === 'STOP') {
    events.emit('stopped');
  } else if (name === 'RESUME') {
    events.emit('resumed');
  }
}
