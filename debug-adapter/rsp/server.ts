import { chmod, rm } from 'node:fs/promises';
import net from 'node:net';
import { encodePacket, Packet, PacketReader } from './codec.ts';

const ACKNOWLEDGE = Buffer.from('+');
const REFUSE = Buffer.from('-');

export interface ServerOptions {
  /** The unix socket to make. */
  socketPath: string;
  log?: ((line: string) => void) | undefined;
  /** One packet of gdb. Packets come one at a time: the next waits until the promise is settled. */
  packet(packet: Packet): Promise<void>;
  /** 0x03, at once, also while a packet is treated. */
  interrupt(): void;
  /** gdb has gone. */
  closed(message: string): void;
}

/** gdb's side: a unix socket for exactly one client, gone for good when it closes. */
export class GdbServer {
  readonly #options: ServerOptions;
  readonly #server: net.Server;
  #client: net.Socket | undefined;
  #acknowledging = true;
  #lastFrame: Buffer | undefined;
  #queue: Packet[] = [];
  #busy = false;

  private constructor(options: ServerOptions, server: net.Server) {
    this.#options = options;
    this.#server = server;
  }

  static async listen(options: ServerOptions): Promise<GdbServer> {
    const server = net.createServer({ noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) =>
        reject(new Error(`No socket for gdb at ${options.socketPath}: ${error.message}.`)),
      );
      server.listen(options.socketPath, resolve);
    });
    await chmod(options.socketPath, 0o600);
    const gdbServer = new GdbServer(options, server);
    server.on('connection', (socket) => gdbServer.#connect(socket));
    return gdbServer;
  }

  /** Sends a payload, or a packet as it is. */
  send(payload: string | Packet): void {
    const frame = payload instanceof Packet ? payload.frame : encodePacket(payload);
    this.#options.log?.(`→gdb ${frame.toString('latin1')}`);
    this.#lastFrame = frame;
    this.#client?.write(frame);
  }

  /** From now on neither side acknowledges. */
  stopAcknowledging(): void {
    this.#acknowledging = false;
  }

  /** Closes both and removes the socket. What was sent still arrives. */
  async close(): Promise<void> {
    this.#client?.end();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#client?.destroySoon();
    });
    await rm(this.#options.socketPath, { force: true });
  }

  #connect(socket: net.Socket): void {
    if (this.#client !== undefined) {
      socket.destroy();
      return;
    }
    this.#client = socket;
    const reader = new PacketReader({
      packet: (packet) => this.#receive(packet),
      acknowledgement: (positive) => {
        if (!positive && this.#acknowledging && this.#lastFrame !== undefined) {
          socket.write(this.#lastFrame);
        }
      },
      interrupt: () => {
        this.#options.log?.('gdb→ 0x03');
        this.#options.interrupt();
      },
      damaged: () => socket.write(REFUSE),
    });
    let message = 'gdb closed the connection.';
    socket.on('data', (chunk) => {
      try {
        reader.feed(chunk);
      } catch (error) {
        message = `gdb was cut off: ${(error as Error).message}.`;
        socket.destroy();
      }
    });
    socket.on('error', (error) => {
      message = `The connection to gdb broke: ${error.message}.`;
    });
    socket.on('close', () => this.#options.closed(message));
  }

  #receive(packet: Packet): void {
    this.#options.log?.(`gdb→ ${packet.frame.toString('latin1')}`);
    if (this.#acknowledging) {
      this.#client?.write(ACKNOWLEDGE);
    }
    this.#queue.push(packet);
    if (!this.#busy) {
      void this.#drain();
    }
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    for (let packet = this.#queue.shift(); packet !== undefined; packet = this.#queue.shift()) {
      await this.#options.packet(packet);
    }
    this.#busy = false;
  }
}
