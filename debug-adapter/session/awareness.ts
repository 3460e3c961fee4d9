import { homedir } from 'node:os';
import { join } from 'node:path';
import type { RamSource } from '../machine/machine.ts';
import { patience } from '../patience.ts';
import { CPU_THREAD_BASE } from '../protocol.ts';
import { sentence } from '../sentence.ts';
import type { KernelThreads } from '../stub/kernel-threads.ts';
import { ObservationWorker } from '../worker/client.ts';
import type { KnownRegisters, Observation } from '../worker/observation.ts';
import { ThreadModel } from './thread-model.ts';

/** How long the first stop waits for the layouts of a build that was never read before. */
const PATIENCE = 20_000;

/** Where layouts and gdb's indexes are cached, by build id. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'unikernel-workbench');
}

/**
 * What is known of the kernel beside gdb: the observation worker, and kernel threads for the stub. Everything works without it: an
 * unknown kernel has one thread for each CPU.
 */
export class Awareness implements KernelThreads {
  readonly observation: Observation;
  /** The kernel's name once it is recognised and its RAM open; undefined for an unknown one. Never rejects. */
  readonly known: Promise<'sprout' | 'osv' | undefined>;
  /** Sentences for the user. */
  readonly notes: string[] = [];
  readonly #model: ThreadModel;
  readonly #changed: () => void;
  readonly elf: string;
  #kernel: 'sprout' | 'osv' | undefined;
  #ram: (ram: RamSource | undefined) => void = () => undefined;
  #hasRun = false;

  /** Begins to read layouts at once. @param changed called when `kernel` or `notes` changed */
  constructor(elf: string, gdb: string, sourceMap: Record<string, string>, changed: () => void) {
    this.observation = ObservationWorker.start({ elf, gdb, cacheDirectory: cacheFolder(), sourceMap });
    this.elf = elf;
    this.#changed = changed;
    this.#model = new ThreadModel(this.observation, (text) => this.note(text));
    const ram = new Promise<RamSource | undefined>((resolve) => {
      this.#ram = resolve;
    });
    this.known = this.#recognise(ram);
  }

  get kernel(): 'sprout' | 'osv' | undefined {
    return this.#kernel;
  }

  get threads(): ThreadModel | undefined {
    return this.#kernel === undefined ? undefined : this.#model;
  }

  /** The machine is up. Undefined: its RAM cannot be read without a stop. */
  open(ram: RamSource | undefined): void {
    this.#ram(ram);
  }

  /** The guest leaves its reset or its first stop: from now on stops have threads. */
  setRunning(running: boolean): void {
    this.#hasRun ||= running;
    this.observation.setRunning(running);
  }

  /** The guest stands where somebody else left it: this stop has threads. Resolves with the kernel's name, when it is known. */
  standsSomewhere(): Promise<'sprout' | 'osv' | undefined> {
    this.#hasRun = true;
    this.observation.setRunning(false);
    return this.known;
  }

  note(text: string): void {
    if (!this.notes.includes(text)) {
      this.notes.push(text);
      this.#changed();
    }
  }

  async atStop(stackPointers: bigint[]): Promise<number[]> {
    if (this.#hasRun) {
      await Promise.race([this.known, patience(PATIENCE)]);
    }
    return this.threads?.atStop(stackPointers) ?? stackPointers.map((_, cpu) => CPU_THREAD_BASE + cpu);
  }

  async parkedRegisters(id: number): Promise<KnownRegisters | undefined> {
    return this.threads?.parkedRegisters(id);
  }

  name(id: number): string {
    return this.#model.name(id);
  }

  dispose(): Promise<void> {
    return this.observation.dispose();
  }

  async #recognise(ram: Promise<RamSource | undefined>): Promise<'sprout' | 'osv' | undefined> {
    try {
      const kernel = await this.observation.ready;
      if (kernel === undefined) {
        throw new Error(`${this.elf} is no kernel that the views know: they know Sprout and OSv.`);
      }
      const source = await ram;
      if (source === undefined) {
        this.note('The RAM of this guest cannot be read from outside, so there are no live views.');
        return undefined;
      }
      await this.observation.open(source);
      this.#kernel = kernel;
      return kernel;
    } catch (error) {
      this.note(sentence(error));
      return undefined;
    } finally {
      this.#changed();
    }
  }
}
