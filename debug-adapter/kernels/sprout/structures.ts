import type { Address } from '../../guest/address.ts';
import { MissingLayout } from '../../guest/layouts.ts';
import type { ListNodeReader } from '../../guest/lists.ts';
import type { Place } from '../../guest/physical-cache.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import { signed64 } from '../../guest/struct-reader.ts';
import type { KernelFacts } from '../kernel.ts';

/** The most CPUs that any structure has; the real number is read from the guest and bounded by it. */
const MOST_CPUS = 64;
/** No list of ours is longer, whatever the guest says. */
export const MOST_ELEMENTS = 4_000_000;

export const SPROUT_TYPES = [
  'sprout::ListNode',
  'sprout::Thread',
  'sprout::ThreadList',
  'sprout::Wait',
  'sprout::WaitQueue',
  'sprout::WaitKind',
  'sprout::Lock',
  'sprout::LockRank',
  'sprout::HeldLock',
  'sprout::Timer',
  'sprout::TimerSet',
  'sprout::Clock',
  'sprout::Vnode',
  'sprout::VnodeTable',
  'sprout::Dentry',
  'sprout::Mount',
  'sprout::FileSystem',
  'sprout::Page',
  'sprout::PageKind',
  'sprout::PageArray',
  'sprout::PageAllocator',
  'sprout::PagePoolL1',
  'sprout::PagePoolL2',
  'sprout::MallocPool',
  'sprout::LargeAllocation',
  'sprout::LargeAllocations',
  'sprout::TraceRecord',
  'sprout::TraceKind',
  'sprout::VnodeOperation',
  'sprout::AllocationTracking',
  'sprout::TrackedAllocation',
  'sprout::ProfileSample',
  'sprout::BootPhases',
  'sprout::arch::AcpiFacts',
  'sprout::arch::Cpu',
  'sprout::arch::SwitchFrame',
] as const;

export const SPROUT_VARIABLES = [
  'sprout::g_cpu_time',
  'sprout::g_timer_sets',
  'sprout::g_page_pools',
  'sprout::g_malloc_pools',
  'sprout::g_trace_rings',
  'sprout::g_profile_rings',
] as const;

/** What several views need: symbols, the list node, the clock. */
export class SproutStructures {
  readonly facts: KernelFacts;
  readonly node: ListNodeReader;
  readonly #cpuTime: ReturnType<SproutStructures['perCpu']>;
  readonly #cpuTimeReader;
  readonly #cpuTimeValue;
  readonly #clock;
  readonly #clockLatest;

  constructor(facts: KernelFacts) {
    this.facts = facts;
    const node = facts.layouts.struct('sprout::ListNode');
    this.node = { reader: node, next: node.pointer('next'), previous: node.pointer('previous') };
    this.#cpuTime = this.perCpu('sprout::g_cpu_time');
    this.#cpuTimeReader = this.#cpuTime.reader;
    this.#cpuTimeValue = this.#cpuTimeReader.number('value');
    this.#clock = facts.layouts.struct('sprout::Clock');
    this.#clockLatest = this.#clock.number('latest');
  }

  /** The address of a variable. @throws MissingLayout when this build does not have it. */
  symbol(name: string): Address {
    const symbol = this.facts.symbols.find(name);
    if (!symbol) {
      throw new MissingLayout(`variable ${name}`);
    }
    return symbol.address;
  }

  /** A pointer that stands at `place` by itself. */
  pointerAt(place: Place): Address {
    return signed64(place.view, place.offset);
  }

  /** A PerCpu<T>: where each CPU's slot is, and a reader of a slot, whose member is `value`. */
  perCpu(name: string) {
    const slots = this.facts.layouts.variable(name).elements('slots');
    const base = this.symbol(name) + slots.offset;
    // A reader of its own: slots are read one by one.
    const reader = this.facts.layouts.elementOf(name, 'slots');
    return { reader, count: slots.count, at: (cpu: number): Address => base + cpu * slots.stride };
  }

  /** CPUs that came up, at least 1. */
  cpuCount(snapshot: Snapshot): number {
    const count = snapshot.place(this.symbol('sprout::arch::g_cpu_count'), 4);
    return Math.min(Math.max(1, count.view.getUint32(count.offset, true)), MOST_CPUS);
  }

  /** The latest time that any CPU has read. */
  guestTime(snapshot: Snapshot): number {
    const clock = snapshot.glance(this.#clock, this.symbol('sprout::g_clock'));
    let latest = this.#clockLatest(clock);
    for (let cpu = 0; cpu < this.#cpuTime.count; cpu++) {
      latest = Math.max(latest, this.#cpuTimeValue(snapshot.glance(this.#cpuTimeReader, this.#cpuTime.at(cpu))));
    }
    return latest;
  }
}
