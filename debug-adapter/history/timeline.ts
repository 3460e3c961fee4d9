/** Trace events as intervals: what each CPU ran, and what each thread did. */
import type { LockKind } from '../kernels/model.ts';
import type { EventLog, TraceEvent } from './event-log.ts';

/** A stretch of time; `isOpen` when it had not ended at the last reading. Nanoseconds of the guest's clock. */
interface Stretch {
  begin: number;
  end: number;
  isOpen: boolean;
}

export interface RunInterval extends Stretch {
  activity: 'running';
  cpu: number;
  thread: number;
}

/** Could run, and did not yet. */
export interface ReadyInterval extends Stretch {
  activity: 'ready';
  cpu: number;
  thread: number;
  /** Id of the thread that woke it; undefined: it was put off its CPU. */
  wokenBy?: number;
}

export interface WaitInterval extends Stretch {
  activity: 'waiting';
  cpu: number;
  thread: number;
  kind: LockKind;
  /** The lock, condition or thread waited for. */
  object: number;
  description: string;
}

export type Interval = RunInterval | ReadyInterval | WaitInterval;

/** Something that happened at one moment. */
export interface Mark {
  time: number;
  cpu: number;
  thread: number;
  kind: 'timer' | 'file' | 'start' | 'end';
  label: string;
}

export interface ThreadLane {
  id: number;
  name: string;
  isIdle: boolean;
  intervals: Interval[];
  marks: Mark[];
}

export interface CpuLane {
  cpu: number;
  intervals: RunInterval[];
  marks: Mark[];
}

/** From being woken to running. */
export interface WakeUp {
  thread: number;
  /** When it ran. */
  time: number;
  latency: number;
  wokenBy: number;
}

export interface Timeline {
  begin: number;
  end: number;
  cpus: CpuLane[];
  threads: ThreadLane[];
  wakeUps: WakeUp[];
}

/** Of a thread that is called so, nobody wants to know when it runs. */
export function isIdleName(name: string): boolean {
  return /^idle-?\d*$/.test(name);
}

export function buildTimeline(log: EventLog): Timeline {
  const builder = new Builder(log);
  for (const event of log.inOrder()) {
    builder.take(event);
  }
  return builder.finish();
}

/** What is known of a thread while events are gone through. */
interface Known {
  lane: ThreadLane;
  now?: Interval;
  /** It has said what it waits for, and is still on its CPU. */
  wait?: { kind: LockKind; object: number };
  hasExited?: boolean;
}

class Builder {
  readonly #log: EventLog;
  readonly #threads = new Map<number, Known>();
  readonly #cpus: CpuLane[];
  readonly #runs: (RunInterval | undefined)[];
  /** Threads by address: what a wake-up tells. */
  readonly #byAddress = new Map<number, number>();
  /** Wake-ups of threads that have not run yet, by address. */
  readonly #woken = new Map<number, TraceEvent>();
  readonly #wakeUps: WakeUp[] = [];
  #begin: number | undefined;

  constructor(log: EventLog) {
    this.#log = log;
    this.#cpus = Array.from({ length: log.cpuCount }, (_, cpu) => ({ cpu, intervals: [], marks: [] }));
    this.#runs = this.#cpus.map(() => undefined);
  }

  take(event: TraceEvent): void {
    this.#begin ??= event.time;
    if (event.kind === 'gap') {
      this.#forget(event);
      return;
    }
    if (!this.#runs[event.cpu] && event.thread !== 0 && !this.#log.off.has('thread_switch')) {
      // The first that is known of this CPU.
      this.#run(event.thread, event.cpu, event.time);
    }
    switch (event.kind) {
      case 'thread_switch':
        this.#switch(event);
        break;
      case 'lock_wait':
        this.#known(event.thread).wait = { kind: this.#log.waits[event.value] ?? 'event', object: event.object };
        break;
      case 'thread_wake':
        this.#wake(event);
        break;
      case 'timer_fire':
        this.#mark(event, 'timer', this.#timerLabel(event));
        break;
      case 'vnode_operation':
        this.#mark(event, 'file', this.#fileLabel(event));
        break;
      case 'thread_start':
        this.#byAddress.set(event.object, event.value);
        this.#mark(event, 'start', 'thread begins');
        break;
      case 'thread_exit':
        this.#known(event.thread).hasExited = true;
        this.#byAddress.delete(event.object);
        this.#mark(event, 'end', 'thread ends');
    }
  }

  finish(): Timeline {
    const { end } = this.#log;
    this.#waitOn();
    for (const known of this.#threads.values()) {
      this.#close(known, Math.max(end, known.now?.begin ?? 0), true);
    }
    return {
      begin: this.#begin ?? end,
      end,
      cpus: this.#cpus,
      threads: [...this.#threads.values()].map(({ lane }) => lane).sort((a, b) => a.id - b.id),
      wakeUps: this.#wakeUps,
    };
  }

  /** Threads that have waited since before the rings begin left no record in them. */
  #waitOn(): void {
    for (const { thread, wait } of this.#log.waiting) {
      const known = this.#known(thread);
      if (known.now || known.lane.intervals.length > 0 || wait.since === undefined) {
        continue;
      }
      const { kind, object, description, since: begin } = wait;
      known.now = { activity: 'waiting', begin, end: begin, isOpen: true, cpu: 0, thread, kind, object, description };
    }
  }

  #known(id: number): Known {
    let known = this.#threads.get(id);
    if (!known) {
      const name = this.#log.threads.get(id) ?? `thread ${id} (ended)`;
      known = { lane: { id, name, isIdle: isIdleName(name), intervals: [], marks: [] } };
      this.#threads.set(id, known);
    }
    return known;
  }

  #switch({ time, cpu, thread, object, value }: TraceEvent): void {
    const previous = this.#known(thread);
    this.#close(previous, time, false);
    this.#runs[cpu] = undefined;
    if (!previous.hasExited) {
      this.#leave(previous, thread, cpu, time);
    }
    this.#byAddress.set(object, value);
    const wake = this.#woken.get(object);
    this.#woken.delete(object);
    const next = this.#known(value);
    if (wake && next.now?.activity !== 'ready') {
      // It was not known whom this woke.
      this.#ready(next, value, wake);
    }
    const { now } = next;
    if (now?.activity === 'ready' && now.wokenBy !== undefined) {
      this.#wakeUps.push({ thread: value, time, latency: Math.max(0, time - now.begin), wokenBy: now.wokenBy });
    }
    this.#run(value, cpu, time);
  }

  /** Off its CPU: it waits, as it has said, or could go on. */
  #leave(known: Known, thread: number, cpu: number, time: number): void {
    if (known.wait) {
      known.now = this.#waiting(thread, cpu, time, known.wait);
      delete known.wait;
    } else if (!this.#log.off.has('lock_wait')) {
      known.now = { activity: 'ready', begin: time, end: time, isOpen: true, cpu, thread };
    }
  }

  #run(thread: number, cpu: number, time: number): void {
    const known = this.#known(thread);
    this.#close(known, time, false);
    const run: RunInterval = { activity: 'running', begin: time, end: time, isOpen: true, cpu, thread };
    known.now = run;
    this.#runs[cpu] = run;
  }

  #waiting(thread: number, cpu: number, time: number, { kind, object }: NonNullable<Known['wait']>): WaitInterval {
    const description = kind === 'sleep' ? 'sleep' : (this.#log.objects.get(object) ?? kind);
    return { activity: 'waiting', begin: time, end: time, isOpen: true, cpu, thread, kind, object, description };
  }

  #wake(event: TraceEvent): void {
    const id = this.#byAddress.get(event.object);
    const known = id === undefined ? undefined : this.#threads.get(id);
    if (id === undefined || !known) {
      this.#woken.set(event.object, event);
    } else if (known.now?.activity === 'running') {
      // Woken before it had left its CPU: it does not wait any more.
      delete known.wait;
    } else {
      this.#ready(known, id, event);
    }
  }

  #ready(known: Known, thread: number, { time, value: cpu, thread: wokenBy }: TraceEvent): void {
    // A wake-up that came while it was on its way off its CPU counts from then on.
    const begin = Math.max(time, known.now?.begin ?? 0, known.lane.intervals.at(-1)?.end ?? 0);
    this.#close(known, begin, false);
    known.now = { activity: 'ready', begin, end: begin, isOpen: true, cpu, thread, wokenBy };
  }

  /** Ends what the thread does now. */
  #close(known: Known, time: number, isOpen: boolean): void {
    const { now } = known;
    delete known.now;
    if (!now) {
      return;
    }
    // Rings of two CPUs agree to some microseconds only.
    now.end = Math.max(now.begin, time);
    now.isOpen = isOpen;
    if (now.end > now.begin || isOpen) {
      known.lane.intervals.push(now);
      if (now.activity === 'running') {
        this.#cpus[now.cpu]?.intervals.push(now);
      }
    }
  }

  /** Records are missing: what this CPU ran is not known from here on, nor who was woken meanwhile. */
  #forget({ cpu, time }: TraceEvent): void {
    this.#runs[cpu] = undefined;
    for (const known of this.#threads.values()) {
      if (known.now && (known.now.activity !== 'running' || known.now.cpu === cpu)) {
        this.#close(known, time, false);
        delete known.wait;
      }
    }
  }

  #mark({ time, cpu, thread }: TraceEvent, kind: Mark['kind'], label: string): void {
    const mark: Mark = { time, cpu, thread, kind, label };
    if (thread !== 0 && kind !== 'timer') {
      this.#known(thread).lane.marks.push(mark);
    } else {
      this.#cpus[cpu]?.marks.push(mark);
    }
  }

  #timerLabel({ object }: TraceEvent): string {
    const name = this.#log.objects.get(object);
    return name === undefined ? 'timer' : `timer ${name}`;
  }

  #fileLabel({ object, value }: TraceEvent): string {
    const operation = this.#log.operations[value]?.replaceAll('_', ' ') ?? 'file operation';
    const path = this.#log.objects.get(object);
    return path === undefined ? operation : `${operation} ${path}`;
  }
}
