/** A second QMP monitor that counts VM stops: an observer of the observer. */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export class QmpWitness {
  /** STOP events since the connection. */
  stops = 0;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Connects to a QMP unix socket that QEMU listens at. */
  static async connect(path: string): Promise<QmpWitness> {
    const socket = connect(path);
    const witness = new QmpWitness(socket);
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      createInterface({ input: socket }).on('line', (line) => {
        const message = JSON.parse(line) as { QMP?: object; return?: object; event?: string };
        if (message.QMP) {
          socket.write('{"execute":"qmp_capabilities"}\n');
        } else if (message.return) {
          resolve();
        } else if (message.event === 'STOP') {
          witness.stops++;
        }
      });
    });
    return witness;
  }

  close(): void {
    this.#socket.destroy();
  }
}
