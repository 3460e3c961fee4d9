/** The client's side of DAP over two streams: requests as promises, events as an emitter. */
import { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { type Deferred, deferred } from '../deferred.ts';
import type { CustomEvents, CustomRequests } from '../protocol.ts';
import { DapMessages } from './dap-messages.ts';

/** A request that the adapter answered with `success: false`; the message is its sentence for the user. */
export class RequestFailed extends Error {
  readonly command: string;

  constructor(command: string, message: string) {
    super(message);
    this.name = 'RequestFailed';
    this.command = command;
  }
}

/**
 * Events are emitted by their DAP name (`stopped`, `output`, `unikernel/viewChanged`, …) with their body, and every one as
 * `event`; `exit` comes once with a sentence when the adapter is gone, after every pending request was rejected.
 */
export class DapConnection extends EventEmitter {
  readonly #output: Writable;
  readonly #pending = new Map<number, Deferred<unknown>>();
  #sequence = 0;
  #gone: string | undefined;

  /** @param input what the adapter says @param output what it hears */
  constructor(input: Readable, output: Writable) {
    super();
    this.#output = output;
    // Writing to an adapter that died is told by `exit`.
    output.on('error', () => {});
    input.on('error', (error) => this.end(error.message));
    readMessages(input, (message) => this.#receive(message));
  }

  /** A standard DAP request. Rejects with RequestFailed, or an Error when the adapter is gone. */
  request<Body = unknown>(command: string, parameters: object = {}): Promise<Body> {
    const seq = ++this.#sequence;
    const message = JSON.stringify({ seq, type: 'request', command, arguments: parameters });
    const answer = deferred<unknown>();
    if (this.#gone !== undefined) {
      answer.reject(new Error(this.#gone));
    } else {
      this.#pending.set(seq, answer);
      this.#output.write(`Content-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`);
    }
    return answer.promise as Promise<Body>;
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

  /** The body of the next event `name` for which `accept` holds; rejects when the adapter is gone first. */
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

  /** The adapter is gone, for this reason: one sentence. */
  protected end(reason: string): void {
    if (this.#gone !== undefined) {
      return;
    }
    this.#gone = reason;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) {
      reject(new Error(reason));
    }
    this.emit('exit', reason);
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
}

/** The sentence in a failed response: its error's format with the variables filled in, else its message. */
function failureText(response: DebugProtocol.Response): string {
  const error = (response.body as { error?: DebugProtocol.Message } | undefined)?.error;
  const filled = error?.format.replace(/\{(\w+)\}/g, (whole, name: string) => error.variables?.[name] ?? whole);
  return filled ?? response.message ?? `${response.command} failed`;
}

/** Calls `receive` with each message of a stream; one that is no DAP is ended. */
function readMessages(stream: Readable, receive: (message: DebugProtocol.ProtocolMessage) => void): void {
  const messages = new DapMessages();
  stream.on('data', (piece: Buffer) => {
    let taken: DebugProtocol.ProtocolMessage[] = [];
    try {
      taken = messages.take(piece);
    } catch (error) {
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
    }
    taken.forEach(receive);
  });
}
