/** The thread that reads files and answers about them. */
import { parentPort, workerData } from 'node:worker_threads';
import { sentence } from '../../sentence.ts';
import type { SizeRequests, WorkerAnswer, WorkerRequest } from './messages.ts';
import { SizeService } from './service.ts';

/** What the thread is started with. */
export interface WorkerStart {
  cacheDirectory?: string;
}

/** How often progress is told at most, in milliseconds. */
const PROGRESS_PAUSE = 50;

const port = parentPort;
if (port) {
  let told = 0;
  const send = (answer: WorkerAnswer): void => port.postMessage(answer);
  const { cacheDirectory } = workerData as WorkerStart;
  const service = new SizeService(cacheDirectory, (step, fraction) => {
    const now = Date.now();
    if (now - told >= PROGRESS_PAUSE) {
      told = now;
      send({ progress: { step, fraction } });
    }
  });
  port.on('message', ({ id, name, parameters }: WorkerRequest) => {
    try {
      send({ id, result: service.answer(name, parameters as SizeRequests[typeof name]['parameters']) });
    } catch (error) {
      send({ id, error: sentence(error) });
    }
  });
}
