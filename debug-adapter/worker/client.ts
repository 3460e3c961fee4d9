import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { SymbolPlace } from '../elf/symbol-place.ts';
import type { RamSource } from '../machine/machine.ts';
import { patience } from '../patience.ts';
import type {
  Address,
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
  ViewChangedEvent,
  ViewName,
  ViewSnapshot,
  WaitCycle,
} from '../protocol.ts';
import type { WorkerMessage, WorkerRequest, WorkerStart } from './messages.ts';
import type {
  KnownRegisters,
  LoadedProgram,
  MemoryWrite,
  Observation,
  ObservationOptions,
  StoppedThread,
} from './observation.ts';

/** Of the worker's heap. */
const YOUNG_MEGABYTES = 8;

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * The observation road from the session's side: a worker thread that owns the RAM window.
 * Every method rejects with one sentence when the worker is gone.
 */
export class ObservationWorker implements Observation {
  readonly ready: Promise<'sprout' | 'osv' | undefined>;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #pageListeners = new Map<number, (event: PagesChangedEvent) => void>();
  readonly #listeners = new Map<number, (event: ViewChangedEvent) => void>();
  #onDeadlock: ((cycle: WaitCycle) => void) | undefined;
  #nextId = 1;
  #nextSubscription = 1;
  #gone: string | undefined;
  #disposed: Promise<void> | undefined;

  /** Starts the worker thread; it begins to read the ELF and its layouts at once. */
  static start(options: ObservationOptions): ObservationWorker {
    return new ObservationWorker(options);
  }

  constructor(options: ObservationOptions) {
    const files = workerFiles();
    const workerData: WorkerStart = {
      options,
      layoutScript: files.layoutScript,
    };
    this.#worker = new Worker(files.worker, {
      workerData,
      name: 'unikernel-observation',
      // Rounds leave much garbage, all of it young: without a bound it takes 50 MB before it is looked at.
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    this.#worker.on('message', (message: WorkerMessage) => this.#receive(message));
    this.#worker.on('error', (error: Error) => this.#end(`The observation worker failed: ${error.message}`));
    this.#worker.on('exit', () => this.#end('The observation worker has ended.'));
    this.ready = this.#ask('ready');
    // A failure is told to whoever asks; nobody has to.
    this.ready.catch(() => undefined);
  }

  open(ram: RamSource): Promise<void> {
    return this.#ask('open', ram);
  }

  setRunning(running: boolean): void {
    this.#tell('setRunning', running);
  }

  view<V extends ViewName>(view: V): Promise<ViewSnapshot<V>> {
    return this.#ask('view', view);
  }

  subscribe(views: ViewName[], rate: number, listener: (event: ViewChangedEvent) => void): Promise<number> {
    return this.#follow(this.#listeners, listener, 'subscribe', views, rate);
  }

  subscribePages(rate: number, listener: (event: PagesChangedEvent) => void): Promise<number> {
    return this.#follow(this.#pageListeners, listener, 'subscribePages', rate);
  }

  unsubscribe(subscription: number): void {
    this.#listeners.delete(subscription);
    this.#pageListeners.delete(subscription);
    this.#tell('unsubscribe', subscription);
  }

  poolPages(request: PoolPagesRequest): Promise<PoolPagesResponse> {
    return this.#ask('poolPages', request);
  }

  slab(address: Address): Promise<SlabResponse> {
    return this.#ask('slab', address);
  }

  allocations(): Promise<AllocationsResponse> {
    return this.#ask('allocations');
  }

  trace(request: TraceRequest): Promise<TraceReading> {
    return this.#ask('trace', request);
  }

  profile(request: ProfileRequest): Promise<ProfileReading> {
    return this.#ask('profile', request);
  }

  bootPhases(): Promise<BootPhasesResponse> {
    return this.#ask('bootPhases');
  }

  identify(address: Address): Promise<Identification> {
    return this.#ask('identify', address);
  }

  cycles(): Promise<CyclesResponse> {
    return this.#ask('cycles');
  }

  watchDeadlocks(listener: ((cycle: WaitCycle) => void) | undefined): void {
    this.#onDeadlock = listener;
    this.#tell('watchDeadlocks', listener !== undefined);
  }

  symbols(request: SymbolsRequest): Promise<SymbolsResponse> {
    return this.#ask('symbols', request);
  }

  threadsAtStop(stackPointers: bigint[]): Promise<StoppedThread[]> {
    return this.#ask('threadsAtStop', stackPointers);
  }

  parkedRegisters(thread: number): Promise<KnownRegisters | undefined> {
    return this.#ask('parkedRegisters', thread);
  }

  awarenessReport(): Promise<AwarenessReport> {
    return this.#ask('awarenessReport');
  }

  tracepoints(): Promise<TracepointsResponse> {
    return this.#ask('tracepoints');
  }

  tracepointWrites(name: string, isEnabled: boolean): Promise<MemoryWrite[] | undefined> {
    return this.#ask('tracepointWrites', name, isEnabled);
  }

  programs(): Promise<LoadedProgram[]> {
    return this.#ask('programs');
  }

  symbolise(address: bigint): Promise<SymbolPlace | undefined> {
    return this.#ask('symbolise', address);
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#stop();
    return this.#disposed;
  }

  async #stop(): Promise<void> {
    if (this.#gone === undefined) {
      // The worker kills its gdb and removes its files, then the thread is ended whatever it does.
      await Promise.race([this.#ask('dispose').catch(() => undefined), patience(500)]);
    }
    await this.#worker.terminate();
  }

  /** The listener is there before the first event can come. */
  async #follow<L>(listeners: Map<number, L>, listener: L, method: string, ...parameters: unknown[]): Promise<number> {
    const subscription = this.#nextSubscription++;
    listeners.set(subscription, listener);
    try {
      await this.#ask(method, subscription, ...parameters);
    } catch (error) {
      listeners.delete(subscription);
      throw error;
    }
    return subscription;
  }

  /** The type of the answer is the method's own: both ends are built from the same source. */
  #ask<T>(method: string, ...parameters: unknown[]): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(new Error(this.#gone));
        return;
      }
      const id = this.#nextId++;
      this.#pending.set(id, {
        resolve: (value) => resolve(value as T),
        reject,
      });
      this.#worker.postMessage({
        id,
        method,
        parameters,
      } satisfies WorkerRequest);
    });
  }

  #tell(method: string, ...parameters: unknown[]): void {
    this.#ask(method, ...parameters).catch(() => undefined);
  }

  #receive(message: WorkerMessage): void {
    if (message.kind === 'delta') {
      this.#listeners.get(message.event.subscription)?.(message.event);
      return;
    }
    if (message.kind === 'pages') {
      this.#pageListeners.get(message.event.subscription)?.(message.event);
      return;
    }
    if (message.kind === 'deadlock') {
      this.#onDeadlock?.(message.cycle);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.error !== undefined) {
      pending?.reject(new Error(message.error));
    } else {
      pending?.resolve(message.value);
    }
  }

  #end(reason: string): void {
    this.#gone ??= reason;
    for (const pending of this.#pending.values()) {
      pending.reject(new Error(this.#gone));
    }
    this.#pending.clear();
    this.#listeners.clear();
    this.#pageListeners.clear();
  }
}

/** Bundled: `worker.cjs` and `python/` beside the bundle; from source: `main.ts` beside this file. */
function workerFiles(): { worker: string; layoutScript: string } {
  const here = import.meta.url ? dirname(fileURLToPath(import.meta.url)) : __dirname;
  const bundled = join(here, 'worker.cjs');
  return existsSync(bundled)
    ? { worker: bundled, layoutScript: join(here, 'python', 'layouts.py') }
    : {
        worker: join(here, 'main.ts'),
        layoutScript: join(here, '..', 'gdb', 'python', 'layouts.py'),
      };
}
