/** Snapshots of guests: saving them, by request or at a panic, and comparing them. */
import { mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { findProgram } from '../machine/programs.ts';
import type { CompareSnapshotsRequest, SnapshotComparison } from '../protocol.ts';
import { sentence } from '../sentence.ts';
import { compareMoments } from '../snapshots/compare.ts';
import { type Moment, takeMoment } from '../snapshots/moment.ts';
import { nameNewObjects } from '../snapshots/new-objects.ts';
import { SnapshotReader } from '../snapshots/reader.ts';
import { saveSnapshot } from '../snapshots/save.ts';
import { formatBytes } from '../units.ts';
import type { Observation } from '../worker/observation.ts';
import type { CheckedAttach, CheckedLaunch } from './arguments.ts';
import { cacheFolder } from './awareness.ts';
import type { Boot } from './boot.ts';
import { type KernelFile, readKernelFile } from './kernel-file.ts';
import { chooseKernel } from './kernel-tree.ts';
import type { Handlers } from './requests.ts';

export type SnapshotFamily = 'unikernel/saveSnapshot' | 'unikernel/compareSnapshots';

/** The guest under debug, when there is one. */
interface Guest {
  readonly boot: Boot | undefined;
  readonly options: CheckedLaunch | CheckedAttach | undefined;
  current(): Boot;
}

export class Snapshots {
  readonly #guest: Guest;
  readonly #output: (text: string) => void;
  readonly #saving = new Set<Promise<number>>();
  readonly #readers = new Set<SnapshotReader>();

  /** @param output takes a line for the user */
  constructor(guest: Guest, output: (text: string) => void) {
    this.#guest = guest;
    this.#output = output;
  }

  get handlers(): Handlers<SnapshotFamily> {
    return {
      'unikernel/saveSnapshot': async ({ file }) => ({ size: await this.#save(this.#guest.current(), file) }),
      'unikernel/compareSnapshots': (given) => this.#compare(given),
    };
  }

  /** The guest cannot go on: saves it where the configuration wants that, and says so. A failure is told, too. */
  async saveAtEnd(): Promise<void> {
    const { boot, options } = this.#guest;
    const folder = options?.request === 'launch' ? options.snapshotOnPanic : undefined;
    if (!boot || folder === undefined) {
      return;
    }
    const file = join(folder, `${basename(boot.kernel.path, '.elf')}-${timestamp()}.core`);
    try {
      mkdirSync(folder, { recursive: true });
      const size = await this.#save(boot, file);
      this.#output(`Saved a snapshot of the guest (${formatBytes(size)}): ${file}`);
    } catch (error) {
      this.#output(`No snapshot was saved: ${sentence(error)}`);
    }
  }

  /** Ends comparisons, and waits until nothing is left of what could not be saved whole: the guest has ended. Idempotent. */
  async end(): Promise<void> {
    await Promise.all([...this.#readers].map((reader) => reader.dispose()));
    await Promise.allSettled(this.#saving);
  }

  async #save(boot: Boot, file: unknown): Promise<number> {
    const saving = saveSnapshot(boot.debuggee.machine, file);
    this.#saving.add(saving);
    try {
      return await saving;
    } finally {
      this.#saving.delete(saving);
    }
  }

  async #compare(given: CompareSnapshotsRequest): Promise<SnapshotComparison> {
    const cwd = resolve(given.cwd ?? this.#guest.options?.cwd ?? process.cwd());
    const files = [given.before, given.after].map((file) => file && resolve(cwd, file));
    const [before, after] = files;
    if (!before) {
      throw new Error('"before" must name a snapshot.');
    }
    const kernel = this.#kernel(given, cwd);
    const gdb = findProgram(given.gdb ?? this.#guest.options?.gdb ?? 'gdb', cwd);
    const reader = new SnapshotReader(kernel, { elf: kernel.path, gdb, cacheDirectory: cacheFolder() });
    this.#readers.add(reader);
    try {
      const old = await reader.read(before);
      return after ? await compare(old, await reader.read(after), reader.observation) : await this.#compareNow(old);
    } finally {
      this.#readers.delete(reader);
      await reader.dispose();
    }
  }

  async #compareNow(before: Moment): Promise<SnapshotComparison> {
    const { awareness } = this.#guest.current();
    if ((await awareness?.known) === undefined || !awareness) {
      throw new Error(awareness?.notes[0] ?? 'The kernel has no debug information, so there is nothing to compare.');
    }
    return compare(before, await takeMoment(awareness.observation, 'the guest now'), awareness.observation);
  }

  /** The guest's, where there is one and nothing else is named. */
  #kernel({ kernel }: CompareSnapshotsRequest, cwd: string): KernelFile {
    const { boot } = this.#guest;
    return boot && kernel === undefined ? boot.kernel : readKernelFile(chooseKernel({ kernel, cwd }).elf);
  }
}

/** @param observation of the second moment */
function compare(before: Moment, after: Moment, observation: Observation): Promise<SnapshotComparison> {
  return nameNewObjects(compareMoments(before, after), observation);
}

/** `2026-11-23T18-40-07.123Z`: sorts by time, and may stand in any file system. */
function timestamp(): string {
  return new Date().toISOString().replaceAll(':', '-');
}
