import type { ViewChangedEvent } from '../protocol.ts';
import type { WorkerStart } from './messages.ts';

/** What the worker thread does: answers each method of `Observation`, sends deltas. */
export class Observatory {
  readonly #start: WorkerStart;
  readonly #emit: (event: ViewChangedEvent) => void;

  constructor(start: WorkerStart, emit: (event: ViewChangedEvent) => void) {
    this.#start = start;
    this.#emit = emit;
  }

  async answer(method: string, _parameters: unknown[]): Promise<unknown> {
    switch (method) {
      case 'ready':
        return undefined;
      case 'open':
      case 'setRunning':
      case 'unsubscribe':
      case 'dispose':
        return undefined;
      default:
        throw new Error(`No view of ${this.#start.options.elf} can be read yet (${method}, ${this.#emit.length}).`);
    }
  }
}
