/** Asks the sizes worker, from VS Code's side. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { SizeRequestName, SizeRequests, WorkerAnswer } from './messages.ts';
import type { WorkerStart } from './worker.ts';

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Reading makes short-lived objects by the million: a small nursery keeps the thread below 200 MB with a 70 MB ELF, and no slower. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

/** A worker that holds one file. It starts with the first question, and anew after it ended. */
export class SizesWorker {
  readonly #cacheDirectory: string | undefined;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #nextId = 1;
  onProgress: (step: string, fraction: number) => void = () => {};

  constructor(cacheDirectory: string | undefined) {
    this.#cacheDirectory = cacheDirectory;
  }

  /** Rejects with one sentence. */
  ask<N extends SizeRequestName>(
    name: N,
    parameters: SizeRequests[N]['parameters'],
  ): Promise<SizeRequests[N]['result']> {
    const worker = this.#started();
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      worker.postMessage({ id, name, parameters });
    });
  }

  /** Ends the worker with whatever it does; questions that are open are rejected. */
  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#end(worker, 'The reading of sizes was ended.');
    await worker?.terminate();
  }

  #started(): Worker {
    if (!this.#worker) {
      const workerData: WorkerStart =
        this.#cacheDirectory === undefined ? {} : { cacheDirectory: this.#cacheDirectory };
      const worker = new Worker(workerFile(), { workerData, resourceLimits, name: 'unikernel-sizes' });
      worker.on('message', (answer: WorkerAnswer) => this.#receive(answer));
      worker.on('error', (error: Error) => this.#end(worker, `The sizes worker failed: ${error.message}`));
      worker.on('exit', () => this.#end(worker, 'The sizes worker has ended.'));
      worker.unref();
      this.#worker = worker;
    }
    return this.#worker;
  }

  #receive(answer: WorkerAnswer): void {
    if ('progress' in answer) {
      this.onProgress(answer.progress.step, answer.progress.fraction);
      return;
    }
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if ('error' in answer) {
      pending?.reject(new Error(answer.error));
    } else {
      pending?.resolve(answer.result);
    }
  }

  #end(worker: Worker | undefined, reason: string): void {
    if (this.#worker !== worker) {
      return;
    }
    this.#worker = undefined;
    for (const { reject } of this.#pending.values()) {
      reject(new Error(reason));
    }
    this.#pending.clear();
  }
}

/** Beside the bundle, or the source where tests run it as it is. */
function workerFile(): string | URL {
  const bundled = typeof __dirname === 'string' ? join(__dirname, 'sizes-worker.cjs') : '';
  return bundled !== '' && existsSync(bundled)
    ? bundled
    : join(dirname(new URL(import.meta.url).pathname), 'worker.ts');
}
