/** What the session thread and the observation worker say to each other. Structured clones: plain values only. */
import type { PagesChangedEvent, ViewChangedEvent, WaitCycle } from '../protocol.ts';
import type { ObservationOptions } from './observation.ts';

/** The session asks; `id` is its own count. */
export interface WorkerRequest {
  id: number;
  method: string;
  parameters: unknown[];
}

/** The worker answers each request once: with `value`, or with `error`, one sentence for the user. */
export interface WorkerReply {
  kind: 'reply';
  id: number;
  value?: unknown;
  error?: string;
}

/** A delta of a subscription. */
export interface WorkerDelta {
  kind: 'delta';
  event: ViewChangedEvent;
}

/** Threads wait for each other in a cycle that was not there before. */
export interface WorkerDeadlock {
  kind: 'deadlock';
  cycle: WaitCycle;
}

/** A delta of a subscription to pages. */
export interface WorkerPages {
  kind: 'pages';
  event: PagesChangedEvent;
}

export type WorkerNews = WorkerDelta | WorkerDeadlock | WorkerPages;
export type WorkerMessage = WorkerReply | WorkerNews;

/** What the worker is started with. */
export interface WorkerStart {
  options: ObservationOptions;
  /** `layouts.py`, which runs inside gdb. */
  layoutScript: string;
}
