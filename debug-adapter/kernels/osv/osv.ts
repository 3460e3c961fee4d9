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
  MemoryWrite,
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
  Tracepoint,
  TraceReading,
  WaitCycle,
} from '../model.ts';
import { findCycles } from '../waits-for.ts';
import { osvAddressSpace, pageTableRoot } from './address-space.ts';
import { OSV_ALIASES } from './aliases.ts';
import { OsvAllocationTracking, TRACKER_TYPES } from './allocation-tracking.ts';
import { OsvFreeRanges } from './free-ranges.ts';
import { OsvIdentify } from './identify.ts';
import { OsvMallocPools } from './malloc-pools.ts';
import { OsvMutexes } from './mutexes.ts';
import type { DescribeLock } from './parked-threads.ts';
import { Part } from './part.ts';
import { OSV_PLUMBING } from './plumbing.ts';
import { OsvPrograms } from './programs.ts';
import { OsvStoppedThreads } from './stopped-threads.ts';
import { OSV_TYPES, OSV_VARIABLES, OsvStructures } from './structures.ts';
import { OsvThreads } from './threads.ts';
import { OsvTimerSets } from './timer-sets.ts';
import { OsvTrace } from './trace.ts';
import { OsvTraceBuffers } from './trace-buffers.ts';
import { OsvTraceMemory } from './trace-memory.ts';
import { OsvTracepointSwitch } from './tracepoint-switch.ts';
import { OsvTracepoints } from './tracepoints.ts';
import { type NameThread, OsvVnodeLocks } from './vnode-locks.ts';

/** What OSv is known by. */
export const osvDefinition: KernelDefinition = {
  name: 'osv',
  recognises: (symbols) =>
    symbols.find('sched::thread_map') !== undefined && symbols.find('memory::malloc_pools') !== undefined,
  panicFunction: 'abort',
  plumbing: OSV_PLUMBING,
  types: [...OSV_TYPES, ...TRACKER_TYPES],
  variables: OSV_VARIABLES,
  aliases: OSV_ALIASES,
  create: (facts) => new Osv(facts),
};

/** OSv's awareness: one file a view, over what they share. */
class Osv implements Kernel {
  readonly name = 'osv';
  readonly #root: Address | undefined;
  readonly #structures: OsvStructures;
  readonly #views: { [V in KernelViewName]: Part<{ read(snapshot: Snapshot): Reading<V> }> };
  readonly #mallocPools: Part<OsvMallocPools>;
  readonly #stopped: Part<OsvStoppedThreads>;
  readonly #identify: OsvIdentify;
  readonly #programs: Part<OsvPrograms>;
  readonly #trace: Part<OsvTrace>;
  readonly #tracepointSwitch: Part<OsvTracepointSwitch>;
  readonly #allocations: Part<OsvAllocationTracking>;

  constructor(facts: KernelFacts) {
    this.#root = pageTableRoot(facts);
    const structures = new OsvStructures(facts);
    this.#structures = structures;
    const part = <T>(what: string, create: () => T): Part<T> => new Part(facts.layouts, what, create);
    const nameThread: NameThread = (snapshot, address) => threads.ifAny?.name(snapshot, address);
    const describeLock: DescribeLock = (snapshot, address) => vnodes.ifAny?.describeLock(snapshot, address);
    const cycles = (snapshot: Snapshot): WaitCycle[] => findCycles(threads.ifAny?.read(snapshot).rows ?? []);
    const mutexes = part('Waits for mutexes', () => new OsvMutexes(structures));
    const threads: Part<OsvThreads> = part('Threads', () => new OsvThreads(structures, mutexes.ifAny, describeLock));
    const vnodes: Part<OsvVnodeLocks> = part(
      'Vnode locks',
      () => new OsvVnodeLocks(structures, mutexes.value, nameThread, cycles),
    );
    const timerSets = part('Timer sets', () => new OsvTimerSets(structures, nameThread));
    const mallocPools = part('Malloc pools', () => new OsvMallocPools(structures));
    this.#mallocPools = mallocPools;
    this.#views = { threads, vnodeLocks: vnodes, mallocPools, timerSets };
    this.#stopped = part('Threads', () => new OsvStoppedThreads(structures, threads.value));
    this.#programs = part('Programs that the guest loads', () => new OsvPrograms(structures));
    this.#allocations = part('Allocations', () => new OsvAllocationTracking(structures));
    const points = part('Tracepoints', () => new OsvTracepoints(structures));
    const buffers = part('Trace buffers', () => new OsvTraceBuffers(structures, points.value));
    this.#trace = part('The trace', () => {
      const parts = { points: points.value, buffers: buffers.value };
      return new OsvTrace(structures, parts, nameThread, describeLock);
    });
    this.#tracepointSwitch = part('How to turn tracepoints on', () => {
      const ranges = new OsvFreeRanges(structures);
      const memory = new OsvTraceMemory(structures, { buffers: buffers.value, mutexes: mutexes.value, ranges });
      return new OsvTracepointSwitch(structures, { points: points.value, memory, mutexes: mutexes.value });
    });
    this.#identify = new OsvIdentify(facts, threads.ifAny, mallocPools.ifAny);
  }

  addressSpace(cache: PhysicalCache): AddressSpace {
    return osvAddressSpace(this.#root, cache);
  }

  view<V extends KernelViewName>(view: V, snapshot: Snapshot): Reading<V> {
    return this.#views[view].value.read(snapshot);
  }

  poolPages(
    snapshot: Snapshot,
    key: string,
    start: number,
    count: number,
  ): { total: number; pages: PoolPageRow[]; consistent: boolean } {
    const pages = this.#mallocPools.value.pages(snapshot, key, start, count);
    if (!pages) {
      throw new Error(`There is no malloc pool "${key}".`);
    }
    return pages;
  }

  allocations(snapshot: Snapshot): AllocationGroup[] {
    return this.#allocations.value.read(snapshot);
  }

  tracepoints(snapshot: Snapshot): Tracepoint[] {
    return this.#trace.value.tracepoints(snapshot);
  }

  tracepointWrites(snapshot: Snapshot, name: string, isEnabled: boolean): MemoryWrite[] | undefined {
    return this.#tracepointSwitch.value.plan(snapshot, name, isEnabled);
  }

  trace(snapshot: Snapshot, after: readonly number[], limit: number): TraceReading | undefined {
    return this.#trace.value.read(snapshot, after, limit);
  }

  /** It takes no samples that stand in RAM. */
  profile(): ProfileReading | undefined {
    return undefined;
  }

  bootPhases(): BootPhase[] | undefined {
    return undefined;
  }

  pageMap(snapshot: Snapshot): PageMap | undefined {
    return this.#mallocPools.ifAny?.pageMap(snapshot);
  }

  guestTime(snapshot: Snapshot): number {
    return this.#structures.guestTime(snapshot);
  }

  identify(snapshot: Snapshot, address: Address): Identification {
    return this.#identify.identify(snapshot, address, snapshot.space);
  }

  programs(snapshot: Snapshot): LoadedProgram[] {
    return this.#programs.ifAny?.read(snapshot) ?? [];
  }

  threadsAtStop(snapshot: Snapshot, stackPointers: readonly bigint[]): StoppedThread[] {
    return this.#stopped.value.list(snapshot, stackPointers);
  }

  parkedRegisters(snapshot: Snapshot, thread: number): KnownRegisters | undefined {
    return this.#stopped.ifAny?.parkedRegisters(snapshot, thread);
  }
}
