/** What the kernel's trace rings told so far: readings put together, bounded, for clients that draw or count. */
import type { LockKind, TraceReading } from '../kernels/model.ts';

/** Events kept of each CPU: some megabytes, and seconds to minutes of a busy guest. */
export const MOST_EVENTS = 65_536;

/** One record of a ring. */
export interface TraceEvent {
  /** Nanoseconds of the guest's clock. */
  time: number;
  cpu: number;
  /** Id of the thread that ran; 0 before the scheduler. */
  thread: number;
  /** `thread_switch`, `lock_wait`, …; `gap` where the ring was overtaken: from `time` on nothing is known of this CPU. */
  kind: string;
  object: number;
  value: number;
}

/** Collects readings of one guest; one that began anew makes it forget. */
export class EventLog {
  /** By CPU, each ascending in time. */
  readonly #cpus: TraceEvent[][] = [];
  #next: number[] = [];
  #end = 0;
  #lost = 0;
  readonly threads = new Map<number, string>();
  readonly objects = new Map<number, string>();
  /** Who waits at the end. */
  waiting: NonNullable<TraceReading['waiting']> = [];
  operations: string[] = [];
  /** Kinds that the kernel does not record. */
  off: ReadonlySet<string> = new Set();
  waits: (LockKind | undefined)[] = [];

  /** What to ask for next: TraceRequest.after. */
  get after(): number[] {
    return [...this.#next];
  }

  /** The guest's clock at the last reading. */
  get end(): number {
    return this.#end;
  }

  /** Records that the rings had lost before they were read. */
  get lost(): number {
    return this.#lost;
  }

  get cpuCount(): number {
    return this.#cpus.length;
  }

  get size(): number {
    return this.#cpus.reduce((sum, events) => sum + events.length, 0);
  }

  add(reading: TraceReading): void {
    if (reading.guestTime < this.#end || reading.cpus.some(({ cpu, next }) => next < (this.#next[cpu] ?? 0))) {
      this.clear();
    }
    this.#end = reading.guestTime;
    this.operations = reading.operations;
    this.waits = reading.waits;
    this.waiting = reading.waiting ?? [];
    for (const { wait } of this.waiting) {
      this.objects.set(wait.object, wait.description);
    }
    this.off = new Set(reading.off ?? []);
    for (const [id, name] of Object.entries(reading.threads)) {
      this.threads.set(Number(id), name);
    }
    for (const [address, name] of Object.entries(reading.objects)) {
      this.objects.set(Number(address), name);
    }
    for (const part of reading.cpus) {
      this.#append(part, reading.kinds);
    }
  }

  clear(): void {
    this.#cpus.length = 0;
    this.#next = [];
    this.#end = 0;
    this.#lost = 0;
    this.threads.clear();
    this.objects.clear();
    this.waiting = [];
  }

  /** Every event, oldest first; of one CPU in the order of its ring. */
  *inOrder(): Generator<TraceEvent> {
    const at = this.#cpus.map(() => 0);
    for (;;) {
      let first: TraceEvent | undefined;
      for (let cpu = 0; cpu < at.length; cpu++) {
        const event = this.#cpus[cpu]?.[at[cpu] as number];
        if (event && (!first || event.time < first.time)) {
          first = event;
        }
      }
      if (!first) {
        return;
      }
      at[first.cpu] = (at[first.cpu] as number) + 1;
      yield first;
    }
  }

  #append({ cpu, next, lost, events }: TraceReading['cpus'][number], kinds: readonly string[]): void {
    while (this.#cpus.length <= cpu) {
      this.#cpus.push([]);
    }
    const list = this.#cpus[cpu] as TraceEvent[];
    const last = list.at(-1);
    if (lost > 0 && last) {
      list.push({ time: last.time, cpu, thread: 0, kind: 'gap', object: 0, value: lost });
      this.#lost += lost;
    }
    for (let index = 0; index < events.time.length; index++) {
      list.push({
        time: events.time[index] as number,
        cpu,
        thread: events.thread[index] as number,
        kind: kinds[events.kind[index] as number] ?? '',
        object: events.object[index] as number,
        value: events.value[index] as number,
      });
    }
    if (list.length > MOST_EVENTS) {
      list.splice(0, list.length - MOST_EVENTS);
    }
    this.#next[cpu] = next;
  }
}
