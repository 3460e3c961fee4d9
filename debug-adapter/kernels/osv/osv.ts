import type { Address } from '../../guest/address.ts';
import type { AddressSpace } from '../../guest/address-space.ts';
import type { PhysicalCache } from '../../guest/physical-cache.ts';
import type { Snapshot } from '../../guest/snapshot.ts';
import type {
  Kernel,
  KernelDefinition,
  KernelFacts,
  KernelViewName,
  KnownRegisters,
  LoadedProgram,
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
  TraceReading,
} from '../model.ts';
import { findCycles } from '../waits-for.ts';
import { osvAddressSpace } from './address-space.ts';
import { OsvIdentify } from './identify.ts';
import { OsvMallocPools } from './malloc-pools.ts';
import { OsvMutexes } from './mutexes.ts';
import { OSV_PLUMBING } from './plumbing.ts';
import { OsvPrograms } from './programs.ts';
import { OsvStoppedThreads } from './stopped-threads.ts';
import { OSV_TYPES, OSV_VARIABLES, OsvStructures } from './structures.ts';
import { OsvThreads } from './threads.ts';
import { OsvTimerSets } from './timer-sets.ts';
import { OsvVnodeLocks } from './vnode-locks.ts';

/** What OSv is known by. */
export const osvDefinition: KernelDefinition = {
  name: 'osv',
  recognises: (symbols) =>
    symbols.find('sched::thread_map') !== undefined && symbols.find('memory::malloc_pools') !== undefined,
  panicFunction: 'abort',
  plumbing: OSV_PLUMBING,
  types: OSV_TYPES,
  variables: OSV_VARIABLES,
  create: (facts) => new Osv(facts),
};

/** OSv's awareness: one file a view, over what they share. */
class Osv implements Kernel {
  readonly name = 'osv';
  readonly #facts: KernelFacts;
  readonly #structures: OsvStructures;
  readonly #views: { [V in KernelViewName]: { read(snapshot: Snapshot): Reading<V> } };
  readonly #mallocPools: OsvMallocPools;
  readonly #stopped: OsvStoppedThreads;
  readonly #identify: OsvIdentify;
  readonly #programs: OsvPrograms;

  constructor(facts: KernelFacts) {
    this.#facts = facts;
    this.#structures = new OsvStructures(facts);
    const mutexes = new OsvMutexes(this.#structures);
    const threads: OsvThreads = new OsvThreads(this.#structures, mutexes, (snapshot, address) =>
      vnodes.describeLock(snapshot, address),
    );
    const nameThread = (snapshot: Snapshot, address: Address) => threads.name(snapshot, address);
    const vnodes: OsvVnodeLocks = new OsvVnodeLocks(this.#structures, mutexes, nameThread, (snapshot) =>
      findCycles(threads.read(snapshot).rows),
    );
    this.#mallocPools = new OsvMallocPools(this.#structures);
    this.#views = {
      threads,
      vnodeLocks: vnodes,
      mallocPools: this.#mallocPools,
      timerSets: new OsvTimerSets(this.#structures, nameThread),
    };
    this.#stopped = new OsvStoppedThreads(this.#structures, threads);
    this.#programs = new OsvPrograms(this.#structures);
    this.#identify = new OsvIdentify(facts, threads, this.#mallocPools);
  }

  addressSpace(cache: PhysicalCache): AddressSpace {
    return osvAddressSpace(this.#facts, cache);
  }

  view<V extends KernelViewName>(view: V, snapshot: Snapshot): Reading<V> {
    return this.#views[view].read(snapshot);
  }

  poolPages(
    snapshot: Snapshot,
    key: string,
    start: number,
    count: number,
  ): { total: number; pages: PoolPageRow[]; consistent: boolean } {
    const pages = this.#mallocPools.pages(snapshot, key, start, count);
    if (!pages) {
      throw new Error(`There is no malloc pool "${key}".`);
    }
    return pages;
  }

  /** OSv's own tracker is another matter: it is not read yet. */
  allocations(): AllocationGroup[] | undefined {
    return undefined;
  }

  /** Nor are its trace buffers. */
  trace(): TraceReading | undefined {
    return undefined;
  }

  /** It takes no samples that stand in RAM. */
  profile(): ProfileReading | undefined {
    return undefined;
  }

  bootPhases(): BootPhase[] | undefined {
    return undefined;
  }

  pageMap(snapshot: Snapshot): PageMap | undefined {
    return this.#mallocPools.pageMap(snapshot);
  }

  guestTime(snapshot: Snapshot): number {
    return this.#structures.guestTime(snapshot);
  }

  identify(snapshot: Snapshot, address: Address): Identification {
    return this.#identify.identify(snapshot, address, snapshot.space);
  }

  programs(snapshot: Snapshot): LoadedProgram[] {
    return this.#programs.read(snapshot);
  }

  threadsAtStop(snapshot: Snapshot, stackPointers: readonly bigint[]): StoppedThread[] {
    return this.#stopped.list(snapshot, stackPointers);
  }

  parkedRegisters(snapshot: Snapshot, thread: number): KnownRegisters | undefined {
    return this.#stopped.parkedRegisters(snapshot, thread);
  }
}
