import { CPU_THREAD_BASE } from '../protocol.ts';
import { toHex } from '../rsp/codec.ts';
import type { Cpus } from './cpus.ts';

/** Threads that stay listed though they are parked, so that gdb does not drop a step or `finish` of theirs. */
const FOLLOWED = 8;

/** The threads that gdb is told of: those on a CPU, those materialised, and the last few that it stepped or was told to have stopped. */
export class ThreadList {
  readonly #cpus: Cpus;
  readonly #materialised = new Set<number>();
  /** In the order of use, the oldest first. */
  readonly #followed = new Set<number>();

  constructor(cpus: Cpus) {
    this.#cpus = cpus;
  }

  materialise(thread: number): void {
    this.#materialised.add(thread);
  }

  /** The guest runs: what was listed for a look is listed no more. */
  resumed(): void {
    this.#materialised.clear();
  }

  follow(thread: number): void {
    this.#followed.delete(thread);
    this.#followed.add(thread);
    for (const oldest of this.#followed) {
      if (this.#followed.size <= FOLLOWED) {
        break;
      }
      this.#followed.delete(oldest);
    }
  }

  async list(): Promise<number[]> {
    const listed = new Set(await this.#cpus.threads());
    for (const thread of this.#materialised) {
      listed.add(thread);
    }
    for (const thread of this.#followed) {
      if (!listed.has(thread) && (await this.isAlive(thread))) {
        listed.add(thread);
      }
    }
    return [...listed];
  }

  async isAlive(thread: number): Promise<boolean> {
    await this.#cpus.threads();
    return this.#cpus.cpuOf(thread) !== undefined || (await this.#cpus.parkedRegisters(thread)) !== undefined;
  }

  /** For people. */
  name(thread: number): string {
    return thread >= CPU_THREAD_BASE
      ? `CPU ${thread - CPU_THREAD_BASE}`
      : (this.#cpus.kernelThreads?.name(thread) ?? `thread ${thread}`);
  }

  /** The list as `qXfer:threads:read` gives it (GDB manual, "Thread List Format"). */
  async document(): Promise<string> {
    const lines = (await this.list()).map((thread) => {
      const cpu = this.#cpus.cpuOf(thread);
      const core = cpu === undefined ? '' : ` core="${cpu}"`;
      return `<thread id="${thread.toString(16)}"${core} name="${escapeXml(this.name(thread))}"/>`;
    });
    return `<?xml version="1.0"?>\n<threads>\n${lines.join('\n')}\n</threads>\n`;
  }

  /** `qThreadExtraInfo`: text in hexadecimal. */
  extraInfo(thread: number): string {
    const cpu = this.#cpus.cpuOf(thread);
    return toHex(
      cpu === undefined || thread >= CPU_THREAD_BASE ? this.name(thread) : `${this.name(thread)} on CPU ${cpu}`,
    );
  }
}

function escapeXml(text: string): string {
  const entities: Record<string, string> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' };
  return Array.from(text, (character) => (character < ' ' ? '?' : (entities[character] ?? character))).join('');
}
