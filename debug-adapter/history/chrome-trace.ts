/** A timeline as trace-event JSON, which Perfetto (ui.perfetto.dev) and chrome://tracing open. */
import type { Interval, Mark, Timeline } from './timeline.ts';

interface ChromeEvent {
  name: string;
  /** X: a stretch; i: a moment; M: a name. */
  ph: 'X' | 'i' | 'M';
  /** Microseconds. */
  ts: number;
  dur?: number;
  pid: number;
  tid: number;
  cat?: string;
  s?: 't';
  args?: Record<string, unknown>;
}

/** The two "processes". */
const CPUS = 1;
const THREADS = 2;

export function chromeTrace(timeline: Timeline): { displayTimeUnit: 'ns'; traceEvents: ChromeEvent[] } {
  const names = new Map(timeline.threads.map(({ id, name }) => [id, name]));
  const name = (thread: number): string => names.get(thread) ?? `thread ${thread}`;
  const traceEvents = [called('process_name', CPUS, 0, 'CPUs'), called('process_name', THREADS, 0, 'Threads')];
  for (const { cpu, intervals, marks } of timeline.cpus) {
    traceEvents.push(called('thread_name', CPUS, cpu, `CPU ${cpu}`));
    for (const interval of intervals) {
      traceEvents.push(stretch(interval, name(interval.thread), CPUS, cpu));
    }
    traceEvents.push(...marks.map((mark) => moment(mark, CPUS, cpu)));
  }
  for (const { id, intervals, marks } of timeline.threads) {
    traceEvents.push(called('thread_name', THREADS, id, name(id)));
    for (const interval of intervals) {
      traceEvents.push(stretch(interval, labelOf(interval), THREADS, id));
    }
    traceEvents.push(...marks.map((mark) => moment(mark, THREADS, id)));
  }
  return { displayTimeUnit: 'ns', traceEvents };
}

function labelOf(interval: Interval): string {
  return interval.activity === 'waiting' ? interval.description : interval.activity;
}

function called(name: string, pid: number, tid: number, text: string): ChromeEvent {
  return { name, ph: 'M', ts: 0, pid, tid, args: { name: text } };
}

function stretch(interval: Interval, name: string, pid: number, tid: number): ChromeEvent {
  const { begin, end, activity, cpu } = interval;
  return { name, ph: 'X', ts: begin / 1000, dur: (end - begin) / 1000, pid, tid, cat: activity, args: { cpu } };
}

function moment({ time, label, kind }: Mark, pid: number, tid: number): ChromeEvent {
  return { name: label, ph: 'i', ts: time / 1000, pid, tid, cat: kind, s: 't' };
}
