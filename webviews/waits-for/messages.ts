/** What the waits-for graph's page and its host tell each other. */

/** A thread that holds or waits, as the adapter's model has it. */
export interface LockThread {
  thread: number;
  threadName: string;
  mode: 'shared' | 'exclusive';
  /** Guest time. */
  since?: number;
  /** Where it waits: `function (file:line)`. */
  frame?: string;
  inCycle?: true;
}

/** Something that is held or waited for, as the adapter's model has it. */
export interface LockRow {
  key: number;
  kind: 'mutex' | 'readerWriterLock' | 'condition' | 'join' | 'sleep' | 'event';
  description: string;
  holders: readonly LockThread[];
  /** In wake order. */
  waiters: readonly LockThread[];
  /** The deadlock that it is part of. */
  cycle?: string;
}

/** Everything that is held or waited for; only what somebody waits for; only deadlocks. */
export type Scope = 'all' | 'contended' | 'cycles';

/** What of the graph is shown. */
export interface Query {
  scope: Scope;
  /** A part of a lock's or a thread's name; empty: all. */
  filter: string;
}

/** From the host: the graph at one moment. */
export interface ShowGraph {
  type: 'graph';
  /** The session's name, where there are several. */
  session: string;
  state: 'live' | 'stopped' | 'ended';
  isTorn: boolean;
  guestTime: number;
  /** What the query lets through, deadlocks and long queues first. */
  rows: readonly LockRow[];
  /** What it lets through that is not in `rows`: more cannot be drawn. */
  hidden: number;
  /** What there is without a query. */
  total: number;
  query: Query;
  notes: string[];
}

/** There is no graph: one sentence why. */
export interface ShowNothing {
  type: 'nothing';
  message: string;
  isError: boolean;
}

export type ToPage = ShowGraph | ShowNothing;

export type ToHost =
  | { type: 'ready' }
  | { type: 'query'; query: Query }
  | { type: 'openThread'; thread: number }
  /** `lock` is LockRow.key. */
  | { type: 'openLock'; lock: number };
