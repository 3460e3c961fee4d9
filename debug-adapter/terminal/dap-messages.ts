/** DAP's framing: `Content-Length: n`, an empty line, n bytes of JSON. */
import type { DebugProtocol } from '@vscode/debugprotocol';

/** The largest message that is taken, in bytes. */
const LARGEST_MESSAGE = 256 * 1024 * 1024;
const HEADER_END = '\r\n\r\n';

/** Splits a stream of bytes into messages. A message of any length is put together once, however many pieces it comes in. */
export class DapMessages {
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** Bytes that are needed before there is anything to tell. */
  #wanted = 0;

  /** @returns the messages that `piece` completes. @throws Error with one sentence for bytes that are no DAP; then it is unusable */
  take(piece: Buffer): DebugProtocol.ProtocolMessage[] {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    const messages: DebugProtocol.ProtocolMessage[] = [];
    while (this.#bytes > 0 && this.#bytes >= this.#wanted) {
      const message = this.#first();
      if (message === undefined) {
        break;
      }
      messages.push(message);
    }
    return messages;
  }

  #first(): DebugProtocol.ProtocolMessage | undefined {
    const all = this.#pieces.length === 1 && this.#pieces[0] ? this.#pieces[0] : Buffer.concat(this.#pieces);
    this.#pieces = [all];
    const headerEnd = all.indexOf(HEADER_END);
    if (headerEnd < 0) {
      return undefined;
    }
    const length = Number(/Content-Length: *(\d+)/i.exec(all.toString('latin1', 0, headerEnd))?.[1]);
    if (!(length <= LARGEST_MESSAGE)) {
      throw new Error('The adapter sent a message without a length.');
    }
    const begin = headerEnd + HEADER_END.length;
    this.#wanted = begin + length;
    if (all.length < this.#wanted) {
      return undefined;
    }
    const rest = all.subarray(this.#wanted);
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
    this.#wanted = 0;
    return JSON.parse(all.toString('utf8', begin, begin + length)) as DebugProtocol.ProtocolMessage;
  }
}
