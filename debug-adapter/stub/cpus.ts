import { CPU_THREAD_BASE } from '../protocol.ts';
import type { KnownRegisters } from '../worker/observation.ts';
import type { KernelThreads } from './kernel-threads.ts';
import { normaliseThread } from './stop-reply.ts';
import type { Upstream } from './upstream.ts';
import { CpuRegisters } from './x64/registers.ts';

/** More CPUs than any guest of ours has; a bound on what upstream may list. */
const MAXIMUM_CPUS = 512;

/**
 * The CPUs of the guest at a stop: their registers, and the thread on each.
 *
 * Upstream knows CPUs only (its "threads"). Everything here is fetched once for a stop and forgotten when the guest runs.
 */
export class Cpus {
  /** Undefined: the CPUs are the threads. */
  kernelThreads: KernelThreads | undefined;
  readonly #upstream: Upstream;
  readonly #x64: boolean;
  readonly #upstreamIds: readonly string[];
  readonly #registers: (CpuRegisters | undefined)[];
  /** As the awareness told at this stop. */
  #threads: readonly number[] | undefined;
  /** What held before one CPU made a step, corrected by `assume`. */
  #assumed: number[] | undefined;
  /** What gdb was told of at this stop under other names. */
  #aliases = new Map<number, number>();
  #parked = new Map<number, Promise<KnownRegisters | undefined>>();
  #selected: number | undefined;

  private constructor(upstream: Upstream, upstreamIds: readonly string[], x64: boolean) {
    this.#upstream = upstream;
    this.#upstreamIds = upstreamIds;
    this.#x64 = x64;
    this.#registers = upstreamIds.map(() => undefined);
  }

  /** Asks upstream for its CPUs. `x64`: whether its registers are laid out as x64/registers.ts says. */
  static async discover(upstream: Upstream, x64: boolean): Promise<Cpus> {
    const ids: string[] = [];
    for (
      let reply = await upstream.ask('qfThreadInfo');
      reply.startsWith('m');
      reply = await upstream.ask('qsThreadInfo')
    ) {
      ids.push(...reply.slice(1).split(',').map(normaliseThread));
      if (ids.length > MAXIMUM_CPUS) {
        break;
      }
    }
    return new Cpus(upstream, ids.length > 0 ? ids : ['1'], x64);
  }

  get count(): number {
    return this.#upstreamIds.length;
  }

  /** Upstream's name of a CPU. */
  upstreamId(cpu: number): string {
    return this.#upstreamIds[cpu] ?? '1';
  }

  /** The CPU that upstream names; 0 when it names none that we know. */
  cpuOfUpstream(id: string | undefined): number {
    return id === undefined ? 0 : Math.max(0, this.#upstreamIds.indexOf(id));
  }

  /** Forgets what the stop told: the guest runs. With `cpu`, only that CPU runs. */
  forget(cpu?: number): void {
    this.#parked.clear();
    this.#aliases.clear();
    if (cpu === undefined) {
      this.#registers.fill(undefined);
      this.#assumed = undefined;
    } else {
      this.#registers[cpu] = undefined;
      this.#assumed = this.#threads === undefined ? this.#assumed : [...this.#threads];
    }
    this.#threads = undefined;
  }

  /** The registers of `cpu` were written. */
  forgetRegisters(cpu: number): void {
    this.#registers[cpu] = undefined;
  }

  /** `cpu`, which alone made a step, is still on `thread`; the awareness need not be asked. */
  assume(thread: number, cpu: number): void {
    if (this.#assumed !== undefined) {
      this.#assumed[cpu] = thread;
    }
  }

  /** Names the threads on the CPUs anew, with other kernel threads; gdb's names stay good for this stop. */
  rename(kernelThreads: KernelThreads | undefined): void {
    this.#threads?.forEach((thread, cpu) => {
      this.#aliases.set(thread, cpu);
    });
    this.#threads = undefined;
    this.#parked.clear();
    this.kernelThreads = kernelThreads;
  }

  /** Packets to send ahead of one that reads or writes in the context of `cpu`; counts as sent. */
  selection(cpu: number): string[] {
    if (this.#selected === cpu) {
      return [];
    }
    this.#selected = cpu;
    return [`Hg${this.upstreamId(cpu)}`];
  }

  /** The CPU that upstream reads memory through. */
  get selected(): number {
    return this.#selected ?? 0;
  }

  async registers(cpu: number): Promise<CpuRegisters> {
    const known = this.#registers[cpu];
    if (known !== undefined) {
      return known;
    }
    const replies = await this.#upstream.batch([...this.selection(cpu), 'g']);
    return this.#keep(cpu, replies[replies.length - 1]?.text ?? '');
  }

  /** The registers of every CPU in one round trip; `last` stays selected. */
  async allRegisters(last: number): Promise<CpuRegisters[]> {
    const packets: string[] = [];
    const asked: number[] = [];
    for (let i = 1; i <= this.count; i++) {
      const cpu = (last + i) % this.count;
      if (this.#registers[cpu] === undefined) {
        packets.push(...this.selection(cpu), 'g');
        asked.push(cpu);
      }
    }
    const replies = (await this.#upstream.batch(packets)).filter((_, i) => packets[i] === 'g');
    asked.forEach((cpu, i) => {
      this.#keep(cpu, replies[i]?.text ?? '');
    });
    return Promise.all(this.#registers.map((_, cpu) => this.registers(cpu)));
  }

  /** For each CPU, the DAP id of the thread on it. */
  async threads(last = this.selected): Promise<readonly number[]> {
    if (this.#threads !== undefined) {
      return this.#threads;
    }
    const names = this.#upstreamIds.map((_, cpu) => CPU_THREAD_BASE + cpu);
    const kernelThreads = this.kernelThreads;
    if (kernelThreads !== undefined && this.#x64) {
      const registers = await this.allRegisters(last);
      try {
        const told = await kernelThreads.atStop(registers.map((set) => set.rsp));
        told.slice(0, names.length).forEach((thread, cpu) => {
          names[cpu] = thread;
        });
      } catch {
        // The awareness cannot tell at this stop (torn structures, a lost window): the CPUs are the threads then.
      }
    }
    this.#threads = names;
    return names;
  }

  /** The CPU that `thread` is on; undefined for a parked or unknown one. Precondition: threads() or assume() at this stop. */
  cpuOf(thread: number): number | undefined {
    const at = (this.#threads ?? this.#assumed)?.indexOf(thread) ?? -1;
    if (at >= 0) {
      return at;
    }
    const named = this.#aliases.get(thread) ?? thread - CPU_THREAD_BASE;
    return named >= 0 && named < this.count ? named : undefined;
  }

  /** Saved registers of a parked thread, asked for once in a stop; undefined when there is no such thread. */
  parkedRegisters(thread: number): Promise<KnownRegisters | undefined> {
    let registers = this.#parked.get(thread);
    if (registers === undefined) {
      registers = this.kernelThreads?.parkedRegisters(thread).catch(() => undefined) ?? Promise.resolve(undefined);
      this.#parked.set(thread, registers);
    }
    return registers;
  }

  #keep(cpu: number, hex: string): CpuRegisters {
    const registers = new CpuRegisters(hex);
    this.#registers[cpu] = registers;
    return registers;
  }
}
