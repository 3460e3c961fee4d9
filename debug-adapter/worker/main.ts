/** The observation worker thread. */
import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerMessage, WorkerRequest, WorkerStart } from './messages.ts';
import { Observatory } from './observatory.ts';

const port = parentPort;
if (!port) {
  throw new Error('worker/main.ts runs as a worker thread only');
}
const send = (message: WorkerMessage) => port.postMessage(message);
const observatory = new Observatory(workerData as WorkerStart, send);

port.on('message', async (request: WorkerRequest) => {
  try {
    send({
      kind: 'reply',
      id: request.id,
      value: await observatory.answer(request.method, request.parameters),
    });
  } catch (error) {
    send({
      kind: 'reply',
      id: request.id,
      error: error instanceof Error ? error.message : String(error),
    });
  }
});
