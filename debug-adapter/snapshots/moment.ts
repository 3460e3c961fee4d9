/** Everything that is compared of one moment of a guest. */
import type {
  AllocationGroup,
  PoolClassRow,
  PoolPageRow,
  ViewName,
  ViewRows,
  ViewSnapshot,
  WaitCycle,
} from '../kernels/model.ts';
import type { Observation } from '../worker/observation.ts';

/** The views that are compared; the waits-for graph follows from the threads. */
export type ComparedView = Exclude<ViewName, 'waitsFor'>;

export interface Moment {
  /** For people: the file's name, or `the guest now`. */
  name: string;
  guestTime: number;
  isWhole: boolean;
  rows: { [V in ComparedView]: ViewRows[V][] };
  /** The slabs of each pool, by its key. */
  slabs: ReadonlyMap<string, readonly PoolPageRow[]>;
  cycles: WaitCycle[];
  /** Undefined when the kernel does not keep track. */
  allocations: AllocationGroup[] | undefined;
  notes: string[];
}

/** What a request for slabs takes at most. */
const SLABS_AT_ONCE = 1000;

/** Reads a moment. Rejects with one sentence when a view cannot be read. */
export async function takeMoment(observation: Observation, name: string): Promise<Moment> {
  const threads = await observation.view('threads');
  const vnodeLocks = await observation.view('vnodeLocks');
  const mallocPools = await observation.view('mallocPools');
  const timerSets = await observation.view('timerSets');
  const classes = mallocPools.rows.filter((row): row is PoolClassRow => row.kind === 'class');
  const slabs = new Map<string, PoolPageRow[]>();
  let isWhole = true;
  for (const { key } of classes) {
    const read = await slabsOf(observation, key);
    slabs.set(key, read.pages);
    isWhole &&= read.isWhole;
  }
  const views: ViewSnapshot[] = [threads, vnodeLocks, mallocPools, timerSets];
  return {
    name,
    guestTime: threads.guestTime,
    isWhole: isWhole && views.every(({ quality }) => quality === 'whole'),
    rows: {
      threads: threads.rows,
      vnodeLocks: vnodeLocks.rows,
      mallocPools: mallocPools.rows,
      timerSets: timerSets.rows,
    },
    slabs,
    cycles: (await observation.cycles()).cycles,
    // Few kernels are booted with tracking on: no failure.
    allocations: await observation.allocations().then(
      ({ groups }) => groups,
      () => undefined,
    ),
    notes: [...new Set(views.flatMap(({ notes }) => notes))],
  };
}

async function slabsOf(observation: Observation, pool: string): Promise<{ pages: PoolPageRow[]; isWhole: boolean }> {
  const pages: PoolPageRow[] = [];
  for (;;) {
    const page = await observation.poolPages({ pool, start: pages.length, count: SLABS_AT_ONCE });
    pages.push(...page.pages);
    if (page.quality === 'torn' || page.pages.length === 0 || pages.length >= page.total) {
      return { pages, isWhole: page.quality === 'whole' };
    }
  }
}
