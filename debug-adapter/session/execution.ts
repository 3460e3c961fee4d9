/** Run, stop and step. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { CPU_THREAD_BASE } from '../protocol.ts';
import type { CurrentBoot } from './lifecycle.ts';
import type { Handlers } from './requests.ts';
import { type Step, type StepKind, stepCommand } from './step.ts';
import { cpusIn } from './thread-model.ts';

type Family = 'continue' | 'pause' | 'next' | 'stepIn' | 'stepOut' | 'threads' | 'unikernel/focusThread';

export class Execution {
  readonly #current: CurrentBoot;
  readonly #focus: (thread: number) => void;
  #threads: DebugProtocol.Thread[] = [];
  #requested = false;

  /** @param focus tells the client that this thread is the one to look at */
  constructor(current: CurrentBoot, focus: (thread: number) => void) {
    this.#current = current;
    this.#focus = focus;
  }

  get handlers(): Handlers<Family> {
    return {
      continue: async () => {
        await this.#resume('-exec-continue');
        return { allThreadsContinued: true };
      },
      pause: () => this.#current().debuggee.pause(),
      next: ({ threadId, granularity }) =>
        this.#step(granularity === 'instruction' ? 'next-instruction' : 'next', threadId),
      stepIn: ({ threadId, granularity }) =>
        this.#step(granularity === 'instruction' ? 'step-instruction' : 'step', threadId),
      stepOut: ({ threadId }) => this.#step('finish', threadId),
      threads: async () => ({ threads: await this.#listThreads() }),
      'unikernel/focusThread': ({ thread }) => this.#focusThread(thread),
    };
  }

  /** Whether the resume that is told now was asked for by the client, which knows of it by the answer. */
  takeRequested(): boolean {
    const requested = this.#requested;
    this.#requested = false;
    return requested;
  }

  async #focusThread(id: number): Promise<Record<string, never>> {
    if (this.#current().debuggee.isRunning) {
      throw new Error('The guest runs: its threads have frames when it is stopped.');
    }
    const thread = (await this.#listThreads()).find((candidate) => candidate.id === id);
    if (!thread) {
      throw new Error(`There is no thread ${Number(id)}.`);
    }
    this.#focus(thread.id);
    return {};
  }

  async #step(kind: StepKind, thread: number): Promise<void> {
    const { debuggee } = this.#current();
    const command = stepCommand(kind, await debuggee.gdbThread(thread));
    const start = await debuggee.stub.place(thread);
    await this.#resume(command, start && { kind, thread, start });
  }

  async #resume(command: string, step?: Step): Promise<void> {
    this.#requested = true;
    try {
      await this.#current().debuggee.resume(command, step);
    } catch (error) {
      this.#requested = false;
      throw error;
    }
  }

  /** From the model, never from gdb, which would unwind every thread. */
  async #listThreads(): Promise<DebugProtocol.Thread[]> {
    const { debuggee, awareness } = this.#current();
    const model = awareness?.threads;
    const onCpus = debuggee.stub.stopFacts?.cpuThreads;
    if (debuggee.isRunning || onCpus === undefined) {
      // While it runs the list may lack a moment; the last one is better than an error.
      this.#threads = (await model?.listRunning().catch(() => undefined)) ?? this.#threads;
      if (this.#threads.length === 0) {
        // A kernel that boots has none yet, and an editor cannot pause what has no thread.
        this.#threads = cpusIn([CPU_THREAD_BASE]);
      }
    } else {
      this.#threads = model?.list(onCpus) ?? cpusIn(onCpus);
    }
    return this.#threads;
  }
}
