/** Stops that a kernel makes by itself: a panic, and threads that wait for each other in a cycle. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { quote, recordOf, recordsOf, textOf } from '../gdb/records.ts';
import { panicFunctions } from '../kernels/detect.ts';
import type { WaitCycle } from '../protocol.ts';
import type { Boot } from './boot.ts';
import type { CurrentBoot } from './lifecycle.ts';
import type { Handlers } from './requests.ts';
import { ATTACHED, type Stop } from './stop.ts';

export const EXCEPTION_FILTERS: DebugProtocol.ExceptionBreakpointsFilter[] = [
  {
    filter: 'panic',
    label: 'Kernel Panic',
    description: 'Stops where the kernel cannot go on: a panic, a failed assertion, a fault.',
    default: true,
  },
  {
    filter: 'deadlock',
    label: 'Deadlock',
    description: 'Stops when threads wait for each other in a cycle. Found in RAM, without stopping the guest to look.',
    default: true,
  },
];

export class Exceptions {
  readonly #current: CurrentBoot;
  #filters: ReadonlySet<string> = new Set();
  /** gdb's number of the breakpoint at each kernel's panic function. */
  #panicBreakpoints: string[] = [];
  /** The cycle that the guest is being stopped for. */
  #deadlock: WaitCycle | undefined;
  /** Why the guest stands, when that is an exception. */
  #last: Stop | undefined;

  constructor(current: CurrentBoot) {
    this.#current = current;
  }

  get handlers(): Handlers<'setExceptionBreakpoints' | 'exceptionInfo'> {
    return {
      setExceptionBreakpoints: ({ filters }) => {
        this.#filters = new Set(filters);
        return this.#apply(this.#current());
      },
      exceptionInfo: async () => {
        if (!this.#last) {
          throw new Error('The guest did not stop for an exception.');
        }
        const { description = '', text = '' } = this.#last;
        return { exceptionId: description, description: text, breakMode: 'always' as const };
      },
    };
  }

  /** Whether the guest stands in a panic. */
  readonly isPanic = (): boolean => this.#last?.description === PANIC;

  /** A new boot: the same filters. */
  restore(boot: Boot): Promise<void> {
    this.#panicBreakpoints = [];
    return this.#apply(boot);
  }

  /** The guest goes on. */
  forget(): void {
    this.#last = undefined;
  }

  /** The stop as the user should hear of it. */
  async explain(stop: Stop): Promise<Stop> {
    const deadlock = this.#deadlock;
    this.#deadlock = undefined;
    let told = stop;
    if (stop.breakpoint !== undefined && this.#panicBreakpoints.includes(stop.breakpoint)) {
      const { breakpoint: _, ...rest } = stop;
      told = { ...rest, reason: 'exception', isFatal: true, description: PANIC, text: await this.#panicReason() };
    } else if (deadlock && stop.reason === 'pause') {
      const thread = deadlock.threads[0]?.thread ?? stop.thread;
      told = { reason: 'exception', thread, description: 'Deadlock', text: deadlock.description };
    } else if (stop.description === ATTACHED) {
      told = (await this.#findPanic()) ?? stop;
    }
    this.#last = told.reason === 'exception' ? told : undefined;
    return told;
  }

  async #apply({ debuggee, awareness }: Boot): Promise<void> {
    awareness?.observation.watchDeadlocks(this.#filters.has('deadlock') ? (cycle) => this.#stopFor(cycle) : undefined);
    const wanted = this.#filters.has('panic');
    if (wanted === this.#panicBreakpoints.length > 0) {
      return;
    }
    await debuggee.whileStopped(async () => {
      for (const number of this.#panicBreakpoints) {
        await debuggee.gdb.execute(`-break-delete ${number}`);
      }
      this.#panicBreakpoints = [];
      for (const name of wanted ? panicFunctions() : []) {
        try {
          const answer = await debuggee.gdb.execute(`-break-insert --function ${quote(name)}`);
          this.#panicBreakpoints.push(textOf(recordOf(answer, 'bkpt') ?? {}, 'number') ?? '');
        } catch {
          // Another kernel's.
        }
      }
    });
  }

  #stopFor(cycle: WaitCycle): void {
    try {
      const { debuggee } = this.#current();
      if (debuggee.isRunning) {
        this.#deadlock = cycle;
        debuggee.pause().catch(() => undefined);
      }
    } catch {
      // The guest has ended meanwhile.
    }
  }

  /** A guest, or a snapshot of one, in which a CPU stands in the panic function. */
  async #findPanic(): Promise<Stop | undefined> {
    try {
      const { gdb, stub } = this.#current().debuggee;
      for (const thread of stub.stopFacts?.cpuThreads ?? []) {
        const frame = `--thread ${await this.#current().debuggee.gdbThread(thread)} --frame 0`;
        const name = textOf(recordOf(await gdb.execute(`-stack-info-frame ${frame}`), 'frame') ?? {}, 'func') ?? '';
        if (panicFunctions().includes(name.replace(/^.*::/, ''))) {
          const text = await this.#panicReason(frame);
          return { reason: 'exception', isFatal: true, thread, description: PANIC, text };
        }
      }
    } catch {
      // Then it is a stop like any other.
    }
    return undefined;
  }

  /** The first argument of the panic function, a C string. @param frame options that select it, when it is not selected */
  async #panicReason(frame = ''): Promise<string> {
    try {
      const command = `-data-read-memory-bytes ${frame} $rdi ${LONGEST_REASON}`;
      const answer = await this.#current().debuggee.gdb.execute(command);
      return reasonIn(Buffer.from(textOf(recordsOf(answer, 'memory')[0] ?? {}, 'contents') ?? '', 'hex'));
    } catch {
      return PANICKED;
    }
  }
}

const PANIC = 'Panic';
const PANICKED = 'The kernel panicked.';
/** In bytes: no kernel says more. */
const LONGEST_REASON = 512;

/** The C string in `bytes`. A kernel that panics without a reason has anything in the register. */
function reasonIn(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  const text = bytes.toString('utf8', 0, end < 0 ? bytes.length : end).trim();
  return text === '' || /[^\P{Cc}\n\t]|\uFFFD/u.test(text) ? PANICKED : text;
}
