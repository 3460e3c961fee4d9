import type { DebugProtocol } from '@vscode/debugprotocol';
import { type MiRecord, textOf } from '../gdb/records.ts';

/** Describes the stop in which a guest was found that stood already. */
export const ATTACHED = 'Attached';

/** Why the guest stopped, in DAP's words. */
export interface Stop {
  reason: DebugProtocol.StoppedEvent['body']['reason'];
  /** DAP thread id. */
  thread: number;
  description?: string;
  text?: string;
  /** gdb's number of the breakpoint that was hit. */
  breakpoint?: string;
  /** The guest cannot go on: a panic, a reset. */
  isFatal?: true;
}

/** @param pausing whether the user asked for a pause */
export function stopFrom(record: MiRecord, thread: number, pausing: boolean): Stop {
  const breakpoint = textOf(record, 'bkptno');
  switch (textOf(record, 'reason')) {
    case 'breakpoint-hit':
      return breakpoint === undefined ? { reason: 'breakpoint', thread } : { reason: 'breakpoint', thread, breakpoint };
    case 'watchpoint-trigger':
    case 'read-watchpoint-trigger':
    case 'access-watchpoint-trigger':
      return { reason: 'data breakpoint', thread, description: 'Data breakpoint' };
    case 'end-stepping-range':
    case 'function-finished':
    case 'location-reached':
    case 'watchpoint-scope':
      return { reason: 'step', thread };
    case 'signal-received':
      return fromSignal(record, thread, pausing);
    default:
      return { reason: pausing ? 'pause' : 'step', thread };
  }
}

function fromSignal(record: MiRecord, thread: number, pausing: boolean): Stop {
  const name = textOf(record, 'signal-name') ?? '';
  if (pausing || ['SIGINT', '0', ''].includes(name)) {
    return { reason: 'pause', thread };
  }
  const meaning = textOf(record, 'signal-meaning') ?? name;
  return { reason: 'exception', thread, description: meaning, text: `${name}: ${meaning}` };
}
