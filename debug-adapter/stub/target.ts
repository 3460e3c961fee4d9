import type { Packet } from '../rsp/codec.ts';
import type { Breakpoints } from './breakpoints.ts';
import type { Cpus } from './cpus.ts';
import { StepBreakpoints } from './step-breakpoints.ts';
import type { StopMemory } from './stop-memory.ts';
import { parseStopReply, SIGNAL_INTERRUPT, SIGNAL_QUIT, SIGNAL_TRAP, type UpstreamStop } from './stop-reply.ts';
import type { Upstream } from './upstream.ts';

/** A stop as the execution sees it. */
export interface Stop extends UpstreamStop {
  /** The CPU that upstream names. */
  cpu: number;
  /** A trap that only tells that a step asked for earlier was still pending in upstream: nothing for gdb. */
  stale: boolean;
}

/** How QEMU treats interrupts during a single step: its `Qqemu.sstep` bits. */
export const STEP_MASKED = 7; // enable, no interrupts, no timers
export const STEP_WITH_INTERRUPTS = 1;

/**
 * One resume of upstream and its stop, with QEMU's ways evened out. Measured with QEMU 7.2, TCG, `-smp 1` and `-smp 4`:
 *
 * - `vCont;s:1` runs CPU 1 alone, 0.15 ms; `vCont;s:1;c` lets the others run too, 1.9 ms with 3 busy ones on 2 host cores.
 * - When CPU 2 stops while CPU 1 is to step, CPU 1 stays in single step: after the next `vCont;c` it stops after one
 *   instruction, with a SIGTRAP that nobody asked for. Such a stop is marked `stale`. That instruction passes a breakpoint at its
 *   address, where any other resume would hit it at once: so the hit is told without a resume.
 * - A step from a breakpoint's address passes the breakpoint without taking it out: single steps ignore breakpoints.
 * - With two breakpoints hit at once only one CPU is told; the other hits again when it is resumed.
 * - A step with `sstep` 7 passes `hlt` (it wakes for a masked interrupt) and never enters a handler; with 1 a pending interrupt
 *   is taken and the step ends before the handler's first instruction.
 * - `?` takes every breakpoint out. It is never sent after the connection's first.
 * - After SIGQUIT (the guest ended) a resume is never answered until somebody resets the machine; so it is not sent, and the same
 *   stop told again. With `-action reboot=shutdown` a `system_reset` is no reset either.
 */
export class Target {
  readonly upstream: Upstream;
  readonly cpus: Cpus;
  readonly breakpoints: Breakpoints;
  readonly memory: StopMemory;
  readonly steps = new StepBreakpoints();
  /** gdb's or the session's interrupt came: the next stop is told. */
  interrupted = false;
  readonly #hasVCont: boolean;
  readonly #hasStepFlags: boolean;
  readonly #output: (packet: Packet) => void;
  readonly #stale = new Set<number>();
  #stepFlags = STEP_MASKED;
  #ended: Stop | undefined;

  constructor(parts: {
    upstream: Upstream;
    cpus: Cpus;
    breakpoints: Breakpoints;
    memory: StopMemory;
    hasVCont: boolean;
    hasStepFlags: boolean;
    output: (packet: Packet) => void;
  }) {
    this.upstream = parts.upstream;
    this.cpus = parts.cpus;
    this.breakpoints = parts.breakpoints;
    this.memory = parts.memory;
    this.#hasVCont = parts.hasVCont;
    this.#hasStepFlags = parts.hasStepFlags;
    this.#output = parts.output;
  }

  /** Runs every CPU. */
  async continueAll(): Promise<Stop> {
    return (await this.#hitByPendingStep([...this.#stale])) ?? this.resume(this.#hasVCont ? 'vCont;c' : 'c', undefined);
  }

  /** Runs these CPUs and no other. Needs vCont; without it, all run. */
  async continueOnly(cpus: readonly number[]): Promise<Stop> {
    const actions = cpus.map((cpu) => `;c:${this.cpus.upstreamId(cpu)}`).join('');
    return (await this.#hitByPendingStep(cpus)) ?? this.resume(this.#hasVCont ? `vCont${actions}` : 'c', undefined);
  }

  /** One instruction of `cpu`, alone or while the others run. */
  async step(cpu: number, others: boolean, flags = STEP_MASKED): Promise<Stop> {
    const hit = others ? await this.#hitByPendingStep([...this.#stale].filter((other) => other !== cpu)) : undefined;
    if (hit !== undefined) {
      return hit;
    }
    const id = this.cpus.upstreamId(cpu);
    if (this.#hasStepFlags && flags !== this.#stepFlags) {
      await this.upstream.ask(`Qqemu.sstep=${flags.toString(16)}`);
      this.#stepFlags = flags;
    }
    if (!this.#hasVCont) {
      await this.upstream.ask(`Hc${id}`);
      return this.resume('s', cpu);
    }
    return this.resume(others && this.cpus.count > 1 ? `vCont;s:${id};c` : `vCont;s:${id}`, cpu, others);
  }

  /** Sends any resume packet. `stepping`: the CPU that steps; `others`: whether more than that CPU runs. */
  async resume(payload: string | Packet, stepping: number | undefined, others = true): Promise<Stop> {
    if (this.#ended !== undefined && (await this.#isAtEnd())) {
      return this.#ended;
    }
    this.#ended = undefined;
    if (this.interrupted) {
      return { signal: SIGNAL_INTERRUPT, cpu: stepping ?? this.cpus.selected, rest: '', stale: false };
    }
    this.cpus.forget(others || stepping === undefined ? undefined : stepping);
    this.memory.forget();
    const reply = await this.upstream.resume(payload, this.#output);
    const stop = parseStopReply(reply.text);
    const cpu = this.cpus.cpuOfUpstream(stop.thread);
    if (stepping !== undefined && cpu !== stepping) {
      this.#stale.add(stepping);
    }
    const stale = this.#stale.delete(cpu) && stop.signal === SIGNAL_TRAP && cpu !== stepping;
    const told: Stop = { ...stop, cpu, stale };
    if (stop.signal === SIGNAL_QUIT) {
      this.#ended = told;
    }
    return told;
  }

  /** Stops the guest, now or before it runs next. */
  interrupt(): void {
    this.interrupted = true;
    this.upstream.interrupt();
  }

  /** The stop of one of `cpus` whose pending step would pass a breakpoint that it stands at; undefined when there is none. */
  async #hitByPendingStep(cpus: readonly number[]): Promise<Stop | undefined> {
    for (const cpu of cpus) {
      if (this.#stale.has(cpu) && this.breakpoints.installedAt((await this.cpus.registers(cpu)).rip)) {
        return { signal: SIGNAL_TRAP, cpu, rest: '', stale: false };
      }
    }
    return undefined;
  }

  /** Whether the machine still waits for a reset after its end. */
  async #isAtEnd(): Promise<boolean> {
    return !/VM status: (?!.*\((shutdown|internal-error)\))/.test(await this.upstream.command('info status'));
  }
}
