import type { Snapshot } from '../../guest/snapshot.ts';
import type { SproutStructures } from './structures.ts';

/** Devices whose registers the kernel uses, as ACPI told it where they are: the field of AcpiFacts, and what people call it. */
const DEVICES = { local_apic: 'local APIC', hpet: 'HPET' } as const;

/** Tells what lies at physical addresses that are no RAM. */
export class SproutDevices {
  readonly #structures: SproutStructures;
  readonly #facts;
  readonly #devices;

  constructor(structures: SproutStructures) {
    this.#structures = structures;
    const facts = structures.facts.layouts.struct('sprout::arch::AcpiFacts');
    this.#facts = facts;
    this.#devices = Object.entries(DEVICES).map(([field, name]) => ({ name, page: facts.number(field) }));
  }

  /** The device whose registers begin at `physical`, a page's address. @throws UnreadableMemory. */
  at(snapshot: Snapshot, physical: number): string | undefined {
    const place = snapshot.at(this.#facts, this.#structures.symbol('sprout::arch::g_acpi'));
    return this.#devices.find(({ page }) => page(place) === physical)?.name;
  }
}
