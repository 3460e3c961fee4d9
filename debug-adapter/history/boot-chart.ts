/** A boot, phase by phase, beside an earlier one. */
import type { BootPhase } from '../kernels/model.ts';

/** A boot as it is kept. */
export interface BootRun {
  id: string;
  /** Milliseconds since 1970. */
  when: number;
  /** What was booted, for people: the ELF, the machine. */
  label: string;
  phases: BootPhase[];
}

export interface BootChartRow {
  name: string;
  /** Nanoseconds since power-on; undefined in a run that does not have the phase. */
  now?: { begin: number; duration: number };
  before?: { begin: number; duration: number };
}

/** Runs that are kept of one kernel. */
export const MOST_RUNS = 20;

/** From power-on to the beginning of the last phase, which goes on for ever; undefined when it was not reached. */
export function bootTime(phases: readonly BootPhase[]): number | undefined {
  return phases.at(-1)?.begin;
}

/** The phases of `now` in order, those that only `before` has where they stood. The last phase has no duration and is left out. */
export function compareBoots(now: readonly BootPhase[], before: readonly BootPhase[] = []): BootChartRow[] {
  const rows: BootChartRow[] = now.flatMap((phase) => row(phase, 'now'));
  let at = 0;
  for (const phase of before) {
    const found = rows.findIndex(({ name }) => name === phase.name);
    const [entry] = row(phase, 'before');
    if (!entry) {
      continue;
    }
    if (found >= 0) {
      rows[found] = { ...(rows[found] as BootChartRow), ...(entry.before && { before: entry.before }) };
      at = found + 1;
    } else {
      rows.splice(at++, 0, entry);
    }
  }
  return rows;
}

function row({ name, begin, end }: BootPhase, side: 'now' | 'before'): BootChartRow[] {
  return end === undefined ? [] : [{ name, [side]: { begin, duration: end - begin } }];
}

/** `runs` with `run` in front, in the place of what was known of the same boot; bounded. */
export function keepRun(runs: readonly BootRun[], run: BootRun): BootRun[] {
  return [run, ...runs.filter(({ id }) => id !== run.id)].slice(0, MOST_RUNS);
}
