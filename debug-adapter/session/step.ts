import { type Gdb, isYes } from '../gdb/gdb.ts';
import { numberOf } from '../gdb/records.ts';

export type StepKind = 'next' | 'step' | 'finish' | 'next-instruction' | 'step-instruction';

/** A step that gdb was asked for, and where it began. */
export interface Step {
  kind: StepKind;
  /** DAP thread id. */
  thread: number;
  /** The thread's registers then. */
  start: { rip: bigint; rsp: bigint };
}

/** How a step that was interrupted goes on. */
export type Continuation =
  /** By this command; `again`: its end is not the step's, which goes on from there. */
  | { command: string; again: boolean }
  /** It had just reached its end. */
  | 'ended';

/** The MI command that begins a step. @param number gdb's of the thread */
export function stepCommand(kind: StepKind, number: number): string {
  return `-exec-${kind} --thread ${number}${kind === 'finish' ? ' --frame 0' : ''}`;
}

/**
 * gdb forgets a step at any stop: asks where the thread has come to, and for what takes it to the step's end from there.
 * @param number gdb's of the thread, at this stop
 */
export async function continuationOf({ kind, start }: Step, number: number, gdb: Gdb): Promise<Continuation> {
  const answer = await gdb.execute(`-unikernel-step-place --thread ${number} ${start.rsp} ${start.rip}`);
  if (isYes(answer, 'unclear')) {
    return { command: stepCommand('step-instruction', number), again: true };
  }
  const level = numberOf(answer, 'level');
  if (level === undefined) {
    return 'ended';
  }
  if (kind === 'finish') {
    return { command: `-exec-finish --thread ${number} --frame ${level}`, again: false };
  }
  if (level > 0) {
    return { command: `-exec-finish --thread ${number} --frame ${level - 1}`, again: !kind.endsWith('instruction') };
  }
  const isThere = isYes(answer, kind.endsWith('instruction') ? 'same-instruction' : 'same-line');
  return isThere ? { command: stepCommand(kind, number), again: false } : 'ended';
}
