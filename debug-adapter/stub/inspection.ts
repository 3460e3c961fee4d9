import { CPU_THREAD_BASE } from '../protocol.ts';
import type { Packet } from '../rsp/codec.ts';
import type { KnownRegisters } from '../worker/observation.ts';
import type { StopFacts } from './stop-reply.ts';
import type { Target } from './target.ts';
import { type CpuRegisters, parkedRegisterSet, unavailable } from './x64/registers.ts';

const PARKED = 'E.The thread is not on a CPU: its registers cannot be written, and no function can be called in it.';

/** Registers and memory as the thread sees them that gdb looks at: on a CPU, or parked with what its switch saved. */
export class Inspection {
  /** The stop that gdb looks at; undefined while the guest runs. */
  facts: StopFacts | undefined;
  /** `Hg`: the thread that gdb looks at; undefined: the one that stopped. */
  thread: number | undefined;
  readonly #target: Target;
  readonly #x64: boolean;

  constructor(target: Target, x64: boolean) {
    this.#target = target;
    this.#x64 = x64;
  }

  /** The thread that gdb looks at. */
  async current(): Promise<number> {
    const threads = await this.#target.cpus.threads();
    return this.thread ?? this.facts?.thread ?? threads[0] ?? CPU_THREAD_BASE;
  }

  /** `m…`: its reply. */
  async readMemory(packet: Packet): Promise<string | Packet> {
    const cpu = await this.#memoryCpu();
    return (await this.#target.memory.answer(packet.text, cpu)) ?? this.passInContext(packet);
  }

  /** `g`: its reply. */
  async readRegisters(): Promise<string> {
    return (await this.#registers()).hex;
  }

  /** `p…`: its reply. */
  async readRegister(packet: Packet): Promise<string | Packet> {
    const number = Number.parseInt(packet.text.slice(1), 16);
    const place = await this.#place();
    if ('cpu' in place && !this.#x64) {
      return this.passInContext(packet);
    }
    const digits = (await this.#registers()).digits(number);
    return digits ?? ('cpu' in place ? this.passInContext(packet) : unavailable(number));
  }

  /** `G…` and `P…`: upstream's reply; an error for a parked thread. */
  async writeRegisters(packet: Packet): Promise<string | Packet> {
    const place = await this.#place();
    if (!('cpu' in place)) {
      return PARKED;
    }
    const reply = await this.passInContext(packet);
    this.#target.cpus.forgetRegisters(place.cpu);
    this.#target.memory.forget();
    return reply;
  }

  /** Passes a packet on after selecting the CPU that it is about; both in one write. */
  async passInContext(packet: Packet): Promise<Packet> {
    const { cpus, upstream } = this.#target;
    const selection = cpus.selection(await this.#memoryCpu());
    if (selection.length === 0) {
      return upstream.request(packet);
    }
    const [, reply] = await Promise.all([upstream.batch(selection), upstream.request(packet)]);
    return reply;
  }
  /** The CPU of the thread that gdb looks at; its saved registers when it is parked. */
  async #place(): Promise<{ cpu: number } | { parked: KnownRegisters }> {
    const { cpus } = this.#target;
    const thread = await this.current();
    const cpu = cpus.cpuOf(thread);
    if (cpu !== undefined) {
      return { cpu };
    }
    const parked = await cpus.parkedRegisters(thread);
    return parked === undefined ? { cpu: this.facts?.cpu ?? 0 } : { parked };
  }

  /** The CPU through which memory is read: the thread's, or for a parked one the CPU that stopped (one address space). */
  async #memoryCpu(): Promise<number> {
    const place = await this.#place();
    return 'cpu' in place ? place.cpu : this.#target.cpus.selected;
  }

  async #registers(): Promise<CpuRegisters> {
    const place = await this.#place();
    if ('cpu' in place) {
      return this.#target.cpus.registers(place.cpu);
    }
    const { cpus } = this.#target;
    return parkedRegisterSet(place.parked, (await cpus.registers(cpus.selected)).hex.length);
  }
}
