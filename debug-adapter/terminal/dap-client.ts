/** A client of any debug adapter on stdio: requests as promises, events as an emitter. */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { deferred } from '../deferred.ts';
import type { CustomEvents, CustomRequests } from '../protocol.ts';

/** The largest message that is taken; a longer one ends the connection. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

/** A request that the adapter answered with `success: false`; the message is its sentence for the user. */
export class RequestFailed extends Error {
  readonly command: string;

  constructor(command: string, message: string) {
    super(message);
    this.name = 'RequestFailed';
    this.command = command;
  }
}

interface Pending {
  command: string;
  resolve(body: unknown): void;
  reject(error: Error): void;
}

/**
 * Events are emitted by their DAP name (`stopped`, `output`, `unikernel/viewChanged`, …) with their body, and every one as
 * `event`; `exit` comes once when the adapter's process is gone, after every pending request was rejected.
 */
export class DapClient extends EventEmitter {
  readonly adapter: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #sequence = 0;

  /** @param command the adapter's program and arguments; its stderr goes to ours. */
  constructor(command: readonly [string, ...string[]]) {
    super();
    const [program, ...parameters] = command;
    // A process group of its own: the terminal's Ctrl-C reaches us alone, and we end the session in order.
    this.adapter = spawn(program, parameters, {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    const { stdin, stdout } = this.adapter;
    if (!stdin || !stdout) {
      throw new Error('The adapter has no stdio.');
    }
    // Writing to an adapter that died is told by `exit`.
    stdin.on('error', () => {});
    readMessages(stdout, (message) => this.#receive(message));
    this.adapter.on('error', (error) => this.#end(`The debug adapter could not be started: ${error.message}`));
    this.adapter.on('exit', (code, signal) => this.#end(`The debug adapter ended (${signal ?? `code ${code}`}).`));
  }

  /** A standard DAP request. Rejects with RequestFailed, or an Error when the adapter ends. */
  request<Body = unknown>(command: string, parameters: object = {}): Promise<Body> {
    const seq = ++this.#sequence;
    const message = JSON.stringify({
      seq,
      type: 'request',
      command,
      arguments: parameters,
    });
    const { promise, resolve, reject } = deferred<unknown>();
    if (this.adapter.exitCode !== null || this.adapter.signalCode !== null) {
      reject(new Error('The debug adapter has ended.'));
    } else {
      this.#pending.set(seq, { command, resolve, reject });
      this.adapter.stdin?.write(`Content-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`);
    }
    return promise as Promise<Body>;
  }

  /** One of the adapter's own requests, typed. */
  custom<Name extends keyof CustomRequests>(
    command: Name,
    parameters: CustomRequests[Name][0],
  ): Promise<CustomRequests[Name][1]> {
    return this.request<CustomRequests[Name][1]>(command, parameters);
  }

  /** Calls `listener` with each of the adapter's own events, typed. */
  onCustom<Name extends keyof CustomEvents>(name: Name, listener: (body: CustomEvents[Name]) => void): void {
    this.on(name, listener);
  }

  /** The body of the next event `name` for which `accept` holds; rejects when the adapter ends first. */
  next<Body>(name: string, accept: (body: Body) => boolean = () => true): Promise<Body> {
    const { promise, resolve, reject } = deferred<Body>();
    const onEvent = (body: Body): void => {
      if (accept(body)) {
        settle();
        resolve(body);
      }
    };
    const onExit = (reason: string): void => {
      settle();
      reject(new Error(reason));
    };
    const settle = (): void => {
      this.off(name, onEvent);
      this.off('exit', onExit);
    };
    this.on(name, onEvent);
    this.on('exit', onExit);
    return promise;
  }

  #receive(message: DebugProtocol.ProtocolMessage): void {
    if (message.type === 'response') {
      this.#settle(message as DebugProtocol.Response);
    } else if (message.type === 'event') {
      const event = message as DebugProtocol.Event;
      this.emit(event.event, event.body);
      this.emit('event', event);
    }
  }

  #settle(response: DebugProtocol.Response): void {
    const pending = this.#pending.get(response.request_seq);
    this.#pending.delete(response.request_seq);
    if (response.success) {
      pending?.resolve(response.body ?? {});
    } else {
      pending?.reject(new RequestFailed(response.command, failureText(response)));
    }
  }

  #end(reason: string): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) {
      reject(new Error(reason));
    }
    this.emit('exit', reason);
  }
}

/** The sentence in a failed response: its error's format with the variables filled in, else its message. */
function failureText(response: DebugProtocol.Response): string {
  const error = (response.body as { error?: DebugProtocol.Message } | undefined)?.error;
  const filled = error?.format.replace(/\{(\w+)\}/g, (whole, name: string) => error.variables?.[name] ?? whole);
  return filled ?? response.message ?? `${response.command} failed`;
}

/** Splits a DAP byte stream into messages. */
function readMessages(stream: Readable, receive: (message: DebugProtocol.ProtocolMessage) => void): void {
  let buffered: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
    for (;;) {
      const headerEnd = buffered.indexOf('\r\n\r\n');
      if (headerEnd < 0) {
        return;
      }
      const length = Number(/Content-Length: *(\d+)/i.exec(buffered.toString('latin1', 0, headerEnd))?.[1]);
      if (!(length <= MAX_MESSAGE_BYTES)) {
        stream.destroy(new Error('The adapter sent a message without a length.'));
        return;
      }
      const end = headerEnd + 4 + length;
      if (buffered.length < end) {
        return;
      }
      const message = JSON.parse(buffered.toString('utf8', headerEnd + 4, end)) as DebugProtocol.ProtocolMessage;
      buffered = buffered.subarray(end);
      receive(message);
    }
  });
}
