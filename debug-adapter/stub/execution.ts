import { holds } from './conditions.ts';
import type { AddressRange, ResumePlan } from './resume.ts';
import { SIGNAL_INTERRUPT, SIGNAL_TRAP } from './stop-reply.ts';
import { STEP_WITH_INTERRUPTS, type Stop, type Target } from './target.ts';
import type { CpuRegisters } from './x64/registers.ts';

/** A stop that gdb is to hear of. */
export interface Outcome {
  stop: Stop;
  /** The thread to name; undefined: the one on the CPU that stopped. */
  thread: number | undefined;
}

/** An instruction moves the stack pointer by less than this within one stack; guard pages keep stacks further apart. */
const SAME_STACK = 1024n;
/** Instructions of one range after which others and interrupts get a turn: a line that spins waits for one of them. */
const STEPS_BEFORE_TURN = 64;
/** Milliseconds of that turn for the other CPUs. */
const TURN = 1;
/**
 * Steps in a row that may leave every register as it was. QEMU 7.2 ends a step without an instruction when the CPU's APIC has news
 * (CPU_INTERRUPT_POLL, at a timer's tick), also while interrupts are masked; an instruction that jumps to itself does nothing too.
 */
const STEPS_WITHOUT_EFFECT = 3;
const HARDWARE_BREAKPOINT = 1;
const READ_WATCHPOINT = 3;

/** gdb's resumes, carried out on CPUs so that a step follows its thread. */
export class Execution {
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  /** Runs until there is something to tell gdb. */
  async run(plan: ResumePlan): Promise<Outcome> {
    const { cpus, breakpoints } = this.#target;
    await cpus.threads();
    const lockedCpu = plan.only === undefined ? undefined : cpus.cpuOf(plan.only);
    const thread = plan.step;
    const parkedAlone = thread !== undefined && !plan.others && cpus.cpuOf(thread) === undefined;
    if (!parkedAlone) {
      // A parked thread is stepped alone when gdb steps over a breakpoint, which it has taken out. Others must run until the thread
      // is back, and must not run past that breakpoint: it stays in.
      await breakpoints.synchronise();
    }
    try {
      if (thread !== undefined) {
        return await this.#step(thread, plan.range, plan.others);
      }
      return await this.#continue(plan.others ? undefined : lockedCpu);
    } finally {
      breakpoints.removeOwn();
      this.#target.interrupted = false;
    }
  }

  /** Runs all CPUs, or one, until a stop that gdb is to hear of. */
  async #continue(only: number | undefined): Promise<Outcome> {
    for (;;) {
      const stop = only === undefined ? await this.#target.continueAll() : await this.#target.continueOnly([only]);
      const told = await this.#judge(stop);
      if (told !== undefined) {
        return { stop: told, thread: undefined };
      }
    }
  }

  /**
   * What gdb is to hear of `stop`: the stop, another that came while passing a breakpoint, or nothing, and then the guest can be
   * resumed as it is.
   */
  async #judge(stop: Stop): Promise<Stop | undefined> {
    const { breakpoints, cpus, steps } = this.#target;
    if (stop.final !== undefined || stop.signal !== SIGNAL_TRAP) {
      return stop;
    }
    if (stop.watch !== undefined) {
      return breakpoints.watched(stop.watch) ? stop : undefined;
    }
    const { rip } = await cpus.registers(stop.cpu);
    const hit = breakpoints.at(rip);
    const told = hit.length > 0 && (await holds(this.#target, hit, stop.cpu));
    if (told && !steps.passes(rip, (await cpus.threads(stop.cpu))[stop.cpu])) {
      return stop;
    }
    if (breakpoints.installedAt(rip)) {
      return this.#passBreakpoint(stop.cpu);
    }
    return stop.stale ? undefined : stop;
  }

  /** Steps `cpu` alone off the breakpoint that it stands at. A stop that is not the step's own is returned. */
  async #passBreakpoint(cpu: number): Promise<Stop | undefined> {
    const stop = await this.#target.step(cpu, false);
    return isStepOf(cpu, stop) ? undefined : stop;
  }

  /** Steps `thread` by one instruction or out of `range`, wherever it runs. */
  async #step(thread: number, range: AddressRange | undefined, others: boolean): Promise<Outcome> {
    const { cpus } = this.#target;
    for (let steps = 0; ; steps++) {
      const cpu = cpus.cpuOf(thread);
      if (cpu === undefined) {
        const outcome = await this.#awaitThread(thread);
        if (outcome !== undefined) {
          return outcome;
        }
        const back = cpus.cpuOf(thread);
        // The first time it is parked gdb steps it from there on; later it has just made the step that parked it.
        if (steps > 0 && back !== undefined && (await this.#atEnd(back, range))) {
          return this.#stepped(back, thread);
        }
        continue;
      }
      if (range !== undefined && steps % STEPS_BEFORE_TURN === STEPS_BEFORE_TURN - 1) {
        const outcome = await this.#giveTurn(cpu, thread, others);
        if (outcome !== undefined) {
          return outcome;
        }
        if (cpus.cpuOf(thread) !== cpu) {
          continue;
        }
      }
      const outcome = await this.#stepOnCpu(cpu, thread, range, others);
      if (outcome !== 'again') {
        return outcome;
      }
    }
  }

  /** One instruction of `thread` on `cpu`. */
  async #stepOnCpu(
    cpu: number,
    thread: number,
    range: AddressRange | undefined,
    others: boolean,
  ): Promise<Outcome | 'again'> {
    const { cpus } = this.#target;
    const before = await cpus.registers(cpu);
    // In a range the others get their turns instead: a step is ten times faster alone.
    const stop = await this.#stepOnce(cpu, before, others && range === undefined);
    if (!isStepOf(cpu, stop)) {
      const told = await this.#judge(stop);
      if (told !== undefined) {
        return { stop: told, thread: told.signal === SIGNAL_INTERRUPT ? thread : undefined };
      }
    }
    const after = await cpus.registers(cpu);
    if (distance(before.rsp, after.rsp) > SAME_STACK || (others && range === undefined)) {
      await cpus.threads(cpu);
      if (cpus.cpuOf(thread) !== cpu) {
        return others ? 'again' : this.#stepped(cpu, thread);
      }
    } else {
      cpus.assume(thread, cpu);
    }
    if (stop.cpu !== cpu && after.rip === before.rip) {
      return 'again'; // another CPU's stop came first
    }
    return (await this.#atEnd(cpu, range)) ? this.#stepped(cpu, thread) : 'again';
  }

  /** A step of `cpu` that does something, see STEPS_WITHOUT_EFFECT. */
  async #stepOnce(cpu: number, before: CpuRegisters, others: boolean): Promise<Stop> {
    for (let tries = 1; ; tries++) {
      const stop = await this.#target.step(cpu, others);
      if (!isStepOf(cpu, stop) || tries === STEPS_WITHOUT_EFFECT) {
        return stop;
      }
      if ((await this.#target.cpus.registers(cpu)).hex !== before.hex) {
        return stop;
      }
    }
  }

  /** Whether a step ends here: outside its range, or at a breakpoint that holds. */
  async #atEnd(cpu: number, range: AddressRange | undefined): Promise<boolean> {
    const { rip } = await this.#target.cpus.registers(cpu);
    if (range === undefined || rip < range.start || rip >= range.end) {
      return true;
    }
    const hit = this.#target.breakpoints.at(rip);
    return hit.length > 0 && holds(this.#target, hit, cpu);
  }

  #stepped(cpu: number, thread: number): Outcome {
    return { stop: { signal: SIGNAL_TRAP, cpu, rest: '', stale: false }, thread };
  }

  /**
   * Runs everything until the parked `thread` is on a CPU. Undefined: it is, and where it was parked; else what stopped the wait.
   *
   * A switch comes back by `ret` from the slot below the saved stack pointer, and nobody else ever reads that slot: a read watchpoint
   * on it stops exactly when this thread comes back, with the saved registers in place, and at no other switch. (Measured: 0.1 to 1 ms
   * on one CPU.) In a kernel that switches otherwise, a breakpoint at the resume address: it stops at every switch.
   */
  async #awaitThread(thread: number): Promise<Outcome | undefined> {
    const { cpus, breakpoints } = this.#target;
    const parked = await cpus.parkedRegisters(thread);
    if (parked?.rip === undefined || parked.rsp === undefined) {
      return this.#continue(undefined); // it has ended: nothing is left to step
    }
    if (!(await this.#watchReturn(parked.rip, parked.rsp))) {
      const stop: Stop = { signal: SIGNAL_TRAP, cpu: cpus.selected, rest: '', stale: false };
      return { stop, thread };
    }
    for (;;) {
      const stop = await this.#target.continueAll();
      if (stop.final !== undefined) {
        return { stop, thread: undefined };
      }
      await cpus.threads(stop.cpu);
      const back = cpus.cpuOf(thread) !== undefined;
      if (back && stop.signal === SIGNAL_TRAP) {
        breakpoints.removeOwn();
        await breakpoints.synchronise();
        return undefined;
      }
      const told = await this.#judge(stop);
      if (told !== undefined) {
        return { stop: told, thread: told.signal === SIGNAL_INTERRUPT ? thread : undefined };
      }
    }
  }

  async #watchReturn(rip: bigint, rsp: bigint): Promise<boolean> {
    const { breakpoints, cpus, memory } = this.#target;
    const slot = BigInt.asUintN(64, rsp - 8n);
    if ((await memory.number(cpus.selected, slot, 8)) === rip) {
      if (await breakpoints.insertOwn(READ_WATCHPOINT, slot, 8)) {
        return true;
      }
    }
    return breakpoints.insertOwn(HARDWARE_BREAKPOINT, rip, 1);
  }

  /**
   * Lets the other CPUs run for a moment, and a pending interrupt of `cpu` be served: what a spinning line waits for is one of the
   * two. Undefined: the step goes on (the thread may have been switched out meanwhile).
   */
  async #giveTurn(cpu: number, thread: number, others: boolean): Promise<Outcome | undefined> {
    const { cpus } = this.#target;
    if (others && cpus.count > 1) {
      let over = false;
      const timer = setTimeout(() => {
        over = true;
        this.#target.upstream.interrupt();
      }, TURN);
      const rest = Array.from({ length: cpus.count }, (_, i) => i).filter((other) => other !== cpu);
      const stop = await this.#target.continueOnly(rest);
      clearTimeout(timer);
      const ours = over && stop.signal === SIGNAL_INTERRUPT && !this.#target.interrupted;
      const told = ours ? undefined : await this.#judge(stop);
      if (told !== undefined) {
        return { stop: told, thread: told.signal === SIGNAL_INTERRUPT ? thread : undefined };
      }
      await cpus.threads(cpu);
      if (cpus.cpuOf(thread) !== cpu) {
        return undefined;
      }
    }
    return others ? this.#serveInterrupt(cpu, thread) : undefined;
  }

  /** One step with interrupts on. When one is taken, runs until the thread is back from it. */
  async #serveInterrupt(cpu: number, thread: number): Promise<Outcome | undefined> {
    const { cpus, breakpoints, memory } = this.#target;
    const before = await cpus.registers(cpu);
    const stop = await this.#target.step(cpu, false, STEP_WITH_INTERRUPTS);
    const told = stop.signal === SIGNAL_TRAP && stop.cpu === cpu ? undefined : await this.#judge(stop);
    if (told !== undefined) {
      return { stop: told, thread };
    }
    const after = await cpus.registers(cpu);
    // An interrupt frame: rip, cs, rflags, rsp, ss.
    const taken =
      after.rip !== before.rip &&
      (await memory.number(cpu, after.rsp, 8)) === before.rip &&
      (await memory.number(cpu, after.rsp + 24n, 8)) === before.rsp;
    if (!taken) {
      await cpus.threads(cpu);
      return undefined;
    }
    await breakpoints.insertOwn(HARDWARE_BREAKPOINT, before.rip, 1);
    for (;;) {
      const next = await this.#target.continueAll();
      await cpus.threads(next.cpu);
      const on = cpus.cpuOf(thread);
      const place = on === undefined ? undefined : await cpus.registers(on);
      if (next.signal === SIGNAL_TRAP && place?.rip === before.rip && place.rsp === before.rsp) {
        breakpoints.removeOwn();
        await breakpoints.synchronise();
        return undefined;
      }
      const other = await this.#judge(next);
      if (other !== undefined) {
        return { stop: other, thread: other.signal === SIGNAL_INTERRUPT ? thread : undefined };
      }
    }
  }
}

/** Whether `stop` is the end of a step that `cpu` was asked for. */
function isStepOf(cpu: number, stop: Stop): boolean {
  return stop.final === undefined && stop.signal === SIGNAL_TRAP && stop.cpu === cpu && stop.watch === undefined;
}

function distance(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a;
}
