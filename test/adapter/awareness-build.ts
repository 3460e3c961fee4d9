import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Layouts } from '../../debug-adapter/guest/layouts.ts';
import { openRam } from '../../debug-adapter/guest/ram.ts';
import type { Kernel } from '../../debug-adapter/kernels/kernel.ts';
import { sproutDefinition } from '../../debug-adapter/kernels/sprout/sprout.ts';
import type { RamSource } from '../../debug-adapter/machine/machine.ts';
import { BuildFacts } from '../../debug-adapter/worker/facts.ts';
import { LayoutSource } from '../../debug-adapter/worker/layout-source.ts';
import { Window } from '../../debug-adapter/worker/window.ts';
import { SPROUT_ELF } from './awareness-guest.ts';
import { TRUTH_TYPES, TruthReader } from './awareness-truth.ts';

export const LAYOUT_SCRIPT = join(import.meta.dirname, '..', '..', 'debug-adapter', 'gdb', 'python', 'layouts.py');

/** Sprout's awareness in the test's own thread, and beside it a reader of what the workload knows to be true. */
export class SproutBuild {
  readonly facts: BuildFacts;
  readonly kernel: Kernel;
  readonly truth: TruthReader;
  readonly #folder: string;

  static async read(): Promise<SproutBuild> {
    const folder = mkdtempSync(join(tmpdir(), 'awareness-cache-'));
    const options = { elf: SPROUT_ELF, gdb: 'gdb', cacheDirectory: folder };
    const facts = new BuildFacts({ options, layoutScript: LAYOUT_SCRIPT });
    // For its names: the kernel itself is made again below, over layouts that have the truth's types too.
    await facts.kernel();
    const source = new LayoutSource({ ...options, buildId: facts.buildId?.id, script: LAYOUT_SCRIPT });
    const file = await source.read({
      types: [...sproutDefinition.types, ...TRUTH_TYPES],
      variables: sproutDefinition.variables,
      demangle: [],
    });
    return new SproutBuild(facts, new Layouts(file), folder);
  }

  private constructor(facts: BuildFacts, layouts: Layouts, folder: string) {
    this.facts = facts;
    this.#folder = folder;
    this.kernel = sproutDefinition.create({
      symbols: facts.symbols,
      layouts,
      describe: (address) => facts.describe(address),
      functionAt: (address) => facts.functionAt(address),
      place: (address) => facts.place(address),
      returnAddressOffset: (address) => facts.returnAddressOffset(address),
    });
    this.truth = new TruthReader(layouts, facts.symbols);
  }

  window(ram: RamSource): Window {
    if (ram.kind === 'qmp') {
      throw new Error('not through QMP here');
    }
    return new Window(openRam(ram), this.kernel, this.facts.buildId);
  }

  dispose(): void {
    this.facts.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
