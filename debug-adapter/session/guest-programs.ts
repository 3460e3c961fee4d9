/** Symbols of the programs that the guest loads by itself: applications and libraries of OSv. */
import { quote, recordOf, textOf } from '../gdb/records.ts';
import { sentence } from '../sentence.ts';
import type { LoadedProgram } from '../worker/observation.ts';
import type { Awareness } from './awareness.ts';
import type { Debuggee } from './debuggee.ts';
import { Mutex } from './mutex.ts';
import type { ProgramFiles } from './program-files.ts';

/** OSv calls it when programs are loaded and relocated, before anything of them runs. */
const LOADED = 'elf::program::init_library';

export interface GuestProgramsEvents {
  /** There are symbols that were not there before. The guest is stopped. */
  added(): Promise<void>;
  /** A sentence for the user. */
  warn(text: string): void;
}

/** Keeps gdb's symbols as the guest's programs are. One for each boot. */
export class GuestPrograms {
  readonly #debuggee: Debuggee;
  readonly #awareness: Awareness;
  readonly #files: ProgramFiles;
  readonly #events: GuestProgramsEvents;
  readonly #changes = new Mutex();
  /** By path and place: the file whose symbols gdb has; undefined when there is none. */
  readonly #known = new Map<string, { file: string | undefined; base: number }>();
  /** gdb's number of the breakpoint at LOADED. */
  #breakpoint: string | undefined;
  #isWatching = false;

  constructor(debuggee: Debuggee, awareness: Awareness, files: ProgramFiles, events: GuestProgramsEvents) {
    this.#debuggee = debuggee;
    this.#awareness = awareness;
    this.#files = files;
    this.#events = events;
  }

  /** Gives gdb the symbols of what is loaded now, once the kernel is known. Only while the guest is stopped. Never rejects. */
  async sync(): Promise<void> {
    if (this.#awareness.kernel !== undefined) {
      await this.#changes.run(() => this.#sync());
    }
  }

  async #sync(): Promise<void> {
    const programs = await this.#awareness.observation.programs().catch(() => undefined);
    if (!programs) {
      return; // the kernel is not there yet, or its memory cannot be read any more
    }
    await this.#removeAllBut(new Set(programs.map(keyOf)));
    let isAdded = false;
    for (const program of programs) {
      if (!this.#known.has(keyOf(program))) {
        isAdded = (await this.#add(program)) || isAdded;
      }
    }
    if (isAdded) {
      await this.#events.added();
    }
  }

  /**
   * Whether breakpoints wait for programs: then the guest is stopped for a moment whenever it has loaded some. Only while it is
   * stopped.
   */
  async watch(isWanted: boolean): Promise<void> {
    if (isWanted === this.#isWatching) {
      return;
    }
    this.#isWatching = isWanted;
    const { gdb } = this.#debuggee;
    if (this.#breakpoint !== undefined) {
      await gdb.execute(`-break-${isWanted ? 'enable' : 'disable'} ${this.#breakpoint}`);
      return;
    }
    const answer = await gdb.execute(`-break-insert --function ${quote(LOADED)}`).catch(() => ({}));
    this.#breakpoint = textOf(recordOf(answer, 'bkpt') ?? {}, 'number');
    if (this.#breakpoint !== undefined) {
      this.#debuggee.stopQuietlyAt(this.#breakpoint, async () => {
        await this.#awareness.known;
        await this.sync();
      });
    }
  }

  /** Whether gdb has symbols of it now. */
  async #add(program: LoadedProgram): Promise<boolean> {
    const { base } = program;
    try {
      const file = this.#files.find(program);
      await this.#debuggee.gdb.console(`add-symbol-file ${quote(file)} -o ${base}`);
      this.#known.set(keyOf(program), { file, base });
      return true;
    } catch (error) {
      this.#known.set(keyOf(program), { file: undefined, base });
      this.#events.warn(sentence(error));
      return false;
    }
  }

  async #removeAllBut(loaded: ReadonlySet<string>): Promise<void> {
    for (const [key, { file }] of this.#known) {
      if (!loaded.has(key)) {
        this.#known.delete(key);
        if (file !== undefined) {
          await this.#debuggee.gdb.console(`remove-symbol-file ${quote(file)}`).catch(() => undefined);
        }
      }
    }
  }
}

function keyOf({ path, base, headers }: LoadedProgram): string {
  return `${base} ${path} ${headers}`;
}
