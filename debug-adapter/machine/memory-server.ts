/**
 * A gdbserver over RAM and stored CPU states: gdb sees a stopped target like any other, one that cannot run. Over a dump that is the
 * whole target; over the RAM of a guest that runs it is a way to let gdb read, and write, without a stop.
 */
import { MappedRam } from '../guest/mapped-ram.ts';
import { openRam } from '../guest/ram.ts';
import type { Packet } from '../rsp/codec.ts';
import { GdbServer } from '../rsp/server.ts';
import { type CpuState, pageTableRootOf } from './core/elf-core.ts';
import type { RamSource } from './machine.ts';
import { allDigits, registerDigits, TARGET_DESCRIPTION } from './memory-server-registers.ts';

const CANNOT_RUN = 'E.A snapshot cannot run.';
const CANNOT_WRITE = 'E.A snapshot cannot be changed.';
const CANNOT_WRITE_REGISTERS = 'E.Registers can be written at a stop only.';
const LONGEST_READ = 0x8000;

export interface MemoryServerOptions {
  ram: Exclude<RamSource, { kind: 'qmp' }>;
  cpus: readonly CpuState[];
  /** Whether memory may be written. */
  isWritable: boolean;
  /** Must not exist yet. */
  socketPath: string;
  log?: ((line: string) => void) | undefined;
}

export class MemoryServer {
  readonly #options: MemoryServerOptions;
  readonly #ram: MappedRam;
  #server: GdbServer | undefined;
  #cpu = 0;

  /** Rejects with one sentence when the RAM cannot be opened. */
  static async listen(options: MemoryServerOptions): Promise<MemoryServer> {
    const server = new MemoryServer(options);
    try {
      server.#server = await GdbServer.listen({
        socketPath: options.socketPath,
        log: options.log,
        packet: async (packet) => server.#treat(packet),
        interrupt: () => undefined,
        closed: () => undefined,
      });
      return server;
    } catch (error) {
      server.#ram.close();
      throw error;
    }
  }

  private constructor(options: MemoryServerOptions) {
    this.#options = options;
    this.#ram = new MappedRam(openRam(options.ram));
  }

  async close(): Promise<void> {
    await this.#server?.close();
    this.#ram.close();
  }

  #treat(packet: Packet): void {
    const { text } = packet;
    // The guest may run: what was translated for one packet says nothing about the next.
    this.#ram.forget();
    this.#server?.send(this.#answer(text));
    if (text === 'QStartNoAckMode') {
      this.#server?.stopAcknowledging();
    }
  }

  #answer(text: string): string {
    switch (text[0]) {
      case '?':
        return 'T05thread:1;';
      case 'H':
        return this.#select(text);
      case 'T':
        return 'OK';
      case 'g':
        return allDigits(this.#registers);
      case 'p':
        return registerDigits(this.#registers, Number.parseInt(text.slice(1), 16)) ?? 'E01';
      case 'm':
        return this.#readMemory(text);
      case 'M':
        return this.#options.isWritable ? this.#writeMemory(text) : CANNOT_WRITE;
      case 'G':
      case 'P':
        return this.#options.isWritable ? CANNOT_WRITE_REGISTERS : CANNOT_WRITE;
      case 'c':
      case 's':
      case 'C':
      case 'S':
        return CANNOT_RUN;
      case 'D':
      case 'k':
        return 'OK';
      default:
        return this.#answerQuery(text);
    }
  }

  #answerQuery(text: string): string {
    if (text.startsWith('qSupported')) {
      return `PacketSize=${(LONGEST_READ * 2 + 16).toString(16)};QStartNoAckMode+;qXfer:features:read+`;
    }
    if (text.startsWith('qXfer:features:read:target.xml:')) {
      return this.#describe(text);
    }
    if (text.startsWith('vCont;')) {
      return CANNOT_RUN;
    }
    switch (text) {
      case 'QStartNoAckMode':
        return 'OK';
      case 'qfThreadInfo':
        return `m${this.#options.cpus.map((_, cpu) => (cpu + 1).toString(16)).join(',')}`;
      case 'qsThreadInfo':
        return 'l';
      case 'qC':
        return `QC${(this.#cpu + 1).toString(16)}`;
      case 'qAttached':
        return '1';
      default:
        return '';
    }
  }

  get #registers(): CpuState {
    return this.#options.cpus[this.#cpu] ?? new Map();
  }

  #select(text: string): string {
    const cpu = Number.parseInt(text.slice(2), 16) - 1;
    if (cpu >= this.#options.cpus.length) {
      return 'E01';
    }
    // -1 and 0 mean all and any.
    this.#cpu = Math.max(0, cpu || 0);
    return 'OK';
  }

  #describe(text: string): string {
    const [, offset, length] = /:([0-9a-f]+),([0-9a-f]+)$/.exec(text) ?? [];
    const from = Number.parseInt(offset ?? '0', 16);
    const piece = TARGET_DESCRIPTION.slice(from, from + Number.parseInt(length ?? '0', 16));
    return `${from + piece.length >= TARGET_DESCRIPTION.length ? 'l' : 'm'}${piece}`;
  }

  /** As much as is mapped and in the dump; an error when that is nothing. */
  #readMemory(text: string): string {
    const [, address, length] = /^m([0-9a-f]{1,16}),([0-9a-f]{1,8})$/.exec(text) ?? [];
    if (address === undefined || length === undefined) {
      return 'E01';
    }
    const wanted = Math.min(LONGEST_READ, Number.parseInt(length, 16));
    const bytes = this.#ram.read(this.#root, signedAddress(address), wanted);
    return bytes.length > 0 || wanted === 0 ? bytes.toString('hex') : 'E14';
  }

  /** Whole pages at a time; what cannot be written is told, and what went before it stays written. */
  #writeMemory(text: string): string {
    const [, address, length, digits = ''] = /^M([0-9a-f]{1,16}),([0-9a-f]{1,8}):([0-9a-f]*)$/.exec(text) ?? [];
    const bytes = Buffer.from(digits, 'hex');
    if (address === undefined || bytes.length !== Number.parseInt(length ?? '', 16)) {
      return 'E01';
    }
    try {
      this.#ram.write(this.#root, signedAddress(address), bytes);
      return 'OK';
    } catch (error) {
      return `E.${error instanceof Error ? error.message : String(error)}`;
    }
  }

  get #root(): number | undefined {
    return pageTableRootOf(this.#registers);
  }
}

function signedAddress(digits: string): number {
  return Number(BigInt.asIntN(64, BigInt(`0x${digits}`)));
}
