import { CPU_THREAD_BASE } from '../protocol.ts';
import type { KernelThreads } from '../stub/kernel-threads.ts';
import type { KnownRegisters, Observation, StoppedThread } from '../worker/observation.ts';

export interface NamedThread {
  id: number;
  name: string;
}

/**
 * The kernel's threads as the stub and DAP see them: read from RAM at each stop, never by gdb, which would unwind every one.
 */
export class ThreadModel implements KernelThreads {
  readonly #observation: Observation;
  readonly #trouble: (sentence: string) => void;
  #threads: readonly StoppedThread[] = [];
  #names: Map<number, string> | undefined;

  /** @param trouble told once for each stop whose threads could not be read */
  constructor(observation: Observation, trouble: (sentence: string) => void) {
    this.#observation = observation;
    this.#trouble = trouble;
  }

  async atStop(stackPointers: bigint[]): Promise<number[]> {
    this.#names = undefined;
    try {
      this.#threads = await this.#observation.threadsAtStop(stackPointers);
    } catch (error) {
      this.#threads = [];
      this.#trouble(error instanceof Error ? error.message : String(error));
    }
    const ids = stackPointers.map((_, cpu) => CPU_THREAD_BASE + cpu);
    for (const { id, onCpu } of this.#threads) {
      if (onCpu !== undefined && onCpu < ids.length) {
        ids[onCpu] = id;
      }
    }
    return ids;
  }

  parkedRegisters(id: number): Promise<KnownRegisters | undefined> {
    return this.#observation.parkedRegisters(id);
  }

  name(id: number): string {
    this.#names ??= new Map(this.#threads.map((thread) => [thread.id, nameOf(thread)]));
    return this.#names.get(id) ?? cpuName(id) ?? `thread ${id}`;
  }

  /** Of the last stop: kernel threads, then the CPUs that run none. */
  list(cpuThreads: readonly number[]): NamedThread[] {
    return [...this.#threads.map((thread) => ({ id: thread.id, name: nameOf(thread) })), ...cpusIn(cpuThreads)];
  }

  /** While the guest runs: from the view of threads, which costs the guest nothing. */
  async listRunning(): Promise<NamedThread[]> {
    const { rows } = await this.#observation.view('threads');
    return rows.map(({ id, name, state, cpu, waitsFor }) => {
      const doing = waitsFor
        ? `waiting for ${waitsFor.description}`
        : state === 'running'
          ? `running on CPU ${cpu}`
          : state;
      return { id, name: `${name}: ${doing}` };
    });
  }
}

/** The CPUs among DAP thread ids. */
export function cpusIn(ids: readonly number[]): NamedThread[] {
  return ids.flatMap((id) => {
    const name = cpuName(id);
    return name === undefined ? [] : [{ id, name }];
  });
}

function cpuName(id: number): string | undefined {
  return id >= CPU_THREAD_BASE ? `CPU ${id - CPU_THREAD_BASE}` : undefined;
}

function nameOf({ name, summary, frame }: StoppedThread): string {
  return `${name}${summary === '' ? '' : `: ${summary}`}${frame === undefined ? '' : ` in ${frame}`}`;
}
