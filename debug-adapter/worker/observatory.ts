import type { SymbolPlace } from '../elf/symbol-place.ts';
import { isCanonical } from '../guest/address.ts';
import { UnreadableMemory } from '../guest/memory.ts';
import { openRam } from '../guest/ram.ts';
import type { Snapshot } from '../guest/snapshot.ts';
import type { Kernel, KernelViewName, MemoryWrite, Reading } from '../kernels/kernel.ts';
import { findCycles } from '../kernels/waits-for.ts';
import { waitsForRows } from '../kernels/waits-for-graph.ts';
import type { RamSource } from '../machine/machine.ts';
import type {
  AllocationsResponse,
  AwarenessReport,
  BootPhasesResponse,
  CyclesResponse,
  Identification,
  PagesChangedEvent,
  PoolPagesRequest,
  PoolPagesResponse,
  ProfileReading,
  ProfileRequest,
  SlabResponse,
  SymbolsRequest,
  SymbolsResponse,
  TracepointsResponse,
  TraceReading,
  TraceRequest,
  ViewName,
  ViewRows,
  ViewSnapshot,
} from '../protocol.ts';
import { DeadlockWatch } from './deadlock-watch.ts';
import { BuildFacts } from './facts.ts';
import type { WorkerNews, WorkerStart } from './messages.ts';
import type { KnownRegisters, LoadedProgram, StoppedThread } from './observation.ts';
import { PageSubscription } from './page-subscription.ts';
import { QmpRam } from './qmp-ram.ts';
import { Subscription, type Take } from './subscriptions.ts';
import { type Taken, Window } from './window.ts';

const VIEWS: readonly ViewName[] = ['threads', 'vnodeLocks', 'mallocPools', 'timerSets', 'waitsFor'];
const NO_TRACEPOINTS = 'This kernel has no tracepoints: it records kinds of events, which its command line chooses.';
const MOST_SYMBOLS = 10_000;
const MOST_POOL_PAGES = 1000;
/** Of each CPU, in one answer. */
const MOST_TRACE_EVENTS = 100_000;

/** What the worker thread does: answers each method of `Observation`, sends deltas. */
export class Observatory {
  readonly #start: WorkerStart;
  readonly #send: (message: WorkerNews) => void;
  readonly #kernel: Promise<Kernel | undefined>;
  readonly #subscriptions = new Map<number, Subscription | PageSubscription>();
  readonly #sequences = new Map<ViewName, number>();
  #facts: BuildFacts | undefined;
  #window: Window | undefined;
  #qmp: QmpRam | undefined;
  #running = true;
  #deadlocks: DeadlockWatch | undefined;

  constructor(start: WorkerStart, send: (message: WorkerNews) => void) {
    this.#start = start;
    this.#send = send;
    this.#kernel = this.#recognise();
    // Told to each who asks.
    this.#kernel.catch(() => undefined);
  }

  /** Answers one request. @throws Error with one sentence. */
  async answer(method: string, parameters: unknown[]): Promise<unknown> {
    // The client is built from the same source: each method's parameters are its own.
    switch (method) {
      case 'ready':
        return (await this.#kernel)?.name;
      case 'open':
        return this.#open(parameters[0] as RamSource);
      case 'setRunning':
        this.#running = parameters[0] === true;
        return undefined;
      case 'view':
        return this.#view(parameters[0] as ViewName);
      case 'subscribe':
        return this.#subscribe(parameters[0] as number, parameters[1] as ViewName[], parameters[2] as number);
      case 'unsubscribe':
        return this.#unsubscribe(parameters[0] as number);
      case 'subscribePages':
        return this.#subscribePages(parameters[0] as number, parameters[1] as number);
      case 'poolPages':
        return this.#poolPages(parameters[0] as PoolPagesRequest);
      case 'slab':
        return this.#slab(parameters[0] as number);
      case 'identify':
        return this.#identify(parameters[0] as number);
      case 'allocations':
        return this.#allocations();
      case 'trace':
        return this.#trace(parameters[0] as TraceRequest);
      case 'profile':
        return this.#profile(parameters[0] as ProfileRequest);
      case 'bootPhases':
        return this.#bootPhases();
      case 'cycles':
        return this.#cycles();
      case 'watchDeadlocks':
        return this.#watchDeadlocks(parameters[0] === true);
      case 'symbols':
        return this.#symbols(parameters[0] as SymbolsRequest);
      case 'threadsAtStop':
        return this.#threadsAtStop(parameters[0] as bigint[]);
      case 'parkedRegisters':
        return this.#parkedRegisters(parameters[0] as number);
      case 'awarenessReport':
        return this.#awarenessReport();
      case 'tracepoints':
        return this.#tracepoints();
      case 'tracepointWrites':
        return this.#tracepointWrites(parameters[0] as string, parameters[1] === true);
      case 'programs':
        return this.#programs();
      case 'symbolise':
        return this.#symbolise(parameters[0] as bigint);
      case 'dispose':
        return this.#dispose();
      default:
        throw new Error(`The observation worker knows no "${method}".`);
    }
  }

  async #recognise(): Promise<Kernel | undefined> {
    this.#facts = new BuildFacts(this.#start);
    return this.#facts.kernel();
  }

  async #open(source: RamSource): Promise<void> {
    const kernel = await this.#known();
    this.#window?.close();
    this.#window = undefined;
    this.#qmp = undefined;
    if (source.kind === 'qmp') {
      this.#qmp = await QmpRam.connect(source.socket, source.size);
    }
    const ram = source.kind === 'qmp' ? (this.#qmp as QmpRam) : openRam(source);
    this.#window = new Window(ram, kernel, this.#facts?.buildId);
    if (source.kind === 'core') {
      this.#running = false;
    }
  }

  async #known(): Promise<Kernel> {
    const kernel = await this.#kernel;
    if (!kernel) {
      throw new Error(
        `${this.#start.options.elf} is no kernel that is known here: its threads and views cannot be shown.`,
      );
    }
    return kernel;
  }

  /** Reads through the window, `isOnce` without asking for a whole reading. Memory that has to be fetched first is fetched, and the reading begins again. */
  async #take<T extends { consistent: boolean }>(
    purpose: string,
    read: (kernel: Kernel, snapshot: Snapshot) => T,
    isOnce = false,
  ): Promise<Taken<T>> {
    const kernel = await this.#known();
    const window = this.#window;
    if (!window) {
      throw new Error("There is no window on the guest's RAM: this target can only be read through gdb.");
    }
    const once = () =>
      window.take(this.#running && !this.#qmp && !isOnce, purpose, (snapshot) => read(kernel, snapshot));
    try {
      if (!this.#qmp) {
        return once();
      }
      const taken = await this.#qmp.fetching(once);
      // Fetched piece by piece, once: of a running guest that is never known to be one moment.
      return this.#running ? { ...taken, quality: 'torn' } : taken;
    } catch (error) {
      if (error instanceof UnreadableMemory) {
        throw new Error(`The guest's ${purpose} cannot be read: ${error.message}.`);
      }
      throw error;
    }
  }

  async #view(view: ViewName, read: Read = (one) => this.#read(one)): Promise<ViewSnapshot> {
    if (!VIEWS.includes(view)) {
      throw new Error(`There is no view "${view}"; there are ${VIEWS.join(', ')}.`);
    }
    // The waits-for graph is no structure of the kernel's: it follows from the threads.
    const snapshot = view === 'waitsFor' ? asWaitsFor(await read('threads')) : await read(view);
    const sequence = (this.#sequences.get(view) ?? 0) + 1;
    this.#sequences.set(view, sequence);
    return { ...snapshot, view, sequence };
  }

  async #read<V extends KernelViewName>(view: V): Promise<Unnumbered<V>> {
    const { value, quality } = await this.#take(view, (kernel, snapshot) => kernel.view(view, snapshot));
    const { rows, guestTime } = value;
    const notes = [...value.notes, ...(this.#facts?.notes ?? [])];
    return { view, running: this.#running, quality, guestTime, rows, notes };
  }

  /** Reads views, the threads at most once. */
  #round(): Take {
    let threads: Promise<Unnumbered> | undefined;
    const read: Read = (view) => {
      if (view !== 'threads') {
        return this.#read(view);
      }
      threads ??= this.#read(view);
      return threads;
    };
    return (view) => this.#view(view, read);
  }

  async #subscribe(id: number, views: ViewName[], rate: number): Promise<void> {
    const unknown = views.find((view) => !VIEWS.includes(view));
    if (unknown !== undefined || views.length === 0) {
      throw new Error(`There is no view "${unknown ?? ''}"; there are ${VIEWS.join(', ')}.`);
    }
    if (!Number.isFinite(rate)) {
      throw new Error('The rate of a subscription is a number of snapshots a second, 0.1 to 50.');
    }
    await this.#known();
    this.#subscriptions.set(
      id,
      new Subscription(
        id,
        views,
        rate,
        () => this.#round(),
        (event) => this.#send({ kind: 'delta', event }),
      ),
    );
  }

  async #subscribePages(id: number, rate: number): Promise<void> {
    if (!Number.isFinite(rate)) {
      throw new Error('The rate of a subscription is a number of snapshots a second, 0.1 to 50.');
    }
    await this.#known();
    const take = async () => {
      const { value } = await this.#take(
        'pages',
        (kernel, snapshot) => ({
          map: kernel.pageMap(snapshot),
          guestTime: kernel.guestTime(snapshot),
          consistent: true,
        }),
        true,
      );
      const { map, guestTime } = value;
      return map && { map, guestTime, running: this.#running };
    };
    const emit = (event: PagesChangedEvent): void => this.#send({ kind: 'pages', event });
    this.#subscriptions.set(id, new PageSubscription(id, rate, take, emit));
  }

  #unsubscribe(id: number): void {
    this.#subscriptions.get(id)?.end();
    this.#subscriptions.delete(id);
  }

  async #poolPages({ pool, start, count }: PoolPagesRequest): Promise<PoolPagesResponse> {
    const first = Math.max(0, Math.floor(start) || 0);
    const wanted = Math.min(MOST_POOL_PAGES, Math.max(1, Math.floor(count) || 1));
    const { value, quality } = await this.#take('pool pages', (kernel, snapshot) =>
      kernel.poolPages(snapshot, String(pool), first, wanted),
    );
    return { total: value.total, quality, pages: value.pages };
  }

  async #slab(address: number): Promise<SlabResponse> {
    const { value } = await this.#take('slab', (kernel, snapshot) => ({
      slab: kernel.slab?.(snapshot, address),
      consistent: true,
    }));
    return value.slab ? { slab: value.slab } : {};
  }

  async #identify(address: number): Promise<Identification> {
    if (!isCanonical(address)) {
      throw new Error('That is no address.');
    }
    const { value } = await this.#take(
      'memory',
      (kernel, snapshot) => ({ found: kernel.identify(snapshot, address), consistent: true }),
      true,
    );
    return value.found;
  }

  async #allocations(): Promise<AllocationsResponse> {
    const { value } = await this.#take(
      'allocations',
      (kernel, snapshot) => ({ groups: kernel.allocations(snapshot), consistent: true }),
      true,
    );
    if (!value.groups) {
      throw new Error('The kernel does not keep track of allocations: boot it with --track-allocations.');
    }
    return { groups: value.groups };
  }

  async #trace({ after, limit }: TraceRequest): Promise<TraceReading> {
    const most = Math.min(MOST_TRACE_EVENTS, Math.max(1, Math.floor(limit ?? MOST_TRACE_EVENTS) || 1));
    const { value } = await this.#take(
      'trace',
      (kernel, snapshot) => ({
        reading: kernel.trace(snapshot, after, most),
        hasTracepoints: kernel.tracepoints !== undefined,
        consistent: true,
      }),
      true,
    );
    if (!value.reading) {
      const mend = value.hasTracepoints ? ': choose tracepoints, or boot it with --trace=…' : '';
      throw new Error(`The kernel keeps no trace${mend}.`);
    }
    return value.reading;
  }

  async #profile({ after }: ProfileRequest): Promise<ProfileReading> {
    const { value } = await this.#take(
      'profile',
      (kernel, snapshot) => ({ reading: kernel.profile(snapshot, after), consistent: true }),
      true,
    );
    if (!value.reading) {
      throw new Error('The kernel takes no samples: boot it with --profile.');
    }
    return value.reading;
  }

  async #bootPhases(): Promise<BootPhasesResponse> {
    const { value } = await this.#take(
      'boot phases',
      (kernel, snapshot) => ({ phases: kernel.bootPhases(snapshot), consistent: true }),
      true,
    );
    if (!value.phases) {
      throw new Error('The kernel tells nothing of its boot: it keeps no phases, or has not come far enough.');
    }
    return { phases: value.phases };
  }

  /** `once`: one reading is enough, torn or not. */
  async #cycles(once = false): Promise<CyclesResponse> {
    const read = (kernel: Kernel, snapshot: Snapshot): Reading<'threads'> => kernel.view('threads', snapshot);
    const { value, quality } = await this.#take('threads', read, once);
    return { quality, cycles: findCycles(value.rows) };
  }

  #watchDeadlocks(on: boolean): void {
    this.#deadlocks?.end();
    this.#deadlocks = on
      ? new DeadlockWatch(
          async () => (this.#running ? (await this.#cycles(true)).cycles : undefined),
          (cycle) => this.#send({ kind: 'deadlock', cycle }),
        )
      : undefined;
  }

  async #symbols({ count }: SymbolsRequest): Promise<SymbolsResponse> {
    // Names are told in C++ once the layouts are there; without a kernel that we know they stay as the linker has them.
    await this.#kernel.catch(() => undefined);
    if (!this.#facts) {
      await this.#kernel;
    }
    const wanted = Math.min(MOST_SYMBOLS, Math.max(1, Math.floor(count) || 1));
    return { symbols: this.#facts?.largestSymbols(wanted) ?? [] };
  }

  async #threadsAtStop(stackPointers: bigint[]): Promise<StoppedThread[]> {
    const { value } = await this.#take('threads', (kernel, snapshot) => ({
      threads: kernel.threadsAtStop(snapshot, stackPointers),
      consistent: true,
    }));
    return value.threads;
  }

  async #parkedRegisters(thread: number): Promise<KnownRegisters | undefined> {
    const { value } = await this.#take('parked thread', (kernel, snapshot) => ({
      registers: kernel.parkedRegisters(snapshot, thread),
      consistent: true,
    }));
    return value.registers;
  }

  async #awarenessReport(): Promise<AwarenessReport> {
    // A build that lacks too much has no kernel, and is reported all the more.
    await this.#kernel.catch(() => undefined);
    const report = this.#facts?.awarenessReport();
    if (!report) {
      await this.#known();
      throw new Error('Nothing is known of this build.');
    }
    return report;
  }

  async #tracepoints(): Promise<TracepointsResponse> {
    const read = (kernel: Kernel, snapshot: Snapshot) => ({
      tracepoints: kernel.tracepoints?.(snapshot),
      consistent: true,
    });
    const { tracepoints } = (await this.#take('tracepoints', read, true)).value;
    if (!tracepoints) {
      throw new Error(NO_TRACEPOINTS);
    }
    return { tracepoints };
  }

  async #tracepointWrites(name: string, isEnabled: boolean): Promise<MemoryWrite[] | undefined> {
    const read = (kernel: Kernel, snapshot: Snapshot) => ({
      writes: kernel.tracepointWrites ? kernel.tracepointWrites(snapshot, name, isEnabled) : null,
      consistent: true,
    });
    const { writes } = (await this.#take('tracepoints', read, true)).value;
    if (writes === null) {
      throw new Error(NO_TRACEPOINTS);
    }
    return writes;
  }

  async #programs(): Promise<LoadedProgram[]> {
    const { value } = await this.#take('programs', (kernel, snapshot) => ({
      programs: kernel.programs?.(snapshot) ?? [],
      consistent: true,
    }));
    return value.programs;
  }

  async #symbolise(address: bigint): Promise<SymbolPlace | undefined> {
    await this.#kernel.catch(() => undefined);
    const signed = BigInt.asIntN(64, address);
    const isExact = signed >= BigInt(Number.MIN_SAFE_INTEGER) && signed <= BigInt(Number.MAX_SAFE_INTEGER);
    return isExact ? this.#facts?.symbolise(Number(signed)) : undefined;
  }

  #dispose(): void {
    for (const subscription of this.#subscriptions.values()) {
      subscription.end();
    }
    this.#subscriptions.clear();
    this.#deadlocks?.end();
    this.#window?.close();
    this.#window = undefined;
    this.#facts?.close();
  }
}

type Unnumbered<V extends ViewName = ViewName> = Omit<ViewSnapshot<V>, 'sequence'>;
type Read = (view: KernelViewName) => Promise<Unnumbered>;

function asWaitsFor(threads: Unnumbered): Unnumbered<'waitsFor'> {
  const rows = threads.rows as ViewRows['threads'][];
  return { ...threads, view: 'waitsFor', rows: waitsForRows(rows, findCycles(rows)) };
}
