/** The adapter's process: DAP on stdio, or on a socket with `--listen PORT|PATH` (one session a connection). */
import { createServer, type Server } from 'node:net';
import { sentence } from './sentence.ts';
import { UnikernelSession } from './session/session.ts';

const USAGE = `usage: adapter [--listen PORT|PATH]

Speaks the Debug Adapter Protocol on stdin and stdout, or with --listen on a port of the loopback or a unix socket.`;

const sessions = new Set<UnikernelSession>();

function main(): void {
  const [option, address, ...rest] = process.argv.slice(2);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => void endAll());
  }
  if (option === undefined) {
    serve(process.stdin, process.stdout, () => void endAll());
  } else if (option === '--listen' && address !== undefined && rest.length === 0) {
    listen(address);
  } else {
    console.error(USAGE);
    process.exitCode = option === '--help' ? 0 : 2;
  }
}

/** @param ended called when the client has closed its side and the session has ended */
function serve(input: NodeJS.ReadableStream, output: NodeJS.WritableStream, ended: () => void): void {
  const session = new UnikernelSession();
  sessions.add(session);
  const end = (): void => {
    void session.end().finally(() => {
      sessions.delete(session);
      ended();
    });
  };
  input.once('end', end);
  input.once('close', end);
  // A client that is gone is told by the end of its input.
  output.on('error', end);
  session.start(input, output);
}

function listen(address: string): void {
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    serve(socket, socket, () => socket.destroy());
  });
  server.on('error', (error) => {
    console.error(`The adapter cannot listen on ${address}: ${error.message}.`);
    process.exitCode = 1;
  });
  server.on('listening', () => console.error(`Listening on ${whereIs(server)}.`));
  if (/^\d+$/.test(address)) {
    server.listen(Number(address), '127.0.0.1');
  } else {
    server.listen(address);
  }
}

function whereIs(server: Server): string {
  const address = server.address();
  return typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : String(address);
}

async function endAll(): Promise<void> {
  try {
    await Promise.all([...sessions].map((session) => session.end()));
  } catch (error) {
    console.error(sentence(error));
  } finally {
    process.exit();
  }
}

main();
