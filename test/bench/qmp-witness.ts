/** A second QMP monitor that counts VM stops: an observer of the observer. */
import { Qmp } from '../../debug-adapter/machine/qmp.ts';

export class QmpWitness {
  /** STOP events since the connection. */
  stops = 0;
  readonly #qmp: Qmp;

  private constructor(qmp: Qmp) {
    this.#qmp = qmp;
    qmp.on('event', (name) => {
      if (name === 'STOP') {
        this.stops++;
      }
    });
  }

  /** Connects to a QMP unix socket that QEMU listens at. */
  static async connect(path: string): Promise<QmpWitness> {
    return new QmpWitness(await Qmp.connect(path));
  }

  close(): void {
    this.#qmp.close();
  }
}
