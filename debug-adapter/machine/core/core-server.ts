/** A gdbserver over a memory dump: the stub and gdb see a stopped target like any other, one that cannot run. */
import { PhysicalCache } from '../../guest/physical-cache.ts';
import { openRam, type Ram } from '../../guest/ram.ts';
import { PageTable } from '../../guest/x64/page-table.ts';
import type { Packet } from '../../stub/rsp-codec.ts';
import { GdbServer } from '../../stub/server.ts';
import { allDigits, registerDigits, TARGET_DESCRIPTION } from './core-registers.ts';
import type { CoreRegisters, ElfCore } from './elf-core.ts';

const CANNOT_RUN = 'E.A snapshot cannot run.';
const CANNOT_WRITE = 'E.A snapshot cannot be changed.';
const LONGEST_READ = 0x8000;
const PAGE = 0x1000;
const PAGING = 1n << 31n;

export class CoreServer {
  readonly #core: ElfCore;
  readonly #ram: Ram;
  readonly #tables: (PageTable | undefined)[];
  #server: GdbServer | undefined;
  #cpu = 0;

  /** Listens on `socketPath`, which must not exist yet. Rejects with one sentence. */
  static async listen(core: ElfCore, socketPath: string): Promise<CoreServer> {
    const server = new CoreServer(core);
    server.#server = await GdbServer.listen({
      socketPath,
      packet: async (packet) => server.#treat(packet),
      interrupt: () => undefined,
      closed: () => undefined,
    });
    return server;
  }

  private constructor(core: ElfCore) {
    this.#core = core;
    this.#ram = openRam({ kind: 'core', path: core.path, regions: core.regions });
    const cache = new PhysicalCache(this.#ram);
    this.#tables = core.cpus.map((registers) => {
      const isPaging = ((registers.get('cr0') ?? 0n) & PAGING) !== 0n;
      return isPaging ? new PageTable(cache, () => Number(registers.get('cr3') ?? 0n)) : undefined;
    });
  }

  async close(): Promise<void> {
    await this.#server?.close();
    this.#ram.close();
  }

  #treat(packet: Packet): void {
    const { text } = packet;
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
      case 'G':
      case 'P':
      case 'M':
      case 'X':
        return CANNOT_WRITE;
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
        return `m${this.#core.cpus.map((_, cpu) => (cpu + 1).toString(16)).join(',')}`;
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

  get #registers(): CoreRegisters {
    return this.#core.cpus[this.#cpu] ?? new Map();
  }

  #select(text: string): string {
    const cpu = Number.parseInt(text.slice(2), 16) - 1;
    if (cpu >= this.#core.cpus.length) {
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
    const begin = BigInt.asIntN(64, BigInt(`0x${address}`));
    const wanted = Math.min(LONGEST_READ, Number.parseInt(length, 16));
    const pieces: Buffer[] = [];
    for (let done = 0; done < wanted; ) {
      const at = Number(begin + BigInt(done));
      const count = Math.min(wanted - done, PAGE - (((at % PAGE) + PAGE) % PAGE));
      const piece = this.#readPage(at, count);
      if (!piece) {
        break;
      }
      pieces.push(piece);
      done += count;
    }
    return pieces.length > 0 || wanted === 0 ? Buffer.concat(pieces).toString('hex') : 'E14';
  }

  /** Undefined where nothing is mapped or the dump has no such RAM. */
  #readPage(address: number, length: number): Buffer | undefined {
    const bytes = Buffer.allocUnsafe(length);
    try {
      const table = this.#tables[this.#cpu];
      this.#ram.readInto(bytes, table ? table.translate(address) : address);
      return bytes;
    } catch {
      return undefined;
    }
  }
}
