import type { ResumePlan } from './resume.ts';

/**
 * Tells the breakpoints that gdb sets for a step of its own (behind a call, behind a prologue) from the user's.
 *
 * gdb takes them for every thread's and expects that the stepping thread stands still while it passes another one over them. With a
 * guest's threads on several CPUs it has moved on, and then gdb 13 guards its place with a breakpoint that it does not expect to be
 * hit while another is set behind a call: the step ends as SIGTRAP in the middle of nowhere. So another thread's hits of a step's
 * breakpoint are passed here, and that guard is never told.
 */
export class StepBreakpoints {
  /** The thread of the command that runs; undefined between commands. */
  #thread: number | undefined;
  /** gdb has set every breakpoint of the user's since the command began. */
  #complete = false;
  readonly #users = new Set<bigint>();
  readonly #own = new Set<bigint>();
  readonly #guards = new Set<bigint>();

  /** gdb has told its user of a stop. */
  commandEnded(): void {
    this.#thread = undefined;
    this.#complete = false;
    this.#users.clear();
    this.#own.clear();
    this.#guards.clear();
  }

  /** gdb resumes. */
  resumes(plan: ResumePlan): void {
    this.#thread ??= plan.step;
    this.#complete ||= plan.others;
  }

  /** The thread whose breakpoints may be told from the user's now. */
  get thread(): number | undefined {
    return this.#thread;
  }

  /**
   * gdb has set a breakpoint.
   * @param place where `thread` stands, and where it will return to if it has just made a call
   */
  inserted(address: bigint, place: { rip: bigint; returnsTo: bigint | undefined } | undefined): void {
    if (this.#users.has(address) || this.#own.has(address)) {
      return;
    }
    if (place === undefined || (!this.#complete && place.returnsTo !== address)) {
      this.#users.add(address);
      return;
    }
    if (this.#own.size > 0 && place.rip === address) {
      this.#guards.add(address);
    }
    this.#own.add(address);
  }

  /** Whether `thread` passes the breakpoint at `address` without a word to gdb. */
  passes(address: bigint, thread: number | undefined): boolean {
    return this.#own.has(address) && (thread !== this.#thread || this.#guards.has(address));
  }
}
