import { EventEmitter } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

interface QmpMessage {
  QMP?: object;
  id?: number;
  return?: unknown;
  error?: { class: string; desc: string };
  event?: string;
  data?: Record<string, unknown>;
}

export interface QmpEvents {
  event: [name: string, data: Record<string, unknown>];
  closed: [];
}

/** The longest answer that is taken: `info mtree -f` of a large machine has some 100 KB. */
const LONGEST_LINE = 64 << 20;
const GREETING_TIME_LIMIT = 20_000;

/** QEMU's machine protocol (docs/interop/qmp-spec.txt of QEMU) over one stream. Commands may overlap. */
export class Qmp extends EventEmitter<QmpEvents> {
  readonly #stream: Duplex;
  readonly #log: ((line: string) => void) | undefined;
  readonly #pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #nextId = 1;
  #text = '';
  #closed = false;

  private constructor(stream: Duplex, log?: (line: string) => void) {
    super();
    this.#stream = stream;
    this.#log = log;
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => this.#receive(text));
    stream.on('error', () => this.#close());
    stream.on('close', () => this.#close());
    stream.on('end', () => this.#close());
  }

  /**
   * Takes the greeting and enters command mode: QEMU's main loop runs when this resolves, so its sockets listen.
   * Rejects with one sentence when the other side is no QMP, closes, or stays silent for 20 s.
   */
  static async over(stream: Duplex, log?: (line: string) => void): Promise<Qmp> {
    const qmp = new Qmp(stream, log);
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        timer = setTimeout(() => reject(new Error('QEMU does not answer on its QMP socket.')), GREETING_TIME_LIMIT);
        qmp.once('closed', () => reject(new Error('QEMU closed its QMP socket.')));
        qmp.#pending.set(0, { resolve: () => resolve(), reject });
      });
      await qmp.execute('qmp_capabilities');
      return qmp;
    } catch (error) {
      stream.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param address a unix socket's path or `host:port` */
  static async connect(address: string, log?: (line: string) => void): Promise<Qmp> {
    return Qmp.over(await connectTo(address, `QMP at ${address}`), log);
  }

  /** One command. Rejects with QEMU's own description, or a sentence when the connection is gone. */
  execute(command: string, parameters?: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new Error('QEMU has closed its QMP connection.'));
        return;
      }
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      const line = JSON.stringify({ execute: command, ...(parameters && { arguments: parameters }), id });
      this.#log?.(`→qmp ${line}`);
      this.#stream.write(`${line}\n`);
    });
  }

  /** A command of the human monitor; its text. */
  async monitor(command: string): Promise<string> {
    return String(await this.execute('human-monitor-command', { 'command-line': command }));
  }

  close(): void {
    this.#stream.destroy();
    this.#close();
  }

  #receive(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf('\n'); end >= 0; end = this.#text.indexOf('\n')) {
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 1);
      this.#receiveLine(line);
    }
    if (this.#text.length > LONGEST_LINE) {
      this.close();
    }
  }

  #receiveLine(line: string): void {
    this.#log?.(`qmp→ ${line.trimEnd()}`);
    const message = parseMessage(line);
    if (!message) {
      this.close();
    } else if (message.event !== undefined) {
      this.emit('event', message.event, message.data ?? {});
    } else {
      const id = message.QMP ? 0 : (message.id ?? -1);
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (message.error) {
        pending?.reject(new Error(`QEMU: ${message.error.desc}`));
      } else {
        pending?.resolve(message.return);
      }
    }
  }

  #close(): void {
    if (!this.#closed) {
      this.#closed = true;
      const pending = [...this.#pending.values()];
      this.#pending.clear();
      for (const { reject } of pending) {
        reject(new Error('QEMU has closed its QMP connection.'));
      }
      this.emit('closed');
    }
  }
}

function parseMessage(line: string): QmpMessage | undefined {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === 'object' && message !== null ? (message as QmpMessage) : undefined;
  } catch {
    return undefined;
  }
}

const CONNECT_TIME_LIMIT = 10_000;

/**
 * Connects to a unix socket's path or `host:port`. Rejects with one sentence that names `what`.
 */
export function connectTo(address: string, what: string): Promise<Socket> {
  const network = /^(?:tcp:)?(\[[^\]]+\]|[^/:]*):(\d+)$/.exec(address);
  const host = network?.[1]?.replace(/^\[|\]$/g, '') || 'localhost';
  const socket = network ? connect(Number(network[2]), host) : connect(address);
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      socket.destroy();
      reject(new Error(`Nothing answers for ${what} (${reason}).`));
    };
    socket.setTimeout(CONNECT_TIME_LIMIT, () => fail('no connection in 10 s'));
    socket.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.removeAllListeners('error');
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}
