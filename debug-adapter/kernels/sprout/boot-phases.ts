import type { Snapshot } from '../../guest/snapshot.ts';
import type { BootPhase } from '../model.ts';
import type { SproutNames } from './names.ts';

/** Sprout's boot, phase by phase (kernel/core/boot_phases.hh). */
export class SproutBootPhases {
  readonly #names: SproutNames;
  readonly #boot;
  readonly #count;
  readonly #kilohertz;
  readonly #phases;
  readonly #name;
  readonly #begin;

  /** @throws MissingLayout when this build keeps none. */
  constructor(names: SproutNames) {
    this.#names = names;
    this.#boot = names.structures.facts.layouts.struct('sprout::BootPhases');
    names.structures.symbol('sprout::g_boot_phases');
    this.#count = this.#boot.number('count');
    this.#kilohertz = this.#boot.number('tsc_kilohertz');
    this.#phases = this.#boot.elements('phases');
    this.#name = this.#phases.reader.pointer('name');
    this.#begin = this.#phases.reader.number('begin');
  }

  /** Undefined before the kernel knows how fast its TSC counts. @throws UnreadableMemory. */
  read(snapshot: Snapshot): BootPhase[] | undefined {
    const place = snapshot.at(this.#boot, this.#names.structures.symbol('sprout::g_boot_phases'));
    const kilohertz = this.#kilohertz(place);
    const count = Math.min(this.#count(place), this.#phases.count);
    if (kilohertz === 0) {
      return undefined;
    }
    const begun = Array.from({ length: count }, (_, index) => {
      const phase = this.#phases.at(place, index);
      return {
        name: this.#names.text(snapshot, this.#name(phase)),
        begin: Math.round((this.#begin(phase) / kilohertz) * 1e6),
      };
    });
    // The TSC is 0 at power-on: the kernel is the second thing that runs.
    const phases = [{ name: 'firmware and boot loader', begin: 0 }, ...begun];
    return phases.map((phase, index) => {
      const end = phases[index + 1]?.begin;
      return end === undefined ? phase : { ...phase, end };
    });
  }
}
