/** Reads moments out of snapshots: with a worker of its own, and no session. */
import { basename } from 'node:path';
import { checkBuild } from '../machine/core/core-build.ts';
import type { KernelBuild } from '../machine/core/core-machine.ts';
import { readElfCore } from '../machine/core/elf-core.ts';
import { ObservationWorker } from '../worker/client.ts';
import type { ObservationOptions } from '../worker/observation.ts';
import { type Moment, takeMoment } from './moment.ts';

export class SnapshotReader {
  readonly #kernel: KernelBuild;
  readonly #worker: ObservationWorker;

  /** @param options `elf` is `kernel`'s path */
  constructor(kernel: KernelBuild, options: ObservationOptions) {
    this.#kernel = kernel;
    this.#worker = ObservationWorker.start(options);
  }

  /** Opens `file` and reads it. Rejects with one sentence when it is no snapshot of this kernel. */
  async read(file: string): Promise<Moment> {
    const core = readElfCore(file);
    checkBuild(core, this.#kernel.buildId, this.#kernel.path);
    await this.#worker.open({ kind: 'core', path: core.path, regions: core.regions });
    return takeMoment(this.#worker, basename(file));
  }

  /** What was opened last. */
  get observation(): ObservationWorker {
    return this.#worker;
  }

  dispose(): Promise<void> {
    return this.#worker.dispose();
  }
}
