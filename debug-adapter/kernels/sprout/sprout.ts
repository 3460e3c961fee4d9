import type { Address } from '../../guest/address.ts';
import type { AddressSpace } from '../../guest/address-space.ts';
import { MissingLayout } from '../../guest/layouts.ts';
import type { PhysicalCache } from '../../guest/physical-cache.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type {
  Kernel,
  KernelDefinition,
  KernelFacts,
  KernelViewName,
  KnownRegisters,
  PageMap,
  Reading,
  StoppedThread,
} from '../kernel.ts';
import type {
  AllocationGroup,
  BootPhase,
  Identification,
  PoolPageRow,
  ProfileReading,
  SlabRow,
  TraceReading,
} from '../model.ts';
import { findCycles } from '../waits-for.ts';
import { LINEAR_BASE, sproutAddressSpace } from './address-space.ts';
import { SproutAllocationTracking } from './allocation-tracking.ts';
import { SproutBootPhases } from './boot-phases.ts';
import { SproutDevices } from './devices.ts';
import { SproutIdentify } from './identify.ts';
import { SproutMallocPools } from './malloc-pools.ts';
import { SproutNames } from './names.ts';
import { PageCensus } from './page-census.ts';
import { SproutPageMap } from './page-map.ts';
import { PageRecords } from './page-records.ts';
import { SproutParkedFrames } from './parked-frames.ts';
import { SPROUT_PLUMBING } from './plumbing.ts';
import { SproutProfile } from './profile.ts';
import { remoteFrees } from './remote-frees.ts';
import { SproutStoppedThreads } from './stopped-threads.ts';
import { SPROUT_TYPES, SPROUT_VARIABLES, SproutStructures } from './structures.ts';
import { SproutThreads } from './threads.ts';
import { SproutTimerSets } from './timer-sets.ts';
import { SproutTrace } from './trace.ts';
import { SproutVnodeLocks } from './vnode-locks.ts';
import { SproutWaits } from './waits.ts';

/** What Sprout is known by. */
export const sproutDefinition: KernelDefinition = {
  name: 'sprout',
  recognises: (symbols) =>
    symbols.find('sprout::g_threads') !== undefined && symbols.find('sprout::g_timer_sets') !== undefined,
  panicFunction: 'sprout_panic_hook',
  plumbing: SPROUT_PLUMBING,
  types: SPROUT_TYPES,
  variables: SPROUT_VARIABLES,
  create: (facts) => new Sprout(facts),
};

/** Sprout's awareness: one file a view, over what they share. */
class Sprout implements Kernel {
  readonly name = 'sprout';
  readonly #facts: KernelFacts;
  readonly #names: SproutNames;
  readonly #waits: SproutWaits;
  readonly #threads: SproutThreads;
  readonly #views: { [V in KernelViewName]: { read(snapshot: Snapshot): Reading<V> } };
  readonly #mallocPools: SproutMallocPools;
  readonly #census: PageCensus;
  readonly #trace: SproutTrace;
  readonly #profile: SproutProfile | undefined;
  readonly #bootPhases: SproutBootPhases | undefined;
  readonly #tracking: SproutAllocationTracking;
  readonly #identify: SproutIdentify;
  readonly #pageMap: SproutPageMap;
  readonly #stopped: SproutStoppedThreads;

  constructor(facts: KernelFacts) {
    this.#facts = facts;
    const structures = new SproutStructures(facts);
    this.#names = new SproutNames(structures);
    this.#waits = new SproutWaits(this.#names);
    const frames = new SproutParkedFrames(structures);
    this.#threads = new SproutThreads(this.#names, this.#waits, frames);
    this.#census = new PageCensus(structures, LINEAR_BASE);
    this.#mallocPools = new SproutMallocPools(this.#names, this.#census);
    const vnodes = new SproutVnodeLocks(this.#names, (snapshot) => findCycles(this.#threads.read(snapshot).rows));
    this.#views = {
      threads: this.#threads,
      vnodeLocks: vnodes,
      mallocPools: this.#mallocPools,
      timerSets: new SproutTimerSets(this.#names),
    };
    this.#pageMap = new SproutPageMap(structures, LINEAR_BASE);
    this.#trace = new SproutTrace(this.#names, this.#threads, this.#waits);
    this.#profile = ifThere(() => new SproutProfile(structures, this.#threads));
    this.#bootPhases = ifThere(() => new SproutBootPhases(this.#names));
    this.#tracking = new SproutAllocationTracking(structures, this.#threads);
    this.#identify = new SproutIdentify({
      names: this.#names,
      threads: this.#threads,
      vnodes,
      pools: this.#mallocPools,
      census: this.#census,
      records: new PageRecords(structures, LINEAR_BASE),
      tracking: this.#tracking,
      devices: ifThere(() => new SproutDevices(structures)),
    });
    this.#stopped = new SproutStoppedThreads(structures, this.#threads, frames);
  }

  addressSpace(cache: PhysicalCache): AddressSpace {
    return sproutAddressSpace(this.#facts, cache);
  }

  view<V extends KernelViewName>(view: V, snapshot: Snapshot): Reading<V> {
    this.#forget(snapshot);
    return this.#views[view].read(snapshot);
  }

  poolPages(
    snapshot: Snapshot,
    key: string,
    start: number,
    count: number,
  ): { total: number; pages: PoolPageRow[]; consistent: boolean } {
    this.#forget(snapshot);
    const pool = this.#mallocPools.pool(snapshot, key);
    if (!pool) {
      throw new Error(`There is no malloc pool "${key}".`);
    }
    const remote = remoteFrees(snapshot, this.#mallocPools.remoteHeads(snapshot, pool.address));
    const slabs = this.#census.slabs(snapshot, pool, remote.objects, start, count);
    return { ...slabs, consistent: slabs.consistent && remote.whole };
  }

  slab(snapshot: Snapshot, address: Address): SlabRow | undefined {
    this.#forget(snapshot);
    return this.#identify.slab(snapshot, address, snapshot.space);
  }

  allocations(snapshot: Snapshot): AllocationGroup[] | undefined {
    return this.#tracking.groups(snapshot);
  }

  trace(snapshot: Snapshot, after: readonly number[], limit: number): TraceReading {
    this.#forget(snapshot);
    return this.#trace.read(snapshot, after, limit);
  }

  profile(snapshot: Snapshot, after: readonly number[]): ProfileReading | undefined {
    this.#forget(snapshot);
    return this.#profile?.read(snapshot, after);
  }

  bootPhases(snapshot: Snapshot): BootPhase[] | undefined {
    return this.#bootPhases?.read(snapshot);
  }

  pageMap(snapshot: Snapshot): PageMap | undefined {
    return this.#pageMap.read(snapshot);
  }

  guestTime(snapshot: Snapshot): number {
    return this.#names.structures.guestTime(snapshot);
  }

  identify(snapshot: Snapshot, address: Address): Identification {
    this.#forget(snapshot);
    return this.#identify.identify(snapshot, address, snapshot.space);
  }

  threadsAtStop(snapshot: Snapshot, stackPointers: readonly bigint[]): StoppedThread[] {
    this.#forget(snapshot);
    return this.#stopped.list(snapshot, stackPointers);
  }

  parkedRegisters(snapshot: Snapshot, thread: number): KnownRegisters | undefined {
    this.#forget(snapshot);
    return this.#stopped.parkedRegisters(snapshot, thread);
  }

  #forget(snapshot: Snapshot): void {
    this.#names.forget();
    this.#waits.forget();
    this.#census.isStopped = !snapshot.isRecording;
  }
}

/** What older builds of the kernel do not have. */
function ifThere<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof MissingLayout) {
      return undefined;
    }
    throw error;
  }
}
