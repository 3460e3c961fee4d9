/** How busy the CPUs were. Pure. */
import type { Timeline } from '../../debug-adapter/history/timeline.ts';

/** The time divided into `parts`, each with the share of all CPUs that ran something: 0 to 1. */
export function cpuLoad({ begin, end, cpus, threads }: Timeline, parts: number): number[] {
  const length = (end - begin) / parts;
  const load = new Array<number>(length > 0 ? parts : 0).fill(0);
  if (length <= 0) {
    return load;
  }
  const idle = new Set(threads.filter(({ isIdle }) => isIdle).map(({ id }) => id));
  for (const { intervals } of cpus) {
    for (const interval of intervals) {
      if (idle.has(interval.thread)) {
        continue;
      }
      const last = Math.min(parts - 1, Math.floor((interval.end - begin) / length));
      for (let part = Math.max(0, Math.floor((interval.begin - begin) / length)); part <= last; part++) {
        const from = Math.max(interval.begin, begin + part * length);
        const to = Math.min(interval.end, begin + (part + 1) * length);
        load[part] = (load[part] ?? 0) + Math.max(0, to - from) / (length * cpus.length);
      }
    }
  }
  return load.map((share) => Math.min(1, share));
}
